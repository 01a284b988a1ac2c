#!/usr/bin/python3
"""Lists recordings of people in Debian packages for `vultus speech make-corpus --spoken`.

    apt-get install tuxpaint-stamps-default asterisk-core-sounds-{en,es,fr,it,ru}{,-g722}
    tools/debian_speech.py > spoken.tsv

Prints a line per recording: file, voice, language (as espeak-ng names it), text, with tabs between.
tuxpaint-stamps-default: volunteers name pictures in nine languages (GPL-2); asterisk-core-sounds: telephone prompts
of four speakers in five languages (CC-BY-SA-3.0, Russian CC-BY-3.0). --root names another place than /.
"""

import argparse
import gzip
import pathlib
import re
import sys

STAMP_LANGUAGES = ("fr", "ru", "ro", "ca", "bg", "es", "be", "el", "da")
PROMPTS = {"en": "en_US_f_Allison", "es": "es_MX_f_Allison", "fr": "fr_CA_f_June", "it": "it_IT_m_Carlo",
           "ru": "ru_RU_f_IvrvoiceRU"}


def stamps(root):
    folder = root / "usr/share/tuxpaint/stamps"
    for text_file in sorted(folder.rglob("*.txt")):
        texts = {}
        for line in text_file.read_text("utf-8", "replace").splitlines():
            language, found, text = line.partition(".utf8=")
            if found:
                texts[language] = text
        for language in STAMP_LANGUAGES:
            sound = text_file.with_name(f"{text_file.stem}_desc_{language}.ogg")
            if language in texts and sound.exists():
                yield sound, f"stamps/{language}", language, texts[language]


def prompts(root):
    for language, folder in PROMPTS.items():
        table = root / f"usr/share/doc/asterisk-core-sounds-{language}/core-sounds-{language}.txt.gz"
        if not table.exists():
            continue
        for line in gzip.open(table, "rt", encoding="utf-8-sig", errors="replace"):
            name, found, text = line.partition(":")
            sound = root / "usr/share/asterisk/sounds" / folder / f"{name.strip()}.g722"
            if found and not line.startswith(";") and "[" not in text and sound.exists():
                yield sound, f"prompts/{language}", language, text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("/"))
    root = parser.parse_args().root
    rows = sorted([*stamps(root), *prompts(root)], key=lambda row: (row[1], str(row[0])))
    if not rows:
        sys.exit("debian_speech: expected tuxpaint-stamps-default or asterisk-core-sounds-*-g722, found none")
    for sound, voice, language, text in rows:
        text = re.sub(r"\s+", " ", text).strip()
        if not text:
            continue
        print(sound.resolve(), voice, language, text, sep="\t")


if __name__ == "__main__":
    main()

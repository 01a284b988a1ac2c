#!/usr/bin/python3
"""Lists recordings of people in Debian packages for `vultus speech make-corpus --spoken`.

    apt-get install tuxpaint-stamps-default asterisk-core-sounds-{en,es,fr,it,ru}{,-g722} \\
        festvox-ru fillets-ng-data{,-cs,-nl} klettres-data ktuberling-data    # and qabcs-data, where Debian has it
    apt-get install flight-of-the-amazon-queen
    tools/debian_speech.py --unpack queen/ > spoken.tsv

Prints a line per recording: file, voice, language (as espeak-ng names it), text, with tabs between.
tuxpaint-stamps-default: volunteers name pictures in nine languages (GPL-2); asterisk-core-sounds: telephone prompts
of four speakers in five languages (CC-BY-SA-3.0, Russian CC-BY-3.0); festvox-ru: one man reads Russian (BSD-like);
fillets-ng: actors in Czech and Dutch (GPL-2); klettres: letters and syllables by volunteers in
sixteen languages (GPL-2+); ktuberling: English words (GPL-2+); qabcs: words in seven languages (GPL-3+);
flight-of-the-amazon-queen: a dozen actors in English (may be copied, changed and passed on, not sold; only with
--unpack, which names a new folder for its recordings).
--root names another place than /.
"""

import argparse
import gzip
import itertools
import pathlib
import re
import sys

import amazon_queen

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


def festvox_ru(root):
    folder = root / "usr/share/festival/voices/russian/msu_ru_nsh_clunits"
    table = folder / "etc/txt.done.data"
    for name, text in re.findall(r'^\( (\S+) "(.*)" \)', table.read_text("utf-8") if table.exists() else "", re.MULTILINE):
        sound = folder / f"wav/{name}.wav"
        if sound.exists():
            yield sound, "festvox/ru", "ru", text.replace("+", "")  # "+" marks stress; espeak-ng has its own


def fillets(root):
    folder = root / "usr/share/games/fillets-ng"
    for language in ("cs", "nl"):
        for script in sorted(folder.glob(f"script/**/*dialogs_{language}.lua")):
            lines = re.findall(r'dialogId\("([^"]+)", "font_([^"]*)", "[^\n]*"\)\s*dialogStr\("([^\n]*)"\)',
                               script.read_text("utf-8", "replace"))
            sounds = folder / "sound" / script.parent.relative_to(folder / "script")
            for name, font, text in lines:
                actor = font if font in ("small", "big") else "others"
                for sound in itertools.islice(sounds.rglob(f"{language}/{name}.ogg"), 1):
                    yield sound, f"fillets/{language}/{actor}", language, text.replace("\\", "")


def klettres(root):
    languages = {"en_GB": "en", "pt_BR": "pt-br"}
    for table in sorted((root / "usr/share/klettres").glob("*/sounds.xml")):
        language = languages.get(table.parent.name, table.parent.name)
        if language in ("he", "tn", "nds", "ml"):  # espeak-ng does not say how they are spoken
            continue
        for text, file in re.findall(r'<sound name="([^"]+)" file="([^"]+)"', table.read_text("utf-8", "replace")):
            sound = table.parent.parent / file
            if sound.exists():
                yield sound, f"letters/{table.parent.name}", language, text.lower()


def ktuberling(root):
    for sound in sorted((root / "usr/share/ktuberling/sounds/en").glob("*.ogg")):
        yield sound, "ktuberling/en", "en", sound.stem.split("_")[-1]


def qabcs(root):
    for sound in sorted((root / "usr/share/qabcs/abcs").glob("*/sounds/words/*.ogg")):
        name = sound.parts[-4]
        yield sound, f"qabcs/{name}", {"en_gb": "en"}.get(name, name), sound.stem.replace("_", " ")


def queen(root, folder):
    game = root / "usr/share/scummvm/flight-of-the-amazon-queen/queen.1c"
    if not game.exists():
        sys.exit(f"debian_speech: --unpack: expected {game} (package flight-of-the-amazon-queen), found none")
    if folder.exists():
        sys.exit(f"debian_speech: --unpack: expected a new folder, {folder} exists")
    folder.mkdir(parents=True)
    for sound, name, voice, text in amazon_queen.recordings(game.read_bytes()):
        file = folder / f"{name}.mp3"
        file.write_bytes(sound)
        yield file, f"queen/{voice}", "en", text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("/"))
    parser.add_argument("--unpack", type=pathlib.Path, metavar="FOLDER")
    options = parser.parse_args()
    sources = [source(options.root) for source in (stamps, prompts, festvox_ru, fillets, klettres, ktuberling, qabcs)]
    if options.unpack:
        sources.append(queen(options.root, options.unpack))
    rows = sorted(set(itertools.chain.from_iterable(sources)), key=lambda row: (row[1], str(row[0])))
    if not rows:
        sys.exit("debian_speech: expected one of the packages that --help names, found none")
    for sound, voice, language, text in rows:
        text = re.sub(r"\s+", " ", text).strip()
        if not text:
            continue
        print(sound.resolve(), voice, language, text, sep="\t")


if __name__ == "__main__":
    main()

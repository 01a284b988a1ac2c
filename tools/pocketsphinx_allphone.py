#!/usr/bin/env python3
"""Decodes the validation clips of a speech corpus with pocketsphinx's all-phone search, as a baseline.

    tools/pocketsphinx_allphone.py CORPUS OUT [VOICE-PREFIX ...]
    vultus speech score CORPUS --phones OUT

Writes OUT/CLIP.tsv (start, end, phone) and prints the real-time factor of the whole call on one core, the start
of the program and the loading of its model included. Needs pocketsphinx and pocketsphinx-en-us (Debian).
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

MODEL = pathlib.Path("/usr/share/pocketsphinx/model/en-us")
RATE_HZ, FRAME_S = 16000, 0.01
# A frame's window of 25.6 ms begins with the frame.
WINDOW_SHIFT_S = 0.0078
NAMES = {"SIL": "SIL", "+SPN+": "SIL", "+NSN+": "SIL", "<sil>": "SIL", "<s>": "SIL", "</s>": "SIL"}


def sound_of(sound, clip):
    sound.seek(2 * clip["offset_samples"])
    return sound.read(2 * clip["samples"])


def decode(folder, names):
    """Runs the decoder over folder/NAME.raw; its segments a line for each, and the seconds it took."""
    (folder / "list").write_text("".join(f"{name}\n" for name in names))
    command = ["pocketsphinx_batch", "-hmm", MODEL / "en-us", "-allphone", MODEL / "en-us-phone.lm.bin",
               "-ctl", folder / "list", "-cepdir", folder, "-cepext", ".raw", "-adcin", "yes",
               "-remove_silence", "no", "-beam", "1e-20", "-pbeam", "1e-20", "-lw", "2.0",
               "-hypseg", folder / "segments"]
    begin = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, stderr=subprocess.DEVNULL)
    return (folder / "segments").read_text().splitlines(), time.perf_counter() - begin


def phones_of(line, duration_s):
    """'NAME S 0 T n A n L n START SCORE SCORE PHONE ... END' to (start, end, phone)."""
    parts = line.split()[9:]
    segments = [(int(parts[i]), parts[i + 3]) for i in range(0, len(parts) - 3, 4)]
    starts = [0.0] + [frame * FRAME_S + WINDOW_SHIFT_S for frame, _ in segments[1:]] + [duration_s]
    return [(starts[i], min(starts[i + 1], duration_s), NAMES.get(name, name))
            for i, (_, name) in enumerate(segments) if starts[i] < duration_s]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    corpus, out, prefixes = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), tuple(sys.argv[3:])
    clips = {clip["name"]: clip for clip in json.loads((corpus / "speech.json").read_text())["clips"]
             if clip["validation"] and (not prefixes or clip["voice"].startswith(prefixes))}
    if not clips:
        sys.exit(f"{corpus}: no validation clips of these voices")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, open(corpus / "sound.s16", "rb") as sound:
        folder = pathlib.Path(scratch)
        for name, clip in clips.items():
            (folder / f"{name}.raw").write_bytes(sound_of(sound, clip))
        lines, took_s = decode(folder, clips)
    for line in lines:
        name = line.split()[0]
        rows = phones_of(line, clips[name]["samples"] / RATE_HZ)
        text = "".join(f"{start:.3f}\t{end:.3f}\t{re.sub('[0-9]', '', phone)}\n" for start, end, phone in rows)
        (out / f"{name}.tsv").write_text("start\tend\tphone\n" + text)
    seconds = sum(clip["samples"] for clip in clips.values()) / RATE_HZ
    print(f"{len(lines)} of {len(clips)} clips, {seconds:.1f} s of sound in {took_s:.1f} s: "
          f"{took_s / seconds:.3f} s for each second")


main()

#!/usr/bin/env python3
"""Unpacks the frames of a corpus for training where only LibTorch and Python are.

    unpack_frames.py CORPUS [--size PX]

Reads CORPUS/corpus.json and CORPUS/clips/*.mp4 with OpenCV (pip install opencv-python-headless) and writes
CORPUS/frames-PX.u8: for every kept clip in the order of corpus.json its frames, each [PX, PX, 3] RGB bytes. The
clips are already cropped. Where the whole program is built, `vultus train` does the same by itself.
"""
import argparse
import json
import os
import pathlib
import sys

import cv2
import numpy

VERSION = 1

# The clips are BT.709; OpenCV before 4.9 converts them as if they were BT.601 (opencv/opencv issue 20513, pull
# request 24290). There it is undone on the RGB values: out = MATRIX @ rgb.
LUMA_601 = (0.299, 0.587, 0.114)
LUMA_709 = (0.2126, 0.7152, 0.0722)


def to_ycc(luma):
    """RGB to luma and the two colour differences, for luma weights."""
    red, green, blue = luma
    return numpy.array(
        [
            [red, green, blue],
            [-red / (2 * (1 - blue)), -green / (2 * (1 - blue)), 0.5],
            [0.5, -green / (2 * (1 - red)), -blue / (2 * (1 - red))],
        ]
    )


IGNORES_COLOUR_SPACE = tuple(int(part) for part in cv2.__version__.split(".")[:2]) < (4, 9)
MATRIX = numpy.linalg.inv(to_ycc(LUMA_709)) @ to_ycc(LUMA_601)


def fail(message):
    sys.exit(f"[unpack] {message}")


def read_clip(path, num_frames, size_px):
    """Yields num_frames frames [size_px, size_px, 3], RGB."""
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    for index in range(num_frames):
        ok, bgr = video.read()
        if not ok:
            fail(f"{path}: expected {num_frames} frames, got {index}")
        rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        if IGNORES_COLOUR_SPACE:
            rgb = cv2.transform(rgb, MATRIX)
        if rgb.shape[:2] != (size_px, size_px):
            rgb = cv2.resize(rgb, (size_px, size_px), interpolation=cv2.INTER_AREA)
        yield rgb


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--size", type=int, help="pixels; default: the corpus's own size")
    options = parser.parse_args()
    try:
        corpus = json.loads((options.corpus / "corpus.json").read_text())
    except (OSError, ValueError) as error:
        fail(f"{options.corpus}: expected a folder made by 'vultus prepare': {error}")
    if corpus["version"] > VERSION:
        fail(f"{options.corpus}: expected version {VERSION} or older, got {corpus['version']}")
    size_px = options.size or corpus["size_px"]
    kept = [clip for clip in corpus["clips"] if clip["kept"]]
    out = options.corpus / f"frames-{size_px}.u8"
    partial = out.with_name(f"frames-{size_px}.partial-{os.getpid()}.u8")
    try:
        with partial.open("wb") as file:
            for number, clip in enumerate(kept, 1):
                path = options.corpus / "clips" / f"{clip['name']}.mp4"
                for frame in read_clip(path, clip["num_frames"], size_px):
                    file.write(frame.tobytes())
                print(f"\r{number}/{len(kept)} clips", end="", file=sys.stderr, flush=True)
        partial.rename(out)
    finally:
        partial.unlink(missing_ok=True)
    print(f"\n{out}: {sum(clip['num_frames'] for clip in kept)} frames", file=sys.stderr)


if __name__ == "__main__":
    main()

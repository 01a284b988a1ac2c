#!/usr/bin/env python3
"""Unpacks the frames of a corpus for training where only LibTorch and Python are.

    unpack_frames.py CORPUS [--size PX]

Reads CORPUS/corpus.json and CORPUS/clips/*.mp4 with OpenCV (pip install opencv-python-headless) and writes
CORPUS/frames-PX.u8: for every kept clip in the order of corpus.json its frames, each [PX, PX, 3] RGB bytes. The
clips are already cropped. From 256 px on also CORPUS/motion-PX.i16: how every frame comes from two of them
(src/corpus/motion_cache.h). Where the whole program is built, `vultus train` does the same by itself.
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


REFERENCES, GRID, UNIT, MEASURED_PX, LIP_WEIGHT, OUTLIERS = 2, 64, 16384, 256, 3, 0.02


def read_tensors(path):
    """The tensors of a safetensors file that motion needs."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    found = {}
    for name, kind in (("landmarks_px", "<f4"), ("valid", "u1")):
        begin, end = header[name]["data_offsets"]
        found[name] = numpy.frombuffer(data[8 + length + begin : 8 + length + end], kind)
    return found["landmarks_px"].reshape(-1, 136), found["valid"].reshape(-1) != 0


def choose_references(corpus, kept):
    """The frame nearest to the mean of all landmarks, then the one farthest from those chosen."""
    frames, points, first = [], [], 0
    for clip in kept:
        landmarks_px, valid = read_tensors(corpus / "clips" / f"{clip['name']}.safetensors")
        if clip["split"] == "train":
            frames.append(first + numpy.flatnonzero(valid))
            points.append(landmarks_px[valid])
        first += clip["num_frames"]
    frames, points = numpy.concatenate(frames), numpy.concatenate(points).astype("f8")
    if not len(frames):
        fail(f"{corpus}: no usable frames to train on")
    weights = numpy.where(numpy.arange(136) >= 96, LIP_WEIGHT, 1)
    middle = (weights * (points - points.mean(0)) ** 2).sum(1).argsort(kind="stable")
    middle = middle[: max(1, len(middle) - int(OUTLIERS * len(middle)))]
    frames, points = frames[middle], points[middle]
    nearest, chosen, references = numpy.full(len(frames), numpy.inf), 0, []
    for _ in range(REFERENCES):
        references.append(int(frames[chosen]))
        nearest = numpy.minimum(nearest, (weights * (points - points[chosen]) ** 2).sum(1))
        chosen = int(nearest.argmax())
    return references


def grey(rgb):
    out = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    side = (MEASURED_PX, MEASURED_PX)
    return out if out.shape == side else cv2.resize(out, side, interpolation=cv2.INTER_AREA)


def measure_motion(frames, references, file):
    file.write(numpy.array([1, len(frames), *references], "<i8").tobytes())
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    seen = [grey(numpy.array(frames[reference])) for reference in references]
    for number, frame in enumerate(frames, 1):
        for reference in seen:
            field = flow.calc(grey(numpy.array(frame)), reference, None)
            field = cv2.resize(field, (GRID, GRID), interpolation=cv2.INTER_AREA) * (UNIT / MEASURED_PX)
            file.write(numpy.rint(field).clip(-32768, 32767).astype("<i2").transpose(2, 0, 1).tobytes())
        print(f"\rmotion {number}/{len(frames)} frames", end="", file=sys.stderr, flush=True)


def write_whole(path, write):
    """write(file); the file gets its name when all of it is there."""
    partial = path.with_name(f"{path.stem}.partial-{os.getpid()}{path.suffix}")
    try:
        with partial.open("wb") as file:
            write(file)
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)


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

    def unpack(file):
        for number, clip in enumerate(kept, 1):
            for frame in read_clip(options.corpus / "clips" / f"{clip['name']}.mp4", clip["num_frames"], size_px):
                file.write(frame.tobytes())
            print(f"\r{number}/{len(kept)} clips", end="", file=sys.stderr, flush=True)

    write_whole(out, unpack)
    if size_px >= MEASURED_PX:
        frames = numpy.memmap(out, numpy.uint8, "r").reshape(-1, size_px, size_px, 3)
        references = choose_references(options.corpus, kept)
        write_whole(options.corpus / f"motion-{size_px}.i16", lambda file: measure_motion(frames, references, file))
    print(f"\n{out}: {sum(clip['num_frames'] for clip in kept)} frames", file=sys.stderr)


if __name__ == "__main__":
    main()

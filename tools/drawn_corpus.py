#!/usr/bin/env python3
"""Writes a corpus of a drawn face that opens its mouth with a tone's loudness: something to train on where there is no
recording, as tools/check_cuda.sh does.

    drawn_corpus.py CORPUS --size PX [--clips 8] [--frames 100]

Needs numpy alone. The frames are written unpacked (CORPUS/frames-PX.u8); the last clip validates.
"""
import argparse
import json
import pathlib
import struct

import numpy

FPS, RATE_HZ = 25, 16000
DTYPES = {"int16": "I16", "float32": "F32", "uint8": "U8"}


def save_safetensors(path, tensors):
    header, begin = {}, 0
    for name in sorted(tensors):
        array = tensors[name]
        header[name] = {"dtype": DTYPES[array.dtype.name], "shape": list(array.shape),
                        "data_offsets": [begin, begin + array.nbytes]}
        begin += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            out.write(tensors[name].tobytes())


def opening(clip, time_frames):
    return numpy.maximum(0, numpy.sin(0.4 * time_frames + clip)) * numpy.minimum(1, time_frames / 5)


def landmarks(opened, blinks, shift):
    """[68, 2] in a picture of side 1: jaw and brows on a circle, eyes, lips."""
    angle = numpy.arange(36) * 0.18
    face = [numpy.stack([0.5 + 0.37 * numpy.cos(angle), 0.47 + 0.4 * numpy.sin(angle)], 1)]
    eye = numpy.array([[-4, 0], [-1.5, -2], [1.5, -2], [4, 0], [1.5, 2], [-1.5, 2]]) / 64
    eye[:, 1] *= 0.2 if blinks else 1
    face += [eye + [0.34, 0.375], eye + [0.66, 0.375]]
    for count, wide, high, step in ((12, 8, 3 + 3 * opened, 0.5236), (8, 6, 0.3 + 3 * opened, 0.7854)):
        at = numpy.arange(count) * step
        face.append(numpy.stack([0.5 - wide / 64 * numpy.cos(at), 0.73 - high / 64 * numpy.sin(at)], 1))
    return numpy.concatenate(face) + shift


def ellipse(grid, centre, radii):
    """1 inside, softly 0 outside."""
    distance = numpy.sqrt(sum(((axis - at) / radius) ** 2 for axis, at, radius in zip(grid, centre, radii)))
    return numpy.clip((1 - distance) * min(radii) * grid[0].shape[0] + 0.5, 0, 1)[..., None]


def picture(size, texture, opened, blinks, shift):
    axis = ((numpy.arange(size) + 0.5) / size).astype("f4")
    grid = numpy.meshgrid(axis, axis)
    image = 60 + 50 * texture
    for centre, radii, colour in (
        ((0.5, 0.47), (0.37, 0.4), (190, 150, 130)),
        ((0.34, 0.375), (0.06, 0.006 if blinks else 0.03), (30, 30, 40)),
        ((0.66, 0.375), (0.06, 0.006 if blinks else 0.03), (30, 30, 40)),
        ((0.5, 0.73), (0.125, (3 + 3 * opened) / 64), (150, 60, 60)),
        ((0.5, 0.73), (0.094, (0.3 + 3 * opened) / 64), (40, 10, 10)),
    ):
        cover = ellipse(grid, numpy.add(centre, shift), radii)
        image = image * (1 - cover) + cover * (numpy.array(colour, "f4") + 12 * texture)
    return numpy.clip(image + 0.5, 0, 255).astype(numpy.uint8)


def motion(moved, references):
    """How frames whose head moved so far come from the reference frames, see src/corpus/motion_cache.h."""
    grid, unit = 64, 16384
    header = numpy.array([1, len(moved), *references], "<i8").tobytes()
    apart = (moved[references][None] - moved[:, None]) * unit  # [frames, references, 2]
    return header + numpy.broadcast_to(numpy.rint(apart)[..., None, None], (*apart.shape, grid, grid)).astype("<i2").tobytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--frames", type=int, default=100)
    options = parser.parse_args()
    (options.corpus / "clips").mkdir(parents=True)
    size, clips, moved = options.size, [], []
    random = numpy.random.default_rng(1)
    texture = random.normal(size=(size // 8, size // 8, 3)).astype("f4").repeat(8, 0).repeat(8, 1)
    with open(options.corpus / f"frames-{size}.u8", "wb") as pixels:
        for clip in range(options.clips):
            name = f"drawn{clip:02d}"
            frames = numpy.arange(options.frames)
            samples = numpy.arange(options.frames * RATE_HZ // FPS)
            loud = opening(clip, samples * FPS / RATE_HZ)
            shifts = 0.02 * numpy.stack([numpy.sin(0.1 * frames + clip), numpy.cos(0.13 * frames)], 1)
            moved.append(shifts)
            blinks = frames % 40 == 8
            faces = [landmarks(opening(clip, t), blinks[t], shifts[t]) for t in frames]
            save_safetensors(options.corpus / "clips" / f"{name}.safetensors", {
                "audio": (8000 * loud * numpy.sin(0.08 * samples)).astype(numpy.int16),
                "pose_deg": (100 * numpy.c_[shifts, 0 * frames]).astype(numpy.float32),
                "landmarks_px": (numpy.array(faces) * size).astype(numpy.float32),
                "valid": numpy.ones(options.frames, numpy.uint8),
            })
            for t in frames:
                pixels.write(picture(size, texture, opening(clip, t), blinks[t], shifts[t]).tobytes())
            clips.append({"name": name, "source": name + ".mp4", "session": "s1", "num_frames": options.frames,
                          "split": "validation" if clip + 1 == options.clips else "train", "kept": True})
    if size >= 256:
        (options.corpus / f"motion-{size}.i16").write_bytes(motion(numpy.concatenate(moved), [0, options.frames // 2]))
    box = {"x": 0.34 * size, "y": 0.62 * size, "width": 0.32 * size, "height": 0.22 * size}
    session = {"id": "s1", "source_width_px": size, "source_height_px": size,
               "crop_px": {"x": 0, "y": 0, "width": size, "height": size}, "mouth_px": box}
    (options.corpus / "corpus.json").write_text(json.dumps(
        {"version": 1, "size_px": size, "fps_num": FPS, "fps_den": 1, "sessions": [session], "clips": clips}, indent=1))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Compares the includes (and the linked modules) of every folder with the allowed arrows.

Prints one line per violation and exits 1 if there is any. `--self-test` checks the checker.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The rooms in the data's order: each with all that it may include.
ALLOWED = {
    "base": [],
    "tensor": ["base"],
    "audio": ["base", "tensor"],
    "corpus": ["base", "tensor"],
    "diffusion": ["base", "tensor"],
    "models": ["base", "tensor"],
    "person": ["base", "tensor", "models"],
    "media": ["base", "tensor", "corpus"],
    "face": ["base", "tensor", "corpus", "media", "person"],
    "metrics": ["base", "corpus", "media"],
    "kernels": ["base", "tensor"],
    "marking": ["base", "kernels"],
    "matting": ["base"],
    "infer": ["base", "tensor", "models", "kernels"],
    "hearing": ["base", "tensor", "audio", "models", "person", "infer"],
    "pronunciation": ["base", "audio"],
    "alignment": ["base", "audio", "corpus", "pronunciation"],
    "transcription": ["base", "audio", "person", "hearing", "pronunciation", "alignment"],
    "voices": ["base", "audio", "corpus", "media", "pronunciation"],
    "speaking": ["base", "tensor", "audio", "diffusion", "models", "person", "infer", "hearing"],
    "rendering": ["base", "media", "marking", "matting", "person", "voices", "speaking"],
    "speech_data": ["base", "tensor", "audio", "corpus", "models", "person", "media", "hearing", "pronunciation",
                    "alignment", "voices"],
    "preparation": ["base", "tensor", "audio", "corpus", "person", "media", "face", "metrics", "hearing", "alignment"],
    "unpacking": ["base", "corpus", "media"],
    "evaluation": ["base", "audio", "corpus", "person", "media", "face", "metrics", "speaking"],
    "speed": ["base", "infer", "person", "media", "hearing", "speaking", "rendering"],
    "streaming": ["base"],
    "publishing": ["base", "marking", "media", "person", "rendering", "speaking", "streaming"],
    "http": ["base"],
    "serving": ["base", "http", "audio", "media", "marking", "person", "voices", "speaking", "rendering", "streaming"],
    "autograd": ["base", "tensor", "models"],
    "training_loop": ["base", "tensor", "corpus", "person", "autograd"],
    "image_training": ["base", "tensor", "corpus", "diffusion", "models", "person", "autograd", "training_loop"],
    "speech_training": ["base", "tensor", "audio", "corpus", "models", "person", "autograd", "training_loop"],
    "phone_training": ["base", "tensor", "audio", "corpus", "models", "person", "autograd", "training_loop"],
}
# The trainer's rooms, which alone know LibTorch; `train` is the top of them.
TRAINER = ["autograd", "training_loop", "image_training", "speech_training", "phone_training"]
ALLOWED["train"] = ["base", "tensor", "audio", "corpus", "models", "person", *TRAINER]
LIBRARY = ["base", "tensor", "audio", "models", "person", "marking", "matting", "infer", "hearing", "pronunciation", "alignment",
           "transcription", "voices", "speaking", "rendering"]
APPS = {"cli": [name for name in ALLOWED if name not in (*TRAINER, "train")], "train": [*ALLOWED["train"], "train"]}
ALLOWED["api"] = [*LIBRARY, "vultus"]

# Third-party headers and the only folders that may see them.
THIRD_PARTY = [
    (re.compile(r"(torch|ATen|c10|caffe2)/"), {*(f"src/{name}" for name in TRAINER), "src/train", "apps/train", "bench"}),
    (re.compile(r"lib(av|sw)\w+/"), {"src/media"}),
    (re.compile(r"dlib/"), {"src/face"}),
    (re.compile(r"unicode/"), {"src/pronunciation"}),
    (re.compile(r"curl/"), {"src/voices", "src/streaming"}),
    (re.compile(r"boost/"), {"src/http"}),
    (re.compile(r"(gst|glib)/"), {"src/streaming"}),
    (re.compile(r"opencv2/"), {"src/media", "src/face", "src/preparation", "src/unpacking", "src/evaluation"}),
    (re.compile(r"(oneapi/dnnl/|dnnl)"), {"src/kernels", "src/infer", "bench"}),
]

MOST_FILES = 30  # of a room, tests not counted

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
LINKED = re.compile(r"vultus::(\w+)")


def folder_of(path):
    """'src/media/image.cpp' -> ('src/media', names it may include, its own name)."""
    parts = path.split("/")
    if parts[0] == "src":
        return "src/" + parts[1], ALLOWED.get(parts[1]), parts[1]
    if parts[0] == "apps":
        return "apps/" + parts[1], APPS.get(parts[1]), None
    return parts[0], None, None


def violations(path, text):
    folder, allowed, own = folder_of(path)
    if allowed is None and folder.startswith(("src/", "apps/")):
        return [f"{path}: folder {folder} has no place among the layers (tools/check_layers.py)"]
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match[2]
        for pattern, folders in THIRD_PARTY:
            if pattern.match(header) and folder not in folders:
                found.append(f"{path}:{number}: {header} belongs to {', '.join(sorted(folders))} only")
        target = header.split("/")[0]
        if match[1] == '"' and "/" in header and allowed is not None:
            if target != own and target not in allowed:
                found.append(f"{path}:{number}: {folder} must not include {header}")
    return found


def link_violations(path, text):
    folder, allowed, own = folder_of(path)
    if allowed is None:
        return []
    text = re.sub(r"#.*", "", text)
    return [
        f"{path}: {folder} must not link vultus::{name}"
        for name in sorted(set(LINKED.findall(text)))
        if name != own
        and name not in allowed
    ]


def structure_violations():
    """Arrows that point upwards (so circles, too), and rooms that grew too large."""
    above = set(ALLOWED)
    for name, allowed in ALLOWED.items():
        yield from (f"{name} may include {low}, which is above it" for low in allowed if low in above - {"vultus"})
        above.discard(name)
    for room in sorted((ROOT / "src").iterdir()):
        files = [f for f in room.glob("*") if f.suffix in (".h", ".cpp") and not re.search(r"_test(only)?\.|^test_", f.name)]
        if len(files) > MOST_FILES:
            yield f"{room.name}: expected at most {MOST_FILES} files, got {len(files)}: make two rooms of it"


def self_test():
    assert not violations("src/audio/a.cpp", '#include "base/rng.h"\n#include <vector>\n#include "audio/b.h"\n')
    assert violations("src/base/a.h", '#include "tensor/archive.h"\n')
    assert violations("src/train/a.cpp", '#include "media/image.h"\n')
    assert violations("src/models/a.cpp", "#include <torch/torch.h>\n")
    assert not violations("src/train/a.cpp", "#include <torch/torch.h>\n")
    assert violations("src/evaluation/a.cpp", '#include "train/trainer.h"\n')
    assert violations("src/novel/a.cpp", "")
    assert link_violations("src/corpus/CMakeLists.txt", "DEPENDS vultus::base vultus::media")
    assert not link_violations("src/corpus/CMakeLists.txt", "DEPENDS vultus::base  # not vultus::media")


def main():
    self_test()
    if "--self-test" in sys.argv:
        return
    found = list(structure_violations())
    for top in ("src", "apps", "bench"):
        for file in sorted((ROOT / top).rglob("*")):
            path = file.relative_to(ROOT).as_posix()
            if file.suffix in (".h", ".cpp"):
                found += violations(path, file.read_text())
            elif file.name == "CMakeLists.txt":
                found += link_violations(path, file.read_text())
    print("\n".join(found), end="\n" if found else "")
    sys.exit(1 if found else 0)


main()

#!/usr/bin/env python3
"""What MediaPipe's Face Mesh with attention says of crop.png: the whole TensorFlow Lite network, run in numpy.

    npm pack @mediapipe/face_mesh@0.4.1657299874 && tar xzf mediapipe-face_mesh-*.tgz
    tests/golden/face_mesh/make.py package/face_mesh_solution_packed_assets.data

crop.png is part of a frame of samples/bgwo2n.mkv (GRID speaker 1, CC BY 4.0; ffmpeg -i samples/bgwo2n.mkv -vf
"select=eq(n\\,24),crop=170:170:62:70,scale=192:192" -frames:v 1). Written beside it, expected.txt: presence,
then x and y of the mesh's 468 points, those of lips and eyes as the second look tells them, in px of the crop.
"""

import pathlib
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[2] / "tools"))
from face_mesh_onnx import ADD, BEGIN, CONV, DEPTHWISE, END, MAX_POOL, PAD, PRELU, Network  # noqa: E402

MUL, RESHAPE, CUSTOM = 18, 22, 32
# left, right point of the mesh: what the three windows' operators have as options
TURNS = {196: (61, 291), 197: (33, 133), 198: (362, 263)}


def patches(x, kernel, stride, same):
    """[H, W, C] -> [h, w, kernel, kernel, C]"""
    out = [-(-n // stride) if same else (n - kernel) // stride + 1 for n in x.shape[:2]]
    if same:
        pads = [max((o - 1) * stride + kernel - n, 0) for o, n in zip(out, x.shape)]
        x = np.pad(x, [(p // 2, p - p // 2) for p in pads] + [(0, 0)])
    return np.stack([np.stack([x[i * stride:i * stride + kernel, j * stride:j * stride + kernel]
                               for j in range(out[1])]) for i in range(out[0])])


def turn_matrix(mesh, subset, left, right):
    """[4, 4]: px of a window of 16 px to px of the features."""
    angle = -np.arctan2(mesh[right, 1] - mesh[left, 1], mesh[right, 0] - mesh[left, 0])
    c, s = np.cos(angle), np.sin(angle)
    turned = mesh[subset, :2] @ np.array([[c, -s], [s, c]]).T
    least, most = turned.min(0), turned.max(0)
    centre = np.array([[c, s], [-s, c]]) @ ((least + most) / 2)
    width, height = 1.5 * (most - least) / 16
    turn = np.array([[c * width, s * height], [-s * width, c * height]])
    out = np.eye(4)
    out[:2, :2], out[:2, 3] = turn, centre - turn @ [8, 8]
    return out


def sample(x, matrix):
    """Bilinear; nothing outside."""
    height, width, _ = x.shape
    out = np.zeros((16, 16, x.shape[2]))
    for i in range(16):
        for j in range(16):
            px, py = matrix[:2, :2] @ [j + 0.5, i + 0.5] + matrix[:2, 3] - 0.5
            if not (0 <= px <= width - 1 and 0 <= py <= height - 1):
                continue
            x0, y0 = int(px), int(py)
            x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
            fx, fy = px - x0, py - y0
            out[i, j] = ((1 - fy) * ((1 - fx) * x[y0, x0] + fx * x[y0, x1])
                         + fy * ((1 - fx) * x[y1, x0] + fx * x[y1, x1]))
    return out


class Runner:
    def __init__(self, network, image):
        self.network, self.values = network, {0: image}

    def constant(self, tensor):
        numbers = self.network.constant(tensor)
        return None if numbers is None else np.array(numbers).reshape(self.network.shape(tensor))

    def __call__(self, tensor):
        if tensor not in self.values:
            self.values[tensor] = self.run(self.network.maker[tensor], tensor)
        return self.values[tensor]

    def run(self, op, tensor):
        code, ins = self.network.code(op), op.vector(1, "i")
        if code == CUSTOM and len(ins) == 1:
            return turn_matrix(self(ins[0]), self.subset(op), *TURNS[tensor])
        if code == CUSTOM and len(op.vector(5, "B")):
            return sample(self(ins[0]), self(ins[1]))
        if code == CUSTOM:
            matrix = self(ins[1])
            return self(ins[0]) @ matrix[:2, :2].T + matrix[:2, 3]
        if code in (CONV, DEPTHWISE):
            options, weight = op.table(4), self.constant(ins[1])
            seen = patches(self(ins[0]), weight.shape[1], options.number(2), options.number(0, "b") == 0)
            how = "hwklc,xklc->hwc" if code == DEPTHWISE else "hwkli,okli->hwo"
            return np.einsum(how, seen, weight, optimize=True) + self.constant(ins[2])
        if code == PRELU:
            x = self(ins[0])
            return np.where(x > 0, x, x * self.constant(ins[1]).reshape(-1))
        if code == MAX_POOL:
            return patches(self(ins[0]), 2, 2, False).max((2, 3))
        if code == PAD:
            more = self.network.shape(tensor)[3] - self.network.shape(ins[0])[3]
            return np.pad(self(ins[0]), [(0, 0), (0, 0), (0, more)])
        if code == RESHAPE:
            return self(ins[0]).reshape(self.network.shape(tensor)[1:])
        other = self.constant(ins[1])
        other = self(ins[1]) if other is None else other[0] if other.ndim == 3 else other
        return self(ins[0]) + other if code == ADD else self(ins[0]) * other

    @staticmethod
    def subset(op):
        """subset_idxs: the first vector of 16-bit numbers in the options, after its name."""
        raw = bytes(op.vector(5, "B"))
        at = raw.index(b"subset_idxs\0") + len(b"subset_idxs\0")
        at += at % 2
        count = int.from_bytes(raw[at:at + 2], "little")
        return np.frombuffer(raw, "<u2", count, at + 2).astype(int)


def main():
    network = Network(pathlib.Path(sys.argv[1]).read_bytes()[BEGIN:END])
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", HERE / "crop.png", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
                         stdout=subprocess.PIPE, check=True).stdout
    run = Runner(network, np.frombuffer(raw, np.uint8).reshape(192, 192, 3) / 255.0)
    presence = 1 / (1 + np.exp(-run(710).item()))
    points = run(186).reshape(468, 3)[:, :2].copy()
    for window, part in ((196, 711), (197, 712), (198, 714)):
        points[run.subset(network.maker[window])] = run(part)
    lines = [f"{presence:.5f}"] + [f"{x:.3f} {y:.3f}" for x, y in points]
    (HERE / "expected.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

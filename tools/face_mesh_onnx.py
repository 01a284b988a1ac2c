#!/usr/bin/env python3
"""Makes models/face/*.onnx from MediaPipe's Face Mesh with attention (Apache-2.0).

    npm pack @mediapipe/face_mesh@0.4.1657299874 && tar xzf mediapipe-face_mesh-*.tgz
    tools/face_mesh_onnx.py package/face_mesh_solution_packed_assets.data models/face

The network cuts three windows out of its own features by operators that only TensorFlow Lite has; these are
left to face/face_mesh.cpp, so that what remains is four plain networks:

    mesh        image [1, 3, 192, 192], RGB in 0..1 -> mesh [1404] (468 x, y, z in px of the image),
                presence [1] (logit), features [1, 32, 48, 48]
    lips        features [1, 32, 16, 16] of the window -> [160] (80 x, y in px of a window of 16 px)
    left_eye, right_eye   the same -> [142] (71 x, y)
"""

import struct
import sys
from pathlib import Path

# Where the network lies in the package's file of assets (its loader says so).
BEGIN, END = 0, 2495952
ADD, CONV, DEPTHWISE, DEQUANTIZE, MAX_POOL, PAD, PRELU = 0, 3, 4, 6, 17, 34, 54


class Table:
    """A table of a flatbuffer: fields by number."""

    def __init__(self, data, place):
        self.data, self.place = data, place
        self.fields = place - struct.unpack_from("<i", data, place)[0]
        self.size = struct.unpack_from("<H", data, self.fields)[0]

    def offset(self, field):
        at = 4 + 2 * field
        return struct.unpack_from("<H", self.data, self.fields + at)[0] if at < self.size else 0

    def number(self, field, kind="i"):
        offset = self.offset(field)
        return struct.unpack_from("<" + kind, self.data, self.place + offset)[0] if offset else 0

    def target(self, field):
        offset = self.offset(field)
        if not offset:
            return None
        return self.place + offset + struct.unpack_from("<I", self.data, self.place + offset)[0]

    def table(self, field):
        at = self.target(field)
        return Table(self.data, at) if at else None

    def vector(self, field, kind):
        at = self.target(field)
        if not at:
            return ()
        count = struct.unpack_from("<I", self.data, at)[0]
        return struct.unpack_from(f"<{count}{kind}", self.data, at + 4)

    def tables(self, field):
        at = self.target(field)
        return [Table(self.data, at + 4 * i + 4 + offset) for i, offset in enumerate(self.vector(field, "I"))]


class Network:
    """The first subgraph of a TensorFlow Lite file."""

    def __init__(self, data):
        model = Table(data, struct.unpack_from("<I", data, 0)[0])
        self.codes = [max(code.number(3), code.number(0, "b")) for code in model.tables(1)]
        self.buffers = [buffer.vector(0, "B") for buffer in model.tables(4)]
        graph = model.tables(2)[0]
        self.tensors = graph.tables(0)
        self.maker = {out: op for op in graph.tables(3) for out in op.vector(2, "i")}

    def code(self, op):
        return self.codes[op.number(0, "I")]

    def shape(self, tensor):
        return self.tensors[tensor].vector(0, "i")

    def constant(self, tensor):
        """Its numbers as floats; None when it is computed."""
        maker = self.maker.get(tensor)
        if maker is not None:
            return self.constant(maker.vector(1, "i")[0]) if self.code(maker) == DEQUANTIZE else None
        raw = bytes(self.buffers[self.tensors[tensor].number(2, "I")])
        kind, size = {0: ("f", 4), 1: ("e", 2), 2: ("i", 4)}[self.tensors[tensor].number(1, "b")]
        return struct.unpack(f"<{len(raw) // size}{kind}", raw)


def varint(value):
    out = b""
    value &= (1 << 64) - 1
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """Of a protobuf message: integers, strings and messages."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def attribute(name, value):
    if isinstance(value, int):
        return field(1, name) + field(3, value) + field(20, 2)
    return field(1, name) + b"".join(field(8, v) for v in value) + field(20, 7)


class Onnx:
    """One plain network, written from its outputs back to its input."""

    def __init__(self, source, name, input_tensor, outputs):
        self.source, self.nodes, self.weights, self.done = source, [], [], {}
        self.done[input_tensor] = "input"
        for tensor, output in outputs.items():
            self.node("Identity", [self.value(tensor)], output)
        graph = b"".join(field(1, node) for node in self.nodes) + field(2, name)
        graph += b"".join(field(5, weight) for weight in self.weights)
        graph += field(11, self.described("input", input_tensor))
        graph += b"".join(field(12, self.described(name, tensor)) for tensor, name in outputs.items())
        self.bytes = field(1, 4) + field(2, "vultus") + field(7, graph) + field(8, field(1, "") + field(2, 9))

    def described(self, name, tensor):
        batch, height, width, channels = self.source.shape(tensor)
        dims = b"".join(field(1, field(1, d)) for d in (batch, channels, height, width))
        return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))

    def node(self, kind, inputs, output, **attributes):
        body = b"".join(field(1, i) for i in inputs) + field(2, output) + field(4, kind)
        self.nodes.append(body + b"".join(field(5, attribute(k, v)) for k, v in attributes.items()))
        return output

    def weight(self, shape, numbers):
        name = f"w{len(self.weights)}"
        dims = b"".join(field(1, d) for d in shape)
        raw = struct.pack(f"<{len(numbers)}f", *numbers)
        self.weights.append(dims + field(2, 1) + field(8, name) + field(9, raw))
        return name

    def value(self, tensor):
        if tensor not in self.done:
            self.done[tensor] = self.convert(self.source.maker[tensor], tensor)
        return self.done[tensor]

    def convert(self, op, tensor):
        code, ins, out = self.source.code(op), op.vector(1, "i"), f"t{tensor}"
        if code == ADD:
            return self.node("Add", [self.value(ins[0]), self.value(ins[1])], out)
        if code == PRELU:
            slope = self.source.constant(ins[1])
            return self.node("PRelu", [self.value(ins[0]), self.weight((len(slope), 1, 1), slope)], out)
        if code == MAX_POOL:
            return self.node("MaxPool", [self.value(ins[0])], out, kernel_shape=[2, 2], strides=[2, 2])
        if code == PAD:
            more = self.source.shape(tensor)[3] - self.source.shape(ins[0])[3]
            return self.node("Pad", [self.value(ins[0])], out, pads=[0, 0, 0, 0, 0, more, 0, 0])
        if code in (CONV, DEPTHWISE):
            return self.convolution(op, code == DEPTHWISE, out)
        raise SystemExit(f"operator {code} has no counterpart here")

    def convolution(self, op, depthwise, out):
        x, weight, bias = op.vector(1, "i")
        options = op.table(4)
        stride, same = options.number(2), options.number(0, "b") == 0
        first, height, width, last = self.source.shape(weight)  # [O, H, W, I], depthwise [1, H, W, O]
        numbers = self.source.constant(weight)
        outputs, inputs = (last, 1) if depthwise else (first, last)
        place = lambda o, i, y, x: ((y * width + x) * last + o) if depthwise else ((o * height + y) * width + x) * last + i
        turned = [numbers[place(o, i, y, x)] for o in range(outputs) for i in range(inputs)
                  for y in range(height) for x in range(width)]
        pads = [0, 0, 0, 0]
        if same:  # TensorFlow puts what is odd at the end
            for axis, (size, kernel) in enumerate(zip(self.source.shape(x)[1:3], (height, width))):
                total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
                pads[axis], pads[axis + 2] = total // 2, total - total // 2
        return self.node("Conv", [self.value(x), self.weight((outputs, inputs, height, width), turned),
                                  self.weight((outputs,), self.source.constant(bias))], out,
                         kernel_shape=[height, width], strides=[stride, stride], pads=pads,
                         group=outputs if depthwise else 1)


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    source = Network(Path(sys.argv[1]).read_bytes()[BEGIN:END])
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    # Tensors by number, as the file has them: its input, the mesh before it is scaled, presence, the features
    # that windows are cut from, and each window with the points found in it.
    parts = {
        "mesh": (0, {186: "mesh", 710: "presence", 35: "features"}),
        "lips": (199, {684: "points"}),
        "left_eye": (200, {687: "points"}),
        "right_eye": (201, {693: "points"}),
    }
    for name, (begin, outputs) in parts.items():
        (folder / f"{name}.onnx").write_bytes(Onnx(source, name, begin, outputs).bytes)


if __name__ == "__main__":
    main()

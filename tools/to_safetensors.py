#!/usr/bin/env python3
"""Rewrites a PyTorch file of weights (pytorch_model.bin) as safetensors, for `--encoder` and `--speech`.

    tools/to_safetensors.py pytorch_model.bin model.safetensors

Needs PyTorch 1.13 or newer. Only tensors are read: a pickle that wants to run anything else is refused.
"""
import json
import pickle
import struct
import sys

import torch

DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64",
          torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.uint8: "U8"}


def raw_bytes(tensor):
    plain = tensor.detach().cpu().contiguous()
    return (plain.view(torch.int16) if plain.dtype == torch.bfloat16 else plain).numpy().tobytes()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        state = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        sys.exit(f"{sys.argv[1]}: not read: " + str(error).splitlines()[0])
    tensors = {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}
    header, offset = {}, 0
    for name, tensor in sorted(tensors.items()):
        if tensor.dtype not in DTYPES:
            sys.exit(f"{name}: {tensor.dtype} has no place in a safetensors file")
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(sys.argv[2], "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for _, tensor in sorted(tensors.items()):
            out.write(raw_bytes(tensor))


main()

#!/usr/bin/env python3
"""Hidden states of small random wav2vec 2.0 and HuBERT networks by torchaudio, and the networks' files.

Needs Debian 12's python3-torchaudio (0.13.1, on PyTorch 1.13.0). torchaudio's modules carry the names of Hugging
Face's transformers (its import_huggingface_model copies the tensors by name), so the files here are what
transformers would save: with and without prefix, either way of writing the weight normalisation, other models'
heads beside the encoder, stored as F32, F16 and BF16.

    /usr/bin/python3 tests/golden/wav2vec2/make.py
    /usr/bin/python3 tests/golden/wav2vec2/make.py --base FILE.safetensors   (random weights of base, to time)
"""
import json
import pathlib
import struct
import sys

import torch
import torchaudio
from torchaudio.models import wav2vec2_model

HERE = pathlib.Path(__file__).resolve().parent
KERNELS, STRIDES = [10, 3, 3, 3, 3, 2, 2], [5, 2, 2, 2, 2, 2, 2]
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}

VARIANTS = {
    # Group norm, norms after, as wav2vec2-base; heads of pre-training and of CTC beside it.
    "wav2vec2_base": dict(prefix="wav2vec2.", layer=False, stable=False, bias=False, width=16, heads=2, groups=4,
                          kernel=128, blocks=2, dtype="F32", config=True, junk=True),
    # Layer norm, norms before, as wav2vec2-large-lv60; saved without prefix by a newer PyTorch.
    "wav2vec2_large": dict(prefix="", layer=True, stable=True, bias=True, width=16, heads=4, groups=2, kernel=8,
                           blocks=3, dtype="BF16", config=True, parametrized=True),
    # Nothing beside the weights: all sizes come from them.
    "hubert_base": dict(prefix="hubert.", layer=False, stable=False, bias=False, width=64, heads=1, groups=16,
                        kernel=8, blocks=1, dtype="F16", config=False, junk=True),
    "hubert_large": dict(prefix="hubert.", layer=True, stable=True, bias=True, width=64, heads=1, groups=16,
                         kernel=7, blocks=2, dtype="BF16", config=False),
    # What no published model has together; the file of settings says so. No normalisation of the sound.
    "mixed": dict(prefix="wav2vec2.", layer=False, stable=True, bias=True, width=12, heads=3, groups=3, kernel=6,
                  blocks=2, dtype="F32", config=True, project_norm=False, normalise=False,
                  strides=[5, 2, 3, 2, 1, 2, 2]),
}


def write_safetensors(path, tensors, dtype):
    header, data = {}, b""
    for name, tensor in sorted(tensors.items()):
        bits = torch.int32 if dtype == "F32" else torch.int16  # numpy knows no bfloat16
        raw = tensor.to(DTYPES[dtype]).contiguous().view(bits).numpy().tobytes()
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def build(v):
    strides = v.get("strides", STRIDES)
    model = wav2vec2_model(
        "layer_norm" if v["layer"] else "group_norm", [(8, k, s) for k, s in zip(KERNELS, strides)], v["bias"],
        v["width"], 0.0, v["kernel"], v["groups"], v["blocks"], v["heads"], 0.0, 2 * v["width"] // 3 + 5, 0.0, 0.0,
        v["stable"], 0.0, None)
    if not v.get("project_norm", True):
        model.encoder.feature_projection.layer_norm = torch.nn.Identity()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            norm = name.endswith("layer_norm.weight") or name.endswith("weight_g")
            parameter.copy_(torch.randn(parameter.shape) * 0.3 + (1 if norm else 0))
            parameter.copy_(parameter.to(DTYPES[v["dtype"]]).float())
    return model.eval().double()


def published_names(state, v):
    out = {}
    for name, tensor in state.items():
        name = name.replace("encoder.feature_projection.", "feature_projection.").replace(
            "encoder.transformer.", "encoder.")
        if v.get("parametrized"):
            name = name.replace("conv.weight_g", "conv.parametrizations.weight.original0").replace(
                "conv.weight_v", "conv.parametrizations.weight.original1")
        out[v["prefix"] + name] = tensor
    if v.get("junk"):
        out[v["prefix"] + "masked_spec_embed"] = torch.randn(v["width"])
        out["quantizer.codevectors"] = torch.randn(1, 6, 4)
        out["lm_head.weight"] = torch.randn(5, v["width"])
    return out


def hidden_states(model, sound, v):
    """In the order of transformers' hidden_states: what enters the first block, then what each block gives."""
    features, _ = model.feature_extractor(sound, None)
    x, _ = model.encoder._preprocess(features)
    transformer = model.encoder.transformer
    x = transformer._preprocess(x)
    states = [x]
    for layer in transformer.layers:
        x = layer(x, None)
        states.append(x)
    if v["stable"]:
        states[-1] = transformer.layer_norm(states[-1])
    assert torch.equal(states[-1], model.encoder(features)), "the public forward gives the same"
    return states


def settings(v):
    return {
        "model_type": "hubert" if v["prefix"].startswith("hubert") else "wav2vec2",
        "feat_extract_norm": "layer" if v["layer"] else "group", "do_stable_layer_norm": v["stable"],
        "conv_stride": v.get("strides", STRIDES), "conv_kernel": KERNELS, "conv_bias": v["bias"],
        "hidden_size": v["width"], "num_hidden_layers": v["blocks"], "num_attention_heads": v["heads"],
        "num_conv_pos_embeddings": v["kernel"], "num_conv_pos_embedding_groups": v["groups"],
        "hidden_act": "gelu", "feat_extract_activation": "gelu", "layer_norm_eps": 1e-5,
    }


def write_base(path):
    """wav2vec2-base's sizes; weights small enough that nothing overflows."""
    model = torchaudio.models.wav2vec2_base()
    v = dict(prefix="wav2vec2.", width=768)
    write_safetensors(pathlib.Path(path), published_names(model.state_dict(), v), "F32")


def main():
    if sys.argv[1:2] == ["--base"]:
        return write_base(sys.argv[2])
    for index, (name, v) in enumerate(VARIANTS.items()):
        torch.manual_seed(index)
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        model = build(v)
        write_safetensors(folder / "model.safetensors", published_names(model.state_dict(), v), v["dtype"])
        if v["config"]:
            (folder / "config.json").write_text(json.dumps(settings(v), indent=1) + "\n")
            (folder / "preprocessor_config.json").write_text(json.dumps(
                {"do_normalize": v.get("normalise", True), "sampling_rate": 16000}, indent=1) + "\n")
        sound = (0.1 * torch.randn(1, 2100) + 0.02).float()
        heard = sound.double()
        if v.get("normalise", True):
            heard = (heard - heard.mean()) / torch.sqrt(heard.var(unbiased=False) + 1e-7)
        with torch.no_grad():
            states = hidden_states(model, heard, v)
        expected = {"sound": sound[0]}
        expected.update({f"hidden.{i}": state[0] for i, state in enumerate(states)})
        write_safetensors(folder / "expected.safetensors", expected, "F32")


main()

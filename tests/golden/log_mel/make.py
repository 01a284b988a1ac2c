#!/usr/bin/env python3
"""Writes log_mel.json: a short signal and its log-mel values in double precision, from the formulas."""
import json
import pathlib

import numpy as np

RATE_HZ, WINDOW, HOP, FFT, MELS, LOW_HZ, HIGH_HZ, FLOOR = 16000, 400, 160, 512, 80, 60.0, 7600.0, 1e-5


def mel_from_hz(hz):
    hz = np.asarray(hz, dtype=np.float64)
    return np.where(hz < 1000, hz * 3 / 200, 15 + np.log(np.maximum(hz, 1000) / 1000) / (np.log(6.4) / 27))


def hz_from_mel(mel):
    mel = np.asarray(mel, dtype=np.float64)
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def triangles():
    edges = hz_from_mel(np.linspace(mel_from_hz(LOW_HZ), mel_from_hz(HIGH_HZ), MELS + 2))
    bins = np.arange(FFT // 2 + 1) * RATE_HZ / FFT
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(0, np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre)))


def log_mel(audio):
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    frames = -(-len(audio) // HOP)
    padded = np.concatenate([np.zeros(WINDOW // 2), audio, np.zeros(WINDOW)])
    rows = np.stack([padded[k * HOP : k * HOP + WINDOW] * window for k in range(frames)])
    power = np.abs(np.fft.rfft(rows, FFT)) ** 2
    return np.log(power @ triangles().T + FLOOR)


def main():
    rng = np.random.default_rng(20)
    t = np.arange(1500) / RATE_HZ
    voice = sum(np.sin(2 * np.pi * 130 * h * t) / h for h in range(1, 30)) * np.hanning(1500)
    audio = np.round(32767 * np.clip(0.2 * voice + 0.01 * rng.standard_normal(1500), -1, 1)).astype(int)
    values = log_mel(audio / 32768.0)
    golden = {"audio_i16": audio.tolist(), "log_mel": [round(float(v), 6) for v in values.ravel()]}
    pathlib.Path(__file__).with_name("log_mel.json").write_text(json.dumps(golden) + "\n")


main()

// The microphone and sound files, as 16-bit samples.
import { RATE_HZ } from "./live.js";

const to16Bit = (samples) => {
  const out = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; ++i) out[i] = Math.max(-1, Math.min(1, samples[i])) * 32767;
  return out;
};

export class Microphone {
  /** take(Int16Array) gets what is heard. */
  async start(take) {
    this.stream = await navigator.mediaDevices.getUserMedia(
      { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
    this.context = new AudioContext({ sampleRate: RATE_HZ });
    await this.context.audioWorklet.addModule("microphone-worklet.js");
    this.node = new AudioWorkletNode(this.context, "microphone", { numberOfOutputs: 0 });
    this.node.port.onmessage = (message) => take(to16Bit(message.data));
    this.context.createMediaStreamSource(this.stream).connect(this.node);
  }

  stop() {
    if (this.stream) for (const track of this.stream.getTracks()) track.stop();
    if (this.context) this.context.close();
    this.stream = this.context = undefined;
  }
}

/** A file's sound, mono. */
export async function soundOf(file) {
  const context = new OfflineAudioContext(1, 1, RATE_HZ);
  const decoded = await context.decodeAudioData(await file.arrayBuffer());
  const mono = new Float32Array(decoded.length);
  for (let c = 0; c < decoded.numberOfChannels; ++c) {
    const channel = decoded.getChannelData(c);
    for (let i = 0; i < mono.length; ++i) mono[i] += channel[i] / decoded.numberOfChannels;
  }
  return to16Bit(mono);
}

/** 16-bit mono samples as a WAV file. */
export function wav(samples) {
  const bytes = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const word = (at, letters) => [...letters].forEach((letter, i) => bytes.setUint8(at + i, letter.charCodeAt(0)));
  word(0, "RIFF"); bytes.setUint32(4, 36 + 2 * samples.length, true); word(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true); bytes.setUint16(20, 1, true); bytes.setUint16(22, 1, true);
  bytes.setUint32(24, RATE_HZ, true); bytes.setUint32(28, 2 * RATE_HZ, true);
  bytes.setUint16(32, 2, true); bytes.setUint16(34, 16, true); word(36, "data");
  bytes.setUint32(40, 2 * samples.length, true);
  new Int16Array(bytes.buffer, 44).set(samples);
  return new Blob([bytes.buffer], { type: "audio/wav" });
}

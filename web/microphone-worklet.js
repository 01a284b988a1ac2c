// Gathers 20 ms of the microphone's sound at a time.
class Gatherer extends AudioWorkletProcessor {
  constructor() {
    super();
    this.held = new Float32Array(sampleRate / 50);
    this.count = 0;
  }
  process(inputs) {
    for (const sample of inputs[0][0] || []) {
      this.held[this.count++] = sample;
      if (this.count === this.held.length) { this.port.postMessage(this.held.slice()); this.count = 0; }
    }
    return true;
  }
}
registerProcessor("microphone", Gatherer);

// A live face. Pictures and sound come by WebRTC, or, where that does not connect, as fragmented MP4 by the WebSocket, which
// Media Source plays as close to its end as it can. Commands and events take the WebSocket.
import { address, json } from "./api.js";
import { Peer } from "./peer.js";

export const RATE_HZ = 48000; // of the sound sent
const LAG_S = 0.14;     // aimed at, behind the newest frame
const FAR_S = 0.6;      // then it jumps
const KEPT_S = 10;      // of what was seen
const PEER_LAG_MS = 120; // of WebRTC's pictures behind the events

export class LiveFace extends EventTarget {
  constructor(video) {
    super();
    this.video = video;
    this.peer = new Peer();
    this.pending = [];
    this.later = []; // events that wait until their frame is seen
  }

  /** options: as of POST /v1/sessions. */
  async start(options) {
    this.stop();
    const session = await json("POST", "/v1/sessions", options);
    this.id = session.id;
    const byPeer = await this.peer.start(this.video, session.whep, () => { this.stop(); this.tell({ event: "closed" }); });
    if (this.id !== session.id) return; // stopped meanwhile
    if (byPeer) this.play(); else this.video.srcObject = null;
    const media = byPeer ? "none" : "mp4";
    const url = new URL(address(`${session.stream}?rate=${RATE_HZ}&media=${media}`), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = (message) => {
      if (socket !== this.socket) return;
      if (typeof message.data === "string") this.hear(JSON.parse(message.data));
      else { this.pending.push(message.data); this.append(); }
    };
    socket.onclose = () => { if (socket === this.socket) { this.stop(); this.tell({ event: "closed" }); } };
    this.timer = setInterval(() => this.keepUp(), 40);
  }

  stop() {
    const { socket, id } = this;
    this.socket = this.id = this.buffer = undefined;
    this.pending = [];
    this.later = [];
    clearInterval(this.timer);
    if (socket) { socket.onclose = null; socket.close(); }
    if (id) json("DELETE", "/v1/sessions/" + id).catch(() => {});
    this.peer.stop(Boolean(id));
    this.video.srcObject = null;
    if (this.video.src) { URL.revokeObjectURL(this.video.src); this.video.removeAttribute("src"); this.video.load(); }
  }

  get awake() { return this.socket !== undefined && this.socket.readyState === WebSocket.OPEN; }

  send(command) { if (this.awake) this.socket.send(JSON.stringify(command)); }
  look(x, y, seconds) { this.send({ command: "look", x, y, seconds }); }
  say(text) { this.send({ command: "say", text }); }
  sendSound(samples) { if (this.awake) this.socket.send(samples); }
  endSound() { this.send({ command: "end" }); }

  /** The sound stops at once; the face needs as long as what is on its way. */
  interrupt() {
    this.send({ command: "interrupt" });
    this.mutedUntil = Infinity;
    this.video.muted = true;
  }

  tell(detail) { this.dispatchEvent(new CustomEvent("said", { detail })); }

  hear(event) {
    if (this.peer.alive) {
      if (event.event === "interrupted") setTimeout(() => { this.video.muted = false; this.mutedUntil = undefined; }, 3 * PEER_LAG_MS);
      setTimeout(() => { if (this.peer.alive) this.tell(event); }, event.event === "silent" ? PEER_LAG_MS : 0);
      return;
    }
    if (event.event === "hello") this.open(event.mime);
    if (event.event === "interrupted") { this.mutedUntil = event.time + 0.08; this.later = []; }
    if (event.event === "speaking" || event.event === "silent") this.later.push(event);
    else this.tell(event);
  }

  open(mime) {
    const Source = window.ManagedMediaSource || window.MediaSource;
    if (!Source || !Source.isTypeSupported(mime)) { this.tell({ event: "no_media" }); return; }
    const source = new Source();
    if (window.ManagedMediaSource) this.video.disableRemotePlayback = true;
    this.video.src = URL.createObjectURL(source);
    source.addEventListener("sourceopen", () => {
      this.buffer = source.addSourceBuffer(mime);
      this.buffer.addEventListener("updateend", () => this.append());
      this.append();
    }, { once: true });
    this.started = false;
  }

  append() {
    if (!this.buffer || this.buffer.updating || this.pending.length === 0) return;
    let size = 0;
    for (const part of this.pending) size += part.byteLength;
    const all = new Uint8Array(size);
    let at = 0;
    for (const part of this.pending.splice(0)) { all.set(new Uint8Array(part), at); at += part.byteLength; }
    try { this.buffer.appendBuffer(all); } catch { this.stop(); this.tell({ event: "closed" }); }
  }

  /** With sound where the browser lets us. */
  play() {
    const { video } = this;
    video.play().catch(() => { video.muted = true; video.play().catch(() => {}); this.tell({ event: "muted" }); });
  }

  /** Near the end, neither starved nor late; tells what is due. */
  keepUp() {
    const { video, buffer } = this;
    if (!buffer || video.buffered.length === 0) return;
    const last = video.buffered.length - 1;
    const end = video.buffered.end(last), start = video.buffered.start(last);
    if (!this.started && end - start >= LAG_S) {
      this.started = true;
      video.currentTime = Math.max(start, end - LAG_S);
      this.play();
    }
    const lag = end - video.currentTime;
    if (this.started && (lag > FAR_S || video.currentTime < start)) video.currentTime = Math.max(start, end - LAG_S);
    else video.playbackRate = lag > 2 * LAG_S ? 1.08 : lag < LAG_S / 3 ? 0.95 : 1;
    if (this.mutedUntil !== undefined && video.currentTime >= this.mutedUntil) {
      video.muted = false;
      this.mutedUntil = undefined;
    }
    while (this.later.length && this.later[0].time <= video.currentTime + 0.02) this.tell(this.later.shift());
    if (!buffer.updating && video.currentTime - video.buffered.start(0) > 2 * KEPT_S)
      buffer.remove(0, video.currentTime - KEPT_S);
  }
}

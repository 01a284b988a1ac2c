// A live face by WebRTC (WHEP): hardly a delay, where browser and server have it.
import { call } from "./api.js";

const ANSWER_MS = 8000;   // for the server's answer: its first one takes a while
const PATIENCE_MS = 1500; // from then on, to be connected; else the WebSocket brings the media

export class Peer {
  /** Whether pictures and sound come; where: the session's WHEP address; left(): called when they end. The video plays from
   * the beginning, or what comes before it would have to be caught up with. */
  async start(video, where, left, patienceMs = PATIENCE_MS) {
    if (!window.RTCPeerConnection) return false;
    const connection = new RTCPeerConnection();
    this.connection = connection;
    this.stream = new MediaStream();
    connection.ontrack = ({ track, receiver }) => {
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
      this.stream.addTrack(track);
    };
    video.srcObject = this.stream;
    for (const kind of ["video", "audio"]) connection.addTransceiver(kind, { direction: "recvonly" });
    let late, answered;
    const connected = new Promise((done) => {
      late = setTimeout(() => done(false), ANSWER_MS);
      answered = () => { clearTimeout(late); late = setTimeout(() => done(false), patienceMs); };
      connection.onconnectionstatechange = () => {
        if (connection.connectionState === "connected") done(true);
        if (connection.connectionState === "failed") { done(false); if (this.alive) left(); }
      };
    });
    try {
      await connection.setLocalDescription();
      // The server has an address that we can reach, or there is nothing to be found: no need to wait for ours.
      const asked = call("POST", where, connection.localDescription.sdp, "application/sdp").then(async (answer) => {
        this.place = answer.headers.get("Location");
        if (this.connection !== connection) { this.leave(); return; }
        answered();
        await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
      });
      asked.catch(() => {});
      await Promise.race([asked, connected]);
      if (await connected && this.connection === connection) { this.alive = true; return true; }
    } catch { /* no WebRTC here: as if it had not connected */ } finally { clearTimeout(late); }
    if (this.connection === connection) this.stop();
    return false;
  }

  leave() {
    if (this.place) call("DELETE", this.place).catch(() => {});
    this.place = undefined;
  }

  /** withSession: which goes too, and takes its viewers along. */
  stop(withSession = false) {
    this.alive = false;
    if (this.connection) this.connection.close();
    this.connection = undefined;
    if (withSession) this.place = undefined;
    this.leave();
  }
}

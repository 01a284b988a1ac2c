#!/usr/bin/env python3
"""One live session for long: VULTUS=build/release/vultus tests/serve/soak.py [SECONDS]

A viewer by WebSocket (MP4) and, where Chromium and GStreamer are, one by WebRTC watch a face that says a sentence every 20 s.
Tells every minute, and at the end: frames against the clock, sound against picture, lost and doubled frames, memory.
"""
import json
import re
import shutil
import struct
import sys
import tempfile
import threading
import time

from chromium import Chromium
from mp4 import boxes
from server import Server
from websocket import WebSocket

WATCH = """
(async () => {
  const { Peer } = await import("./peer.js");
  const peer = new Peer();
  const video = document.createElement("video");
  document.body.append(video);
  video.autoplay = true;
  if (!await peer.start(video, "WHEP", () => {}, 10000)) return false;
  window.told = { frames: 0, lost: 0, doubled: 0 };
  let before;
  const look = (now, frame) => {
    ++told.frames;
    const step = before === undefined ? 3600 : (frame.rtpTimestamp - before + 2 ** 32) % 2 ** 32;
    if (step > 3700) told.lost += Math.round(step / 3600) - 1;
    if (step < 3500) ++told.doubled;
    before = frame.rtpTimestamp;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  window.state = async () => {
    const out = { ...told }, at = {};
    for (const report of (await peer.connection.getStats()).values()) {
      if (report.type !== "inbound-rtp") continue;
      if (report.kind === "video") Object.assign(out, { decoded: report.framesDecoded, dropped: report.framesDropped,
        packetsLost: report.packetsLost, freezes: report.freezeCount });
      if (report.kind === "audio") Object.assign(out, { concealed: report.concealedSamples, received: report.totalSamplesReceived });
    }
    // What was played last, by the sender's clock, less when: its difference between the two is how far they are apart.
    for (const receiver of peer.connection.getReceivers()) {
      const [source] = receiver.getSynchronizationSources(), rate = receiver.track.kind === "video" ? 90 : 48;
      if (source) at[receiver.track.kind] = source.rtpTimestamp / rate - source.timestamp;
    }
    const apart = at.audio - at.video;
    if (out.frames < 1000 || window.apartFirst === undefined) window.apartFirst = apart; // until buffers have settled
    out.sound_moved_against_picture_ms = Math.round(apart - apartFirst);
    return out;
  };
  return true;
})()
"""


class Mp4Times:
    """Ends of the tracks of a fragmented MP4, in s."""

    def __init__(self):
        self.rates, self.ends, self.pictures = {}, {}, 0

    def inside(self, data):
        return [(kind, box[8:]) for kind, box in boxes(data)]

    def take(self, data):
        for kind, body in self.inside(data):
            if kind == "moov":
                for name, trak in self.inside(body):
                    if name == "trak":
                        self.track(dict(self.inside(trak)))
            if kind == "moof":
                for name, traf in self.inside(body):
                    if name == "traf":
                        self.fragment(dict(self.inside(traf)))

    def track(self, trak):
        number = struct.unpack(">I", trak["tkhd"][(20 if trak["tkhd"][0] else 12):][:4])[0]
        mdhd = dict(self.inside(trak["mdia"]))["mdhd"]
        self.rates[number] = struct.unpack(">I", mdhd[(20 if mdhd[0] else 12):][:4])[0]

    def fragment(self, traf):
        tfhd = traf["tfhd"]
        flags, number = int.from_bytes(tfhd[1:4], "big"), struct.unpack(">I", tfhd[4:8])[0]
        at = 8 + (8 if flags & 1 else 0) + (4 if flags & 2 else 0)
        usual = struct.unpack(">I", tfhd[at:at + 4])[0] if flags & 8 else 0
        tfdt, trun = traf["tfdt"], traf["trun"]
        time_ = int.from_bytes(tfdt[4:12] if tfdt[0] else tfdt[4:8], "big")
        flags, count = int.from_bytes(trun[1:4], "big"), struct.unpack(">I", trun[4:8])[0]
        at = 8 + (4 if flags & 1 else 0) + (4 if flags & 4 else 0)
        each = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
        for i in range(count):
            time_ += struct.unpack(">I", trun[at + i * each:at + i * each + 4])[0] if flags & 0x100 else usual
        self.ends[number] = time_ / self.rates[number]
        if number == 1:
            self.pictures += count


def metric(server, name):
    return float(re.search(rf"^{name} (\S+)$", server.call("GET", "/metrics")[2].decode(), re.M)[1])


def watch(server, session, seconds, page):
    stream = WebSocket(server.host, server.port, session["stream"])
    times, events, ended = Mp4Times(), [], []

    def read():
        while (message := stream.receive()) is not None and not ended:
            if isinstance(message, str):
                events.append(json.loads(message)["event"])
            else:
                times.take(message)

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(5)
    begin, first = time.monotonic(), (dict(times.ends), times.pictures)
    frames, memory = metric(server, "vultus_frames_total"), []
    spoken = 0
    while (passed := time.monotonic() - begin) < seconds:
        if passed >= spoken * 20:
            spoken += 1
            stream.send(json.dumps({"command": "say", "text": f"This is sentence number {spoken}, and the clock goes on and on."}))
            if spoken % 10 == 0:
                time.sleep(1.5)
                stream.send('{"command": "interrupt"}')
        if passed >= 60 * len(memory) or seconds - passed < 1:
            memory.append(server.memory_mb())
            line = (f"{passed:6.0f} s: {memory[-1]:.1f} MB; MP4: picture {times.ends[1] - first[0][1] - passed:+.3f} s against the "
                    f"clock, sound {1000 * (times.ends[2] - times.ends[1]):+.0f} ms against the picture, "
                    f"{times.pictures - first[1]} pictures; late {metric(server, 'vultus_late_frames_total'):.0f} of "
                    f"{metric(server, 'vultus_frames_total') - frames:.0f}, fragments dropped "
                    f"{metric(server, 'vultus_dropped_fragments_total'):.0f}")
            print(line + (f"; WebRTC: {page.run('state()')}" if page else ""), flush=True)
        time.sleep(0.5)
    print(f"sentences: {spoken}; said {events.count('said')}, errors {events.count('error')}; memory after a minute "
          f"{memory[min(1, len(memory) - 1)]:.1f} MB, at the end {server.memory_mb():.1f} MB; processor {server.cpu_s():.0f} s")
    ended.append(True)
    reader.join()
    stream.close()


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3600
    with tempfile.TemporaryDirectory() as folder, Server(folder) as server:
        session = server.json("POST", "/v1/sessions", {"person": "grid-s1"}, 201)
        if not shutil.which("chromium"):
            return watch(server, session, seconds, None)
        with Chromium("--allow-loopback-in-peer-connection", "--disable-background-timer-throttling",
                      "--disable-renderer-backgrounding") as chromium:
            page = chromium.open(f"http://{server.host}:{server.port}/texts.js")
            has_peer = page.run(WATCH.replace("WHEP", session["whep"]))
            watch(server, session, seconds, page if has_peer else None)


main()

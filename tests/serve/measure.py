#!/usr/bin/env python3
"""What BENCHMARKS.md says of the server: VULTUS=build/release/vultus tests/serve/measure.py [SECONDS]

Sessions are opened until one is refused; each has a viewer that talks all the time, on loopback.
"""
import json
import re
import sys
import tempfile
import threading
import time

from server import Server
from websocket import WebSocket


def metric(server, name):
    text = server.call("GET", "/metrics")[2].decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.M)[1])


def idle(server, seconds):
    begin = server.cpu_s()
    time.sleep(seconds)
    print(f"idle: {server.memory_mb():.0f} MB resident, {100 * (server.cpu_s() - begin) / seconds:.1f} % of a core")


def first_frames(server, count=10):
    session = server.json("POST", "/v1/sessions", {"person": "grid-s1"}, 201)
    stream = WebSocket(server.host, server.port, session["stream"])
    to_first, to_last = [], []

    def until(name):
        while True:
            message = stream.receive()
            if isinstance(message, str) and json.loads(message)["event"] == name:
                return time.monotonic()

    until("hello")
    for i in range(count):
        begin = time.monotonic()
        stream.send(json.dumps({"command": "say", "text": f"Hello number {i}. " * 4}))
        to_first.append(until("speaking") - begin)
        time.sleep(0.3)
        begin = time.monotonic()
        stream.send('{"command": "interrupt"}')
        to_last.append(until("silent") - begin)
    for what, times in (("text to its first talking frame", to_first), ("interrupt to the first silent one", to_last)):
        times = sorted(1000 * t for t in times)
        print(f"{what}, on the WebSocket: median {times[len(times) // 2]:.0f} ms, worst {times[-1]:.0f} ms")
    server.json("DELETE", "/v1/sessions/" + session["id"])


def sessions(server, seconds):
    streams = []
    while True:
        status, headers, session = server.call("POST", "/v1/sessions", {"person": "grid-s1"})
        if status != 201:
            break
        streams.append(WebSocket(server.host, server.port, session["stream"]))
    frames, late = metric(server, "vultus_frames_total"), metric(server, "vultus_late_frames_total")
    end = time.monotonic() + seconds

    def watch(stream):
        stream.send(json.dumps({"command": "say", "text": "One two three four five six seven eight nine ten. " * 40}))
        while time.monotonic() < end:
            stream.receive()

    threads = [threading.Thread(target=watch, args=(stream,)) for stream in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    frames, late = metric(server, "vultus_frames_total") - frames, metric(server, "vultus_late_frames_total") - late
    print(f"{len(streams)} talking sessions for {seconds:.0f} s, then 503: {frames / len(streams) / seconds:.1f} frames/s each, "
          f"{late:.0f} of {frames:.0f} late; {server.memory_mb():.0f} MB")


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    with tempfile.TemporaryDirectory() as folder, Server(folder) as server:
        idle(server, 5)
        first_frames(server)
        sessions(server, seconds)


main()

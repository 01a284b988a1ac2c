"""Many and hostile clients at once, beside a live session that must not notice: load_test.py [--short]

Clients run in processes of their own. Asserted: /health answers all the time, the session's frames come, memory, descriptors and
threads are afterwards what they were; and without --short, on a machine that does nothing else, /health within 200 ms and hardly
a late frame. --short takes less than 20 s.
"""
import contextlib
import os
import pathlib
import random
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from server import ANY_SPEED, ROOT, Server
from websocket import WebSocket

SHORT = "--short" in sys.argv
MOST_MB = 30  # that memory may have grown by, after the second round: what allocators keep
MOST_HEALTH_S = 0.2


# ---- clients: what each does; `amount` 1 is the whole test

def connect(port):
    return socket.create_connection(("127.0.0.1", port), 20)


def reset(peer):
    """Closes without a goodbye."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def in_threads(count, body):
    failures = []

    def run(i):
        try:
            body(i)
        except Exception as problem:  # tell of it where it is seen
            failures.append(f"{type(problem).__name__}: {problem}")

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(f"{len(failures)} of {count}: {failures[0]}")


def read_answer(peer):
    """The status of what comes, 0 for nothing; until the other side closes."""
    data = b""
    try:
        while piece := peer.recv(65536):
            data += piece
    except OSError:
        pass
    match = re.match(rb"HTTP/1\.1 (\d+)", data)
    return int(match[1]) if match else 0


def expect(got, *wanted):
    if got not in wanted:
        raise AssertionError(f"expected {wanted}, got {got}")


def fleeting(port, stream, amount):
    """200 clients that come and go, by turns in five ways."""
    def client(i):
        for turn in range(max(1, int(5 * amount))):
            how = (i + turn) % 5
            if how == 4:
                viewer = WebSocket("127.0.0.1", port, stream)
                viewer.receive()
                reset(viewer.socket)
                continue
            with connect(port) as peer:
                if how == 0:
                    continue
                peer.sendall(b"GET /v1/persons HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if how == 1:
                    expect(read_answer(peer), 200)
                elif how == 2:
                    peer.recv(10)
                    reset(peer)
    in_threads(200 if amount >= 1 else 60, client)


def slow_readers(port, stream, amount):
    """Viewers and downloads that take hardly anything."""
    def client(i):
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.settimeout(20)
        peer.connect(("127.0.0.1", port))
        if i % 2:
            peer.sendall(f"GET {stream} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        else:
            peer.sendall(b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 40)
        for _ in range(int(2 + 8 * amount)):
            peer.recv(100)
            time.sleep(0.5)
        reset(peer)
    in_threads(40, client)


def half_open(port, stream, amount):
    """Sockets that begin a request, or a body, and say no more."""
    beginnings = [b"", b"GET /health HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n",
                  b"POST /v1/talk HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"]
    peers = [connect(port) for _ in range(300)]
    for i, peer in enumerate(peers):
        peer.sendall(beginnings[i % len(beginnings)])
    time.sleep(2 + 8 * amount)
    for peer in peers:
        reset(peer)


def cut_uploads(port, stream, amount):
    """64 MB that break off in the middle."""
    half = bytes(1 << 20)

    def client(i):
        peer = connect(port)
        peer.sendall(b"POST /v1/uploads?name=a.mp4 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 67108864\r\n\r\n")
        for _ in range(int(32 * min(1, 4 * amount))):
            peer.sendall(half)
        reset(peer) if i % 2 else peer.close()
    in_threads(max(2, int(8 * amount)), client)


def frame(opcode, data):
    """A masked WebSocket frame; of a mask of zeros, which is as good as any."""
    return bytes([0x80 | opcode, 0x80 | len(data)]) + b"\0\0\0\0" + data


def messages(port, stream, amount):
    """10^6 small messages: sound, commands, and nonsense."""
    viewer = WebSocket("127.0.0.1", port, stream + "?rate=48000&media=none")
    stop = []

    def read():
        try:
            while not stop and viewer.socket.recv(1 << 16):
                pass
        except OSError:
            pass

    reader = threading.Thread(target=read)
    reader.start()
    sound = frame(2, struct.pack("<10h", *[random.randrange(-500, 500) for _ in range(10)]))
    block = (sound * 96 + frame(1, b'{"command": "end"}') + frame(1, b'{"command": "fly"}') + frame(2, b"odd") +
             frame(1, b'{"command": "interrupt"}'))
    for _ in range(int(10000 * amount)):
        viewer.socket.sendall(block)
    # All of them were taken: what is asked after them is answered.
    stop.append(True)
    viewer.socket.sendall(frame(8, b"\x03\xe8"))
    reader.join()
    viewer.socket.close()


def nonsense(port, stream, amount):
    """What is no UTF-8, no HTTP, has no length, or comes from elsewhere."""
    for _ in range(int(2 + 20 * amount)):
        viewer = WebSocket("127.0.0.1", port, stream + "?media=none")
        viewer.socket.sendall(frame(1, b'{"command": "\xff\xfe\xc0"}'))
        while viewer.receive() is not None:
            pass
        viewer.socket.close()
        for raw, status in (
                (b"POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n", 400),
                (b"POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", 400),
                (b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", 413),
                (b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", 400),
                (b"POST /v1/uploads HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 10\r\n\r\n", 403),
                (b"GET /v1/persons HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n", 403),
                (b"GET /v1/persons HTTP/1.1\r\n\r\n", 403),
                (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", 431),
                (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n", 400)):
            with connect(port) as peer:
                peer.sendall(raw)
                with contextlib.suppress(OSError):  # where the server has answered and gone already
                    peer.shutdown(socket.SHUT_WR)
                expect(read_answer(peer), status)
        with connect(port) as peer:  # an endless body
            try:
                peer.sendall(b"POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in range(200):
                    peer.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")
            except OSError:
                pass
            expect(read_answer(peer), 413, 0)  # 0: the answer was lost with the connection


def absent_peers(port, stream, amount):
    """WebRTC viewers that offer and never come, or leave at once."""
    offer = (ROOT / "tests/serve/offer.sdp").read_bytes()
    place = stream.replace("/stream", "/whep")

    def ask(method, path, body, more=b""):
        with connect(port) as peer:
            peer.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n".encode() +
                         b"Content-Type: application/sdp\r\n" + more + b"\r\n" + body)
            data = b""
            while piece := peer.recv(65536):
                data += piece
        return int(data.split()[1]), (re.search(rb"Location: (\S+)", data) or [b"", b""])[1].decode()

    for i in range(int(2 + 20 * amount)):
        status, viewer = ask("POST", place, offer)
        if status == 501:
            return
        expect(status, 201)
        expect(ask("POST", place, offer[:random.randrange(1, 200)])[0], 400)
        if i % 2 or amount < 1:
            expect(ask("DELETE", viewer, b"")[0], 200)


CLIENTS = {body.__name__: body for body in
           (fleeting, slow_readers, half_open, cut_uploads, messages, nonsense, absent_peers)}


# ---- the server and what it must do meanwhile

class Health(threading.Thread):
    """Asks all the time, on fresh connections."""

    def __init__(self, server):
        super().__init__()
        self.server, self.times, self.over = server, [], False

    def run(self):
        while not self.over:
            begin = time.monotonic()
            status = self.server.call("GET", "/health", timeout=10)[0]
            self.times.append((time.monotonic() - begin, status))
            time.sleep(0.05)


class Watcher(threading.Thread):
    """A viewer who reads all and notes when pictures came."""

    def __init__(self, server, stream):
        super().__init__()
        self.socket, self.times, self.over = WebSocket(server.host, server.port, stream), [], False

    def run(self):
        while not self.over:
            if isinstance(self.socket.receive(), bytes):
                self.times.append(time.monotonic())


class LoadTest(unittest.TestCase):
    def state(self, server):
        base = pathlib.Path(f"/proc/{server.process.pid}")
        return {"memory_mb": server.memory_mb(), "descriptors": len(os.listdir(base / "fd")), "threads": len(os.listdir(base / "task"))}

    def metric(self, server, name):
        return float(re.search(rf"^{name} (\S+)$", server.call("GET", "/metrics")[2].decode(), re.M)[1])

    def round(self, server, stream, amount):
        """All kinds of clients at once; each must end well."""
        running = [(name, subprocess.Popen([sys.executable, "-W", "ignore", __file__, "--client", name, str(server.port), stream,
                                            str(amount)], stderr=subprocess.PIPE)) for name in CLIENTS]
        for name, process in running:
            said = process.communicate(timeout=600)[1].decode(errors="replace")
            self.assertEqual(process.returncode, 0, f"{name}: {said}")

    def settled(self, server, before, seconds=40):
        """The state, once descriptors and threads are back, or as it is after that time."""
        end = time.monotonic() + seconds
        while True:
            now = self.state(server)
            back = now["descriptors"] <= before["descriptors"] and now["threads"] <= before["threads"]
            if back or time.monotonic() > end:
                return now
            time.sleep(0.2)

    def test_a_live_session_notices_nothing(self):
        with tempfile.TemporaryDirectory() as folder, Server(folder, *ANY_SPEED) as server:
            stream = server.json("POST", "/v1/sessions", {"person": "grid-s1"}, 201)["stream"]
            victim = server.json("POST", "/v1/sessions", {"person": "grid-s1"}, 201)["stream"]
            watcher = Watcher(server, stream)
            watcher.start()
            keep = WebSocket(server.host, server.port, victim + "?media=none")  # so that this session lives
            self.round(server, victim, 0.02)  # what is made once is made
            before = self.settled(server, self.state(server), 1)
            time.sleep(25 if not SHORT else 0)  # until absent WebRTC viewers are let go
            before = self.state(server) if not SHORT else before
            quiet = os.getloadavg()[0] < 1.5
            frames, late = (self.metric(server, "vultus_" + name) for name in ("frames_total", "late_frames_total"))
            health = Health(server)
            health.start()
            begin = time.monotonic()
            self.round(server, victim, 0.02 if SHORT else 1)
            seconds = time.monotonic() - begin
            health.over = True
            health.join()
            frames = self.metric(server, "vultus_frames_total") - frames
            late = self.metric(server, "vultus_late_frames_total") - late
            after = self.settled(server, before)
            gaps = [b - a for a, b in zip(watcher.times, watcher.times[1:]) if a > begin]
            slowest = max(took for took, _ in health.times)
            uploads = [file for file in (pathlib.Path(folder) / "uploads").rglob("*") if file.is_file()]
            print(f"{seconds:.0f} s; /health: {len(health.times)} answers, slowest {1000 * slowest:.0f} ms; {late:.0f} of {frames:.0f} "
                  f"frames late, longest gap {1000 * max(gaps):.0f} ms; before {before}, after {after}"
                  f"{'' if quiet else '; the machine was busy before'}")
            self.assertEqual({status for _, status in health.times}, {200})
            self.assertEqual(uploads, [])
            self.assertLessEqual(after["descriptors"], before["descriptors"])
            self.assertLessEqual(after["threads"], before["threads"])
            self.assertLess(after["memory_mb"] - before["memory_mb"], MOST_MB)
            self.assertGreater(len(gaps), seconds)  # a frame each second even where little is left of the processor
            if quiet and not SHORT:  # else others take the processor, from the clients too
                self.assertLess(slowest, MOST_HEALTH_S)
                self.assertLess(late, 0.02 * frames)
            watcher.over = True
            watcher.join()
            keep.close()
            self.assertEqual(server.stop(), 0, server.said())


if __name__ == "__main__":
    if "--client" in sys.argv:
        name, port, stream, amount = sys.argv[sys.argv.index("--client") + 1:]
        CLIENTS[name](int(port), stream, float(amount))
        sys.exit(0)
    unittest.main(argv=sys.argv[:1])

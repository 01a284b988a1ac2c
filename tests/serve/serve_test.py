"""`vultus serve` from outside: every route of its OpenAPI document, live sessions, jobs, and bad input."""
import http.client
import io
import json
import pathlib
import re
import shutil
import socket
import struct
import tempfile
import threading
import time
import unittest
import wave

from mp4 import boxes, probe
from server import ANY_SPEED, ROOT, Server
from websocket import WebSocket

SPEECH = ROOT / "samples/three-sentences.wav"
OFFER = ROOT / "tests/serve/offer.sdp"  # of Chromium 156, for video and audio to be received
HAS_VOICE = bool(shutil.which("flite"))
TOKEN = "0123456789abcdef0123"


def check(schema, value, document, where="answer"):
    """The part of JSON Schema that the document uses."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].split("/")[-1]]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
             "null": type(None)}
    if "type" in schema:
        wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(isinstance(value, kinds[kind]) and not (kind in ("integer", "number") and isinstance(value, bool))
                   for kind in wanted):
            raise AssertionError(f"{where}: expected {wanted}, got {value!r}")
    if "enum" in schema and value not in schema["enum"]:
        raise AssertionError(f"{where}: expected one of {schema['enum']}, got {value!r}")
    if isinstance(value, dict):
        missing = [name for name in schema.get("required", []) if name not in value]
        unknown = [name for name in value if "properties" in schema and name not in schema["properties"]]
        if missing or unknown:
            raise AssertionError(f"{where}: without {missing}, with {unknown}")
        for name, part in schema.get("properties", {}).items():
            if name in value:
                check(part, value[name], document, f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for part in value:
            check(schema["items"], part, document, where + "[]")


def sound(seconds=None):
    """The sample's sound as 16-bit bytes, and its rate."""
    with wave.open(str(SPEECH)) as file:
        frames = file.readframes(file.getnframes() if seconds is None else int(seconds * file.getframerate()))
        return frames, file.getframerate()


def short_wav(seconds=1.0):
    """The beginning of the sample, as a file's bytes."""
    frames, rate = sound(seconds)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(frames)
    return out.getvalue()


class Stream:
    """A viewer of a session that gathers what it gets."""

    def __init__(self, server, session, query=""):
        self.socket = WebSocket(server.host, server.port, session["stream"] + query)
        self.events, self.media, self.times = [], [], []

    def until(self, done, seconds=20):
        end = time.monotonic() + seconds
        while not done(self):
            if time.monotonic() > end:
                raise AssertionError(f"not in time; events: {self.events}")
            message = self.socket.receive()
            if message is None:
                raise AssertionError(f"closed; events: {self.events}")
            if isinstance(message, str):
                self.events.append({**json.loads(message), "at": time.monotonic()})
            else:
                self.media.append(message)
                self.times.append(time.monotonic())
        return self

    def event(self, name, seconds=20):
        self.until(lambda me: any(e["event"] == name for e in me.events), seconds)
        return [e for e in self.events if e["event"] == name][-1]


class Serve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.server = Server(cls.folder.name, *ANY_SPEED)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        said = cls.server.said()
        cls.folder.cleanup()
        if code != 0:
            raise AssertionError(f"the server ended with {code}: {said}")

    def session(self, **more):
        session = self.server.json("POST", "/v1/sessions", {"person": "grid-s1", **more}, 201)
        self.addCleanup(self.server.call, "DELETE", "/v1/sessions/" + session["id"])
        return session

    def finished(self, job, seconds=120):
        end = time.monotonic() + seconds
        while job["state"] in ("waiting", "running"):
            self.assertLess(time.monotonic(), end, job)
            time.sleep(0.1)
            job = self.server.json("GET", "/v1/jobs/" + job["id"])
        return job

    def test_openapi_is_what_the_server_does(self):
        document = self.server.json("GET", "/v1/openapi.json")
        session = self.session()
        upload = self.server.call("POST", "/v1/uploads?name=a.wav", short_wav())[2]
        job = self.server.json("POST", "/v1/jobs", {"kind": "talk", "person": "grid-s1", "upload": upload["id"]}, 202)
        job = self.finished(job)
        self.assertEqual(job["state"], "done", job)
        offer, sdp = OFFER.read_bytes(), {"Content-Type": "application/sdp"}
        status, headers, said = self.server.call("POST", f"/v1/sessions/{session['id']}/whep", offer, sdp)
        has_webrtc = status == 201
        if not has_webrtc:
            self.assertEqual((status, "GStreamer" in said["error"]["message"]), (501, True), said)
        ids = {"person": "grid-s1", "viewer": headers["Location"].rsplit("/", 1)[1] if has_webrtc else "", "session": session["id"], "job": job["id"], "name": "talk.mp4"}
        bodies = {("post", "/v1/talk"): {"person": "grid-s1", "text": "Hi."},
                  ("post", "/v1/uploads"): b"bytes",
                  ("post", "/v1/jobs"): {"kind": "talk", "person": "grid-s1", "upload": upload["id"]},
                  ("post", "/v1/sessions"): {"person": "grid-s1"},
                  ("post", "/v1/sessions/{session}/say"): {"text": "Hi."},
                  ("post", "/v1/sessions/{session}/whep"): offer,
                  ("patch", "/v1/sessions/{session}/whep/{viewer}"): b"a=mid:0\r\na=candidate:1 1 udp 2 127.0.0.1 9 typ host\r\n"}
        types = {"post": sdp, "patch": {"Content-Type": "application/trickle-ice-sdpfrag"}}
        # What deletes comes last.
        operations = [(method, path) for path, methods in document["paths"].items() for method in methods]
        for method, path in sorted(operations, key=lambda operation: (operation[0] == "delete", -len(operation[1]))):
            if not HAS_VOICE and ("talk" in path or "say" in path) or not has_webrtc and "whep" in path:
                continue
            with self.subTest(method=method, path=path):
                responses = document["paths"][path][method]["responses"]
                for wrong in (False, True):
                    place = re.sub(r"\{(\w+)\}", lambda m: "nobody" if wrong else ids[m[1]], path)
                    if wrong and place == path:
                        continue
                    more = types.get(method) if "whep" in path else None
                    status, headers, data = self.server.call(method.upper(), place, bodies.get((method, path)), more)
                    self.assertIn(str(status), responses, data)
                    self.assertEqual(status >= 400, wrong or path.endswith("/stream"))
                    if (method, path) == ("post", "/v1/sessions"):
                        self.server.json("DELETE", "/v1/sessions/" + data["id"])
                    content = responses[str(status)].get("content", {})
                    kind = headers["Content-Type"].split(";")[0]
                    if content and "application/octet-stream" not in content:
                        self.assertIn(kind, content)
                    if "application/json" in content:
                        check(content["application/json"]["schema"], data, document)
        for left in self.server.json("GET", "/v1/jobs")["jobs"]:
            self.server.json("DELETE", "/v1/jobs/" + left["id"])

    @unittest.skipUnless(HAS_VOICE, "flite is not installed")
    def test_a_text_is_seen_and_heard_live(self):
        stream = Stream(self.server, self.session())
        hello = stream.event("hello")
        self.assertIn("avc1.", hello["mime"])
        begun = time.monotonic()
        stream.socket.send(json.dumps({"command": "say", "text": "Hello there. [pause 200] How are you?"}))
        speaking = stream.event("speaking")
        first_ms = 1000 * (speaking["at"] - begun)
        silent = stream.event("silent")
        stream.event("said")
        stream.until(lambda me: len(me.media) > 100)
        spoken_s = sum(e["seconds"] for e in stream.events if e["event"] == "passage") + 0.2
        self.assertLess(abs(silent["time"] - speaking["time"] - spoken_s), 0.1)
        self.assertEqual(speaking["sample"], round(speaking["time"] * 16000))
        data = b"".join(stream.media)
        kinds = [kind for kind, _ in boxes(data)]
        self.assertEqual(kinds[:2], ["ftyp", "moov"])
        self.assertEqual(kinds[2:4], ["moof", "mdat"])
        told = probe(data)
        self.assertEqual(told["codecs"], ["aac", "h264"])
        self.assertLess(abs(told["video_s"] - told["audio_s"]), 0.1, told)
        self.assertIn("Synthetic", told["comment"])
        print(f"text to its first talking frame, in the program: {first_ms:.0f} ms")
        stream.socket.close()

    @unittest.skipUnless(HAS_VOICE, "flite is not installed")
    def test_interrupting_silences_at_once(self):
        session = self.session()
        stream = Stream(self.server, session)
        stream.event("hello")
        self.server.json("POST", f"/v1/sessions/{session['id']}/say", {"text": "One two three four five six. " * 5}, 202)
        stream.event("speaking")
        stream.until(lambda me: len(me.media) > 20)
        begun = time.monotonic()
        self.server.json("POST", f"/v1/sessions/{session['id']}/interrupt")
        silent = stream.event("silent", 5)
        last_ms = 1000 * (silent["at"] - begun)
        self.assertLess(last_ms, 200)
        count = len(stream.events)
        stream.until(lambda me: len(me.media) > 60)
        self.assertFalse([e for e in stream.events[count:] if e["event"] in ("speaking", "said")])
        print(f"interrupt to the first frame that is not spoken, in the program: {last_ms:.0f} ms")
        stream.socket.close()

    def test_sound_is_seen(self):
        frames, rate = sound(1.5)
        stream = Stream(self.server, self.session(), f"?rate={rate}")
        stream.event("hello")
        for at in range(0, len(frames), rate // 25 * 2):
            stream.socket.send(frames[at:at + rate // 25 * 2])
        stream.socket.send('{"command": "end"}')
        speaking, silent = stream.event("speaking"), stream.event("silent")
        self.assertLess(abs(silent["time"] - speaking["time"] - 1.5), 0.1)
        stream.socket.close()

    def test_the_head_takes_commands(self):
        session = self.session(head="still", blinks=False)
        lowest, highest = session["pose_range_deg"]["yaw"]
        self.assertLess(lowest, highest)
        stream = Stream(self.server, session)
        self.assertEqual(stream.event("hello")["pose_range_deg"], session["pose_range_deg"])

        # That pictures follow is tested in speaking.live_session: this head's range is too small for the encoder's bytes to tell.
        for command in ({"command": "pose", "yaw_deg": 90, "pitch_deg": None},
                        {"command": "look", "x": -1, "y": 0.5, "seconds": 0.2}, {"command": "pose"}):
            stream.socket.send(json.dumps(command))
            count = len(stream.media)
            stream.until(lambda me: len(me.media) >= count + 10)
        self.assertFalse([e for e in stream.events if e["event"] == "error"])
        stream.socket.close()

    def test_what_one_viewer_sends_wrongly_is_said(self):
        stream = Stream(self.server, self.session())
        for wrong in ("{", "[]", '{"command": "fly"}', '{"command": "pose", "yaw_deg": "left"}', '{"command": "look", "x": 2}', '{"command": "say"}', '{"command": "say", "text": 7}', b"odd"):
            count = len(stream.events)
            stream.socket.send(wrong)
            stream.until(lambda me: any(e["event"] == "error" for e in me.events[count:]))
        stream.socket.close()

    def test_a_video_comes_while_it_is_made(self):
        body = ("--b\r\nContent-Disposition: form-data; name=\"person\"\r\n\r\ngrid-s1\r\n"
                "--b\r\nContent-Disposition: form-data; name=\"audio\"; filename=\"s.wav\"\r\n\r\n").encode()
        body += short_wav(2.5) + b"\r\n--b--\r\n"
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        connection.request("POST", "/v1/talk", body, {"Content-Type": "multipart/form-data; boundary=b"})
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "video/mp4")
        begun = time.monotonic()
        data = answer.read(5000)
        first_s = time.monotonic() - begun
        data += answer.read()
        # 62 frames are drawn in no less: the rest came after the first.
        self.assertGreater(time.monotonic() - begun - first_s, 0.3)
        told = probe(data)
        self.assertLess(abs(told["video_s"] - 2.5), 0.05)
        self.assertLess(abs(told["audio_s"] - 2.5), 0.1)
        self.assertIn("grid-s1.vultus", told["comment"])

    def test_bad_input_has_the_right_status(self):
        call = self.server.call
        for status, method, path, body, headers in [
                (404, "GET", "/v1/persons/..%2f..%2fetc%2fpasswd/picture", None, {}),
                (404, "GET", "/../../etc/passwd", None, {}),
                (404, "GET", "/v1/jobs/x/files/../job.json", None, {}),
                (400, "GET", "/v1/%ff", None, {}),
                (400, "POST", "/v1/sessions", "{", {"Content-Type": "application/json"}),
                (400, "POST", "/v1/sessions", b"\xff\xfe", {"Content-Type": "application/json"}),
                (400, "POST", "/v1/sessions", "{}", {"Content-Type": "text/plain"}),
                (404, "POST", "/v1/sessions", {"person": "nobody"}, {}),
                (404, "POST", "/v1/sessions/nobody/whep", b"v=0", {"Content-Type": "application/sdp"}),
                (413, "POST", "/v1/sessions/nobody/whep", b"v" * 200000, {"Content-Type": "application/sdp"}),
                (400, "POST", "/v1/sessions", {"person": "grid-s1", "voice": "cmd:touch /tmp/x"}, {}),
                (400, "POST", "/v1/sessions", {"person": "grid-s1", "head_scale": 99}, {}),
                (400, "POST", "/v1/sessions", {"person": "grid-s1", "background": "/etc/hostname"}, {}),
                (400, "POST", "/v1/talk", {"person": "grid-s1", "text": "x", "background": "transparent"}, {}),
                (400, "POST", "/v1/talk", {"person": "grid-s1"}, {}),
                (400, "POST", "/v1/talk", {"person": "grid-s1", "text": "\ud800"}, {}),
                (400, "POST", "/v1/uploads?name=a.mp4", b"", {}),
                (400, "POST", "/v1/jobs", {"kind": "learn", "uploads": ["x"], "id": "a"}, {}),
                (413, "POST", "/v1/jobs", None, {"Content-Length": "2000000000", "Content-Type": "application/json"}),
                (405, "POST", "/health", "{}", {}),
                (403, "GET", "/health", None, {"Host": "evil.example"}),
                (403, "GET", "/v1/persons", None, {"Origin": "http://evil.example"}),
                (403, "GET", "/v1/persons", None, {"Origin": "null"}),
                (431, "GET", "/health", None, {"X": "y" * 20000}),
        ]:
            with self.subTest(method=method, path=path, body=body, headers=list(headers)):
                got, answered, data = call(method, path, body, headers)
                self.assertEqual(got, status, data)
                self.assertEqual(data["error"]["code"], status)
                self.assertNotIn("Access-Control-Allow-Origin", answered)

    def test_no_http_and_half_requests_are_ended(self):
        for raw in (b"\x16\x03\x01\x02\x00\x01", b"GARBAGE\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3):
            with socket.create_connection((self.server.host, self.server.port), 10) as peer:
                peer.sendall(raw)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(65536):
                    pass
        for _ in range(50):  # gone in the middle of a body
            peer = socket.create_connection((self.server.host, self.server.port), 10)
            peer.sendall(b"POST /v1/uploads?name=a.mp4 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 67108864\r\n\r\n" +
                         b"x" * 10000)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
        self.assertEqual(self.server.json("GET", "/health")["status"], "ok")
        deadline = time.monotonic() + 5
        uploads = pathlib.Path(self.folder.name) / "uploads"
        while any(file.is_file() and file.stat().st_size == 10000 for file in uploads.rglob("*")):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_what_is_no_offer_is_refused(self):
        place = f"/v1/sessions/{self.session()['id']}/whep"
        offer = OFFER.read_text()
        for wrong in ("", "hello", "v=0\r\n", offer.replace("recvonly", "sendonly"), offer.replace("VP8", "VP7").replace("opus", "opium"),
                      offer.replace("a=ice-ufrag", "a=ice-frag"), offer[:200], offer.replace("\n", "\n\0")):
            status, _, data = self.server.call("POST", place, wrong.encode(), {"Content-Type": "application/sdp"})
            if status == 501:
                self.skipTest(data["error"]["message"])
            self.assertEqual(status, 400, data)
            self.assertNotIn("\n", data["error"]["message"])
        self.assertEqual(self.server.call("POST", place, offer.encode(), {"Content-Type": "text/plain"})[0], 400)

    def test_a_websocket_of_another_page_is_refused(self):
        session = self.session()
        for header, name in (("Origin: http://evil.example", None), ("X: y", "evil.example")):
            with self.assertRaisesRegex(ConnectionError, "403"):
                WebSocket(self.server.host, self.server.port, session["stream"], [header], name=name)

    def test_slow_and_fleeting_viewers_disturb_nobody(self):
        session = self.session()
        good = Stream(self.server, session)
        good.event("hello")
        slow = [WebSocket(self.server.host, self.server.port, session["stream"]) for _ in range(10)]
        before = self.server.memory_mb()
        for _ in range(40):
            viewer = WebSocket(self.server.host, self.server.port, session["stream"])
            viewer.socket.close()
        start = len(good.media)
        begun = time.monotonic()
        good.until(lambda me: len(me.media) >= start + 50)
        self.assertLess(abs(time.monotonic() - begun - 2), 0.6)
        self.assertLess(self.server.memory_mb() - before, 60)
        for viewer in slow:
            viewer.socket.close()
        good.socket.close()

    def test_metrics(self):
        status, headers, data = self.server.call("GET", "/metrics")
        self.assertEqual(status, 200)
        names = {line.split("{")[0].split()[0] for line in data.decode().splitlines() if not line.startswith("#")}
        for name in ("vultus_sessions", "vultus_frames_total", "vultus_late_frames_total", "vultus_frame_seconds_bucket",
                     "vultus_resident_bytes"):
            self.assertIn(name, names)

    def test_the_page_is_whole_and_asks_nobody(self):
        status, headers, data = self.server.call("GET", "/")
        self.assertEqual(status, 200)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        total = 0
        words = {}
        for file in (ROOT / "web").iterdir():
            status, _, served = self.server.call("GET", "/" + file.name)
            self.assertEqual(status, 200, file.name)
            if file.name == "openapi.json":
                continue
            served = json.dumps(served).encode() if isinstance(served, dict) else served
            total += len(served)
            if file.suffix == ".json":
                words[file.stem] = json.loads(file.read_text())
            for outside in re.findall(r"https?://[\w.]+", file.read_text()):
                self.assertIn(outside, ("http://www.w3.org",), file.name)
        self.assertLess(total, 300000)
        self.assertEqual(set(words["en"]), set(words["de"]))
        used = set(re.findall(r'data-(?:text|placeholder)="(\w+)"', data.decode()))
        self.assertLessEqual(used, set(words["en"]))


class Other(unittest.TestCase):
    def test_only_named_pages_of_others_may_call(self):
        with tempfile.TemporaryDirectory() as folder, Server(folder, "--allow-origin", "http://localhost:8000") as server:
            ours = {"Origin": "http://localhost:8000"}
            status, headers, _ = server.call("GET", "/v1/persons", None, ours)
            self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (200, ours["Origin"]))
            self.assertEqual(server.call("OPTIONS", "/v1/talk", None, ours)[0], 204)
            status, headers, _ = server.call("GET", "/v1/persons", None, {"Origin": "http://localhost:8001"})
            self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (403, None))

    def test_a_token_is_asked_for(self):
        with tempfile.TemporaryDirectory() as folder:
            token = pathlib.Path(folder) / "token"
            token.write_text(TOKEN + "\n")
            with Server(folder, "--token-file", str(token)) as server:
                self.assertEqual(server.json("GET", "/health")["status"], "ok")
                self.assertEqual(server.call("GET", "/")[0], 200)
                for header in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer " + TOKEN[:-1] + "x"}):
                    self.assertEqual(server.call("GET", "/v1/persons", None, header)[0], 401)
                self.assertEqual(server.call("GET", "/metrics")[0], 401)
                self.assertEqual(server.call("GET", "/v1/persons", None, {"Authorization": "Bearer " + TOKEN})[0], 200)
                self.assertEqual(server.call("GET", "/v1/persons?token=" + TOKEN)[0], 200)

    def test_refuses_to_be_open_to_the_world_or_a_port_in_use(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(RuntimeError, "--token-file"):
                Server(folder, "--address", "0.0.0.0")
            with Server(folder) as server:
                with self.assertRaisesRegex(RuntimeError, "cannot listen"):
                    Server(pathlib.Path(folder) / "other", port=server.port)

    def test_more_sessions_than_hold_are_refused(self):
        with tempfile.TemporaryDirectory() as folder, Server(folder, "--most-load", "0.001") as server:
            session = server.json("POST", "/v1/sessions", {"person": "grid-s1"}, 201)
            status, headers, _ = server.call("POST", "/v1/sessions", {"person": "grid-s1"})
            self.assertEqual(status, 503)
            server.json("DELETE", "/v1/sessions/" + session["id"])
            server.json("POST", "/v1/sessions", {"person": "grid-s1"}, 201)
            self.assertGreater(int(headers["Retry-After"]), 0)

    def test_jobs_survive_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            with Server(folder) as server:
                upload = server.call("POST", "/v1/uploads?name=a.wav", short_wav())[2]
                talk = {"kind": "talk", "person": "grid-s1", "upload": upload["id"]}
                jobs = [server.json("POST", "/v1/jobs", talk, 202) for _ in range(3)]
                server.json("DELETE", "/v1/jobs/" + jobs[2]["id"])
                self.assertEqual(server.json("GET", "/v1/jobs/" + jobs[2]["id"])["state"], "cancelled")
                server.process.kill()  # as when the machine goes down
                server.process.wait()
            with Server(folder) as server:
                events = http.client.HTTPConnection(server.host, server.port, timeout=60)
                events.request("GET", f"/v1/jobs/{jobs[1]['id']}/events")
                told = [json.loads(line[6:]) for line in events.getresponse().read().decode().split("\n\n") if line]
                self.assertEqual(told[-1]["state"], "done", told[-1])
                for job in jobs[:2]:
                    job = server.json("GET", "/v1/jobs/" + job["id"])
                    self.assertEqual(job["state"], "done", job)
                    video = server.call("GET", job["results"][0]["url"])[2]
                    self.assertEqual(probe(video)["frames"], 25)
                self.assertEqual(server.json("GET", "/v1/jobs/" + jobs[2]["id"])["state"], "cancelled")
                server.json("DELETE", "/v1/jobs/" + jobs[0]["id"])
                self.assertEqual(server.call("GET", "/v1/jobs/" + jobs[0]["id"])[0], 404)


if __name__ == "__main__":
    unittest.main(warnings="ignore")

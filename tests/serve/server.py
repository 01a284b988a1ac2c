"""Starts `vultus serve` for a test and calls it."""
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("VULTUS", str(ROOT / "build/release/vultus"))
ANY_SPEED = ("--most-load", "8")  # takes sessions however slow this machine is
PERSON = str(ROOT / "models/grid-s1.vultus")


class Server:
    def __init__(self, data, *options, persons=(PERSON,), port=0):
        self.data = str(data)
        self.tls = None  # an SSLContext
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([PROGRAM, "serve", *persons, "--port", str(port), "--data", self.data, *map(str, options)],
                                        stderr=self.log, stdout=subprocess.DEVNULL)
        for _ in range(600):
            match = re.search(r"https?://(\S+):(\d+)/", self.said())
            if match:
                self.host, self.port = match[1].strip("[]"), int(match[2])
                return
            if self.process.poll() is not None:
                raise RuntimeError(self.said())
            time.sleep(0.05)
        raise RuntimeError("the server does not start: " + self.said())

    def said(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def call(self, method, path, body=None, headers=None, timeout=60):
        """Status, headers and body; JSON bodies come as objects."""
        connection = (http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.tls) if self.tls
                      else http.client.HTTPConnection(self.host, self.port, timeout=timeout))
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
            if "json" in (answer.headers["Content-Type"] or "") and data:
                data = json.loads(data)
            return answer.status, answer.headers, data
        finally:
            connection.close()

    def json(self, method, path, body=None, status=200):
        got, _, data = self.call(method, path, body)
        if got != status:
            raise AssertionError(f"{method} {path}: expected {status}, got {got}: {data}")
        return data

    def memory_mb(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, timeout=40):
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(timeout)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.process.kill()
                print(self.said(), file=sys.stderr)
                raise

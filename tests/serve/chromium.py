"""Chromium without a window, driven by its DevTools protocol."""
import base64
import http.client
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from websocket import WebSocket


class Chromium:
    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.log = tempfile.TemporaryFile()
        program = shutil.which("chromium")
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--autoplay-policy=no-user-gesture-required", "--use-fake-ui-for-media-stream",
             "--use-fake-device-for-media-stream", "--remote-debugging-port=0", f"--user-data-dir={self.folder.name}",
             "--disable-background-networking", "--disable-component-update", "--lang=en", *options, "about:blank"],
            stderr=self.log, stdout=subprocess.DEVNULL)
        for _ in range(600):
            self.log.seek(0)
            match = re.search(rb"DevTools listening on ws://127\.0\.0\.1:(\d+)/", self.log.read())
            if match:
                break
            time.sleep(0.05)
        else:
            raise RuntimeError("Chromium does not start")
        self.port = int(match[1])

    def open(self, url):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("PUT", "/json/new?about:blank")
        target = json.loads(connection.getresponse().read())
        connection.close()
        return Page(self, target["webSocketDebuggerUrl"], url)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()


class Page:
    def __init__(self, browser, address, url):
        path = address.split(f":{browser.port}", 1)[1]
        self.socket = WebSocket("127.0.0.1", browser.port, path, timeout=120)
        self.number = 0
        self.console, self.requests = [], []
        for domain in ("Page", "Runtime", "Network", "DOM", "Log"):
            self.command(domain + ".enable")
        self.go(url)

    def command(self, method, **params):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.receive())
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            if message.get("method") == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            if message.get("method") == "Log.entryAdded":
                self.console.append(message["params"]["entry"]["text"])
            if message.get("method") == "Runtime.exceptionThrown":
                self.console.append(json.dumps(message["params"]["exceptionDetails"]))

    def go(self, url):
        self.command("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def run(self, script):
        """The value of an expression; promises are waited for."""
        result = self.command("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True,
                              userGesture=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {}).get("description", str(result)))
        return result["result"].get("value")

    def wait(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while not self.run(condition):
            if time.monotonic() > end:
                raise AssertionError(f"not in time: {condition}; console: {self.console}; "
                                     f"page: {self.run('document.body.innerText')}")
            time.sleep(0.02)

    def files(self, selector, paths):
        root = self.command("DOM.getDocument")["root"]["nodeId"]
        node = self.command("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.command("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def picture(self, path, width, height, dark):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        time.sleep(0.3)
        data = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))
        return self.run("document.documentElement.scrollWidth <= innerWidth")

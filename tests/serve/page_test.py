"""The page in Chromium: type, see and hear, interrupt, make a person. Skips (77) without Chromium.

PICTURES=FOLDER keeps what the views look like.
"""
import os
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

from chromium import Chromium
from mp4 import probe
from server import ANY_SPEED, PROGRAM, ROOT, Server

# Watches the face: how much the lower half of the picture moves, and how loud it is, over the video's time. Cells of 16 px: noise
# and the mark of origin, which turns all the time, cancel out in them.
WATCH = """
window.seen = [];
(() => {
  const video = document.getElementById('face'), canvas = new OffscreenCanvas(16, 16);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  const audio = new AudioContext(), meter = audio.createAnalyser(), levels = new Float32Array(1024);
  meter.fftSize = 1024;
  window.listen = async () => { // once sound flows: a source made before stays silent in Chromium 156
    await audio.resume();
    if (video.srcObject) audio.createMediaStreamSource(video.srcObject).connect(meter);
    else audio.createMediaElementSource(video).connect(meter).connect(audio.destination);
  };
  let before;
  const look = (now, frame) => {
    context.drawImage(video, 0, 0, 16, 16);
    const pixels = context.getImageData(4, 9, 8, 6).data;
    let moved = 0;
    if (before) for (let i = 0; i < pixels.length; i += 4) moved += Math.abs(pixels[i] - before[i]);
    before = pixels;
    meter.getFloatTimeDomainData(levels);
    const loud = video.muted ? 0 : Math.sqrt(levels.reduce((sum, x) => sum + x * x, 0) / levels.length);
    window.seen.push({ at: now, time: frame.mediaTime, moved: moved / (pixels.length / 4), loud });
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
})(); true
"""


def pictures_folder(scratch):
    folder = pathlib.Path(os.environ.get("PICTURES", scratch))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.server = Server(cls.folder.name, *ANY_SPEED)
        cls.chromium = Chromium()
        cls.url = f"http://127.0.0.1:{cls.server.port}/"
        cls.pictures = pictures_folder(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.chromium.__exit__()
        cls.server.stop()
        cls.folder.cleanup()

    def look_at(self, page, name):
        for width, height in ((380, 900), (1280, 900)):
            for dark in (False, True):
                fits = page.picture(self.pictures / f"{name}-{width}-{'dark' if dark else 'light'}.png", width, height, dark)
                self.assertTrue(fits, f"{name} is wider than {width} px")

    def awake(self, first=""):
        page = self.chromium.open(self.url)
        self.addCleanup(page.go, "about:blank")  # its session would draw on
        page.wait("document.querySelectorAll('#persons button').length > 0")
        page.run(first + "; true")
        page.run("document.getElementById('wake').click()")
        page.wait("document.getElementById('still').hidden")
        page.run(WATCH)
        page.wait("window.seen.length > 50")
        page.run("listen()")
        return page

    def test_1_someone_types_and_sees_and_hears_it(self):
        page = self.awake()
        page.run("""window.clicked = performance.now();
            window.from = seen.length;
            document.getElementById('text').value = 'Bob met Mama. Papa Bobby waved at Mommy, and we all laughed.';
            document.getElementById('say').click()""")
        page.wait("seen.slice(from).some((f) => f.loud > 0.01)")
        page.wait("!document.getElementById('stop').disabled")
        self.look_at(page, "talk")
        page.wait("document.getElementById('stop').disabled", 60)
        page.wait("seen.at(-1).loud < 0.001")
        told = page.run("""(() => {
            const idle = seen.slice(10, from), spoken = seen.slice(from).filter((f) => f.loud > 0.01);
            const mean = (list) => list.reduce((sum, f) => sum + f.moved, 0) / list.length;
            return { idle: mean(idle), spoken: mean(spoken), first: spoken[0].at - clicked,
                     seconds: spoken.at(-1).time - spoken[0].time, frames: spoken.length }; })()""")
        self.assertGreater(told["spoken"], 2 * told["idle"], told)
        print(f"from the click to the first talking frame on the screen: {told['first']:.0f} ms; lips moved "
              f"{told['spoken']:.2f} against {told['idle']:.2f} levels at rest; {told['seconds']:.2f} s heard")
        page.run("document.getElementById('download').click()")
        page.wait("document.getElementById('status').textContent.includes('downloaded')", 180)
        job = self.server.json("POST", "/v1/jobs", {"kind": "talk", "person": "grid-s1", "text":
                               "Bob met Mama. Papa Bobby waved at Mommy, and we all laughed."}, 202)
        self.addCleanup(self.server.json, "DELETE", "/v1/jobs/" + job["id"])
        while job["state"] in ("waiting", "running"):
            time.sleep(0.1)
            job = self.server.json("GET", "/v1/jobs/" + job["id"])
        file_s = probe(self.server.call("GET", job["results"][0]["url"])[2])["audio_s"]
        # The file has the silences around the speech, too.
        self.assertLess(told["seconds"], file_s + 0.1)
        self.assertGreater(told["seconds"], file_s - 0.9)
        self.assertEqual([url for url in page.requests if not url.startswith((self.url, "blob:", "about:"))], [])
        self.assertEqual(page.console, [])

    def test_6_the_head_and_the_background_are_tuned(self):
        page = self.awake()
        corner = """(() => { const canvas = new OffscreenCanvas(16, 16), context = canvas.getContext('2d');
            context.drawImage(document.getElementById('face'), 0, 0, 16, 16);
            return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3); })()"""
        self.assertLess(page.run(corner)[0], 120)  # GRID's wall is blue
        page.run("""document.getElementById('background').value = '#ff6020';
            document.getElementById('background').oninput(); document.getElementById('apply').click()""")
        page.wait("document.getElementById('status').textContent.startsWith('Awake')")
        page.wait(f"(({corner})[0] > 235)", 60)
        for got, wanted in zip(page.run(corner), (0xff, 0x60, 0x20)):
            self.assertLess(abs(got - wanted), 16)
        # The mean of a second of pictures, for either side twice: sides differ more than times do.
        page.run("""window.mean = () => new Promise((done) => {
            const video = document.getElementById('face'), canvas = new OffscreenCanvas(32, 32), sum = new Float64Array(4096);
            const context = canvas.getContext('2d', { willReadFrequently: true }); let count = 0;
            const look = () => { context.drawImage(video, 0, 0, 32, 32);
                context.getImageData(0, 0, 32, 32).data.forEach((value, i) => { sum[i] += value; });
                if (++count < 25) video.requestVideoFrameCallback(look); else done([...sum].map((value) => value / 25)); };
            look(); }); true""")
        seen = []
        for key in ("ArrowLeft", "ArrowRight") * 2:
            page.run(f"""for (let i = 0; i < 10; ++i) setTimeout(() => document.getElementById('face').dispatchEvent(
                new KeyboardEvent('keydown', {{ key: '{key}', cancelable: true }})), 80 * i); true""")
            time.sleep(2.5)
            seen.append(page.run("mean()"))
        apart = lambda a, b: sum(abs(x - y) for x, y in zip(seen[a], seen[b])) / len(seen[a])
        sides, times = (apart(0, 1) + apart(2, 3)) / 2, (apart(0, 2) + apart(1, 3)) / 2
        print(f"the head turned by keys: {sides:.2f} levels from side to side, {times:.2f} from time to time")
        self.assertGreater(sides, 1.5 * times)
        self.assertEqual(page.console, [])

    def test_2_stop_is_quick(self):
        page = self.awake()
        page.run("""document.getElementById('text').value = 'one two three four five six seven. '.repeat(6);
            document.getElementById('say').click()""")
        page.wait("seen.at(-1).loud > 0.01")
        page.run("""new Promise((done) => setTimeout(done, 1500)).then(() => {
            window.stopped = performance.now(); document.getElementById('stop').click(); })""")
        page.wait("document.getElementById('status').textContent === 'Stopped.'")
        page.wait("performance.now() - stopped > 1500")
        told = page.run("""(() => {
            const after = seen.filter((f) => f.at > stopped);
            const loud = after.filter((f) => f.loud > 0.01);
            return { sound: loud.length ? loud.at(-1).at - stopped : 0, frames: after.length,
                     rest: after.slice(-15).reduce((sum, f) => sum + f.moved, 0) / 15 }; })()""")
        print(f"from the stop button to the last sound: {told['sound']:.0f} ms")
        self.assertLess(told["sound"], 200, told)
        self.assertGreater(told["frames"], 20, told)  # it goes on, at rest

    def test_5_without_webrtc_it_takes_the_websocket(self):
        # As where UDP is blocked: it is offered, and never connects.
        for first in ("delete window.RTCPeerConnection",
                      "RTCPeerConnection.prototype.setRemoteDescription = async () => {}"):
            page = self.awake(first)
            self.assertIsNone(page.run("document.getElementById('face').srcObject"))
            page.run("document.getElementById('text').value = 'Hello there.'; document.getElementById('say').click()")
            page.wait("seen.some((f) => f.loud > 0.01)")
            self.assertEqual(page.console, [])

    def test_3_the_microphone_is_heard(self):
        page = self.awake()
        page.run("document.getElementById('microphone').click()")
        page.wait("document.getElementById('status').textContent === 'Speaking'")
        page.run("document.getElementById('microphone').click()")
        page.wait("document.getElementById('status').textContent !== 'Speaking'")
        self.assertEqual(page.console, [])

    def test_4_making_a_person_and_coming_back(self):
        page = self.chromium.open(self.url + "#make")
        self.addCleanup(page.go, "about:blank")
        page.wait("document.getElementById('consent-date').value !== ''")
        page.files("#footage", sorted((ROOT / "samples").glob("*.mkv")))
        page.wait("document.querySelectorAll('#files li').length === 3")
        page.run("""for (const [id, value] of Object.entries({ 'person-id': 'tried', 'person-name': 'Somebody', minutes: '1',
                'consent-name': 'S. Body', 'consent-purpose': 'to try it' })) document.getElementById(id).value = value""")
        page.run("document.getElementById('start').click()")
        self.assertEqual(page.run("document.querySelectorAll('#jobs > li').length"), 0)  # not without consent
        page.run("document.getElementById('consent-true').click(); document.getElementById('start').click()")
        page.wait("document.querySelectorAll('#jobs > li').length === 1")
        page.wait("document.querySelectorAll('#jobs img').length > 0", 120)
        self.look_at(page, "make")
        page.go("about:blank")
        page.go(self.url + "#make")
        page.wait("document.querySelectorAll('#jobs > li').length === 1")
        if not (pathlib.Path(PROGRAM).parent / "vultus-train").exists():
            page.wait("document.querySelector('#jobs').innerText.includes('vultus-train')", 120)
            return
        page.wait("document.querySelector('#jobs .row .main') !== null", 600)
        self.look_at(page, "made")
        page.run("document.querySelector('#jobs .row .main').click()")
        page.wait("document.querySelectorAll('#persons button').length === 2")
        page.wait("document.getElementById('still').hidden", 60)
        self.assertIn("S. Body", page.run("document.getElementById('persons').innerText"))


if __name__ == "__main__":
    if not shutil.which("chromium"):
        sys.exit(77)
    unittest.main()

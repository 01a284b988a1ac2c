"""Just enough of MP4 to look into what the server sends."""
import json
import shutil
import subprocess
import tempfile
import unittest


def boxes(data):
    """(type, bytes) of the boxes at the top; what is cut short is an error."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        if size < 8 or at + size > len(data):
            raise ValueError(f"a box of {size} bytes at {at} of {len(data)}")
        yield data[at + 4:at + 8].decode("latin1"), data[at:at + size]
        at += size


def probe(data):
    """Seconds of picture and of sound, the comment, and the number of frames, by ffprobe."""
    if not shutil.which("ffprobe"):
        raise unittest.SkipTest("ffprobe is not installed")
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(data)
        file.flush()
        out = subprocess.run(["ffprobe", "-v", "error", "-of", "json", "-show_entries",
                              "format_tags=comment:stream=codec_type,codec_name:packet=codec_type,pts_time,duration_time",
                              file.name], capture_output=True, check=True).stdout
    told = json.loads(out)
    packets = told["packets"]

    def span(kind):
        times = [(float(p["pts_time"]), float(p.get("duration_time", 0))) for p in packets if p["codec_type"] == kind]
        return max(t + d for t, d in times) - max(0, min(t for t, _ in times)), len(times)

    video, num_frames = span("video")
    audio, _ = span("audio")
    return {"video_s": video, "audio_s": audio, "frames": num_frames,
            "comment": told["format"].get("tags", {}).get("comment", ""),
            "codecs": sorted(s["codec_name"] for s in told["streams"])}

#!/usr/bin/env python3
"""Calls `vultus serve` with nothing but the standard library: lists persons and voices, or makes a video of a text.

    talk_client.py [--server http://127.0.0.1:8765] [--token-file FILE]
    talk_client.py grid-s1 "Hello there." hello.mp4
"""
import argparse
import json
import pathlib
import urllib.error
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("person", nargs="?")
parser.add_argument("text", nargs="?")
parser.add_argument("out", nargs="?", default="talk.mp4")
parser.add_argument("--server", default="http://127.0.0.1:8765")
parser.add_argument("--token-file")
parser.add_argument("--voice", default="")
options = parser.parse_args()


def call(path, body=None):
    request = urllib.request.Request(options.server + path, json.dumps(body).encode() if body else None)
    request.add_header("Content-Type", "application/json")
    if options.token_file:
        request.add_header("Authorization", "Bearer " + pathlib.Path(options.token_file).read_text().strip())
    try:
        return urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        raise SystemExit(json.load(error)["error"]["message"])


if options.person is None:
    for person in json.load(call("/v1/persons"))["persons"]:
        print(f"{person['id']:20} {person['name']} ({person['licence']})")
    for voice in json.load(call("/v1/voices"))["voices"]:
        print(f"{voice['id']:20} {voice['description']}")
else:
    video = call("/v1/talk", {"person": options.person, "text": options.text or "", "voice": options.voice})
    with open(options.out, "wb") as file:
        while piece := video.read1(65536):  # as it is made
            file.write(piece)
    print("wrote", options.out)

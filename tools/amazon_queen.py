"""Speech and texts of "Flight of the Amazon Queen" (Debian package flight-of-the-amazon-queen, queen.1c).

The file begins with QTBL and lists members: name (12 bytes), volume (1), offset and size (4 each, big-endian).
Speech is MP3 at 11,025 Hz, one member for each piece of a line; lines stand in *.DOG (dialogues, both sides),
*.CUT (scenes) and QUEEN2.JAS (what the hero says of things). Integers are big-endian; a text is a length byte
and Latin-1 characters; "*" and two characters in it are stage directions, which end a piece.
"""

import re
import struct

MEMBER_HEADER_BYTES = 20
DIRECTION = re.compile(r"\*XY.{9}|\*..")  # *XY carries coordinates


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def number(self, code):
        value, = struct.unpack_from(code, self.data, self.at)
        self.at += struct.calcsize(code)
        return value

    def text(self, align):
        length = self.data[self.at]
        text = self.data[self.at + 1:self.at + 1 + length].decode("latin-1")
        self.at += 1
        if length:
            self.at = -(-(self.at + length) // align) * align
        return text


def members(data):
    if data[:4] != b"QTBL":
        raise ValueError("queen.1c: expected it to begin with QTBL")
    table = Reader(data, 13)
    found = {}
    for _ in range(table.number(">H")):
        name = data[table.at:table.at + 12].split(b"\0")[0].decode("latin-1")
        table.at += 13
        offset, size = table.number(">I"), table.number(">I")
        found[name] = data[offset:offset + size]
    return found


def pieces(prefix, text):
    for index, piece in enumerate(DIRECTION.split(text)):
        if piece.strip():
            yield f"{prefix}{index + 1:X}.SB", piece


def dialogue(data):
    """Pieces of both sides: file, who, text."""
    levels, _, key, of_hero, of_person = struct.unpack_from(">5h", data)
    person_at, = struct.unpack_from(">H", data, 22)
    for who, at, count in (("P", person_at, of_person), ("J", 32 + 96 * abs(levels), of_hero)):
        table = Reader(data, at)
        for _ in range(count):
            table.at += 2
            line = table.number(">H")
            for file, text in pieces(f"{key:02d}{line:04X}{who}", table.text(align=4)):
                yield file, who, text


def scene(name, data):
    texts = Reader(data, struct.unpack_from(">H", data, 8)[0])
    texts.text(align=2)
    for index in range(abs(struct.unpack_from(">h", data, 2)[0])):
        yield from pieces(f"{name:_<5}{index + 1:02d}", texts.text(align=2))


def recordings(data):
    """Yields (MP3 bytes, name, voice, text) of every piece that has both."""
    files = members(data)

    def found(file, voice, text):
        if file in files:
            yield files[file], file.removesuffix(".SB"), voice, text

    for name, content in files.items():
        stem, _, kind = name.partition(".")
        content = content[MEMBER_HEADER_BYTES:]
        if kind == "DOG":
            for file, who, text in dialogue(content):
                yield from found(file, "joe" if who == "J" else stem.rstrip("0123456789").lower(), text)
        elif kind == "CUT":
            for file, text in scene(stem, content):
                yield from found(file, "scenes", text)
    for index, line in enumerate(files["QUEEN2.JAS"].decode("latin-1").split("\r\n")):
        for file, text in pieces(f"JOE{index + 1:04d}", line):
            yield from found(file, "joe", text)

"""A WebSocket client on sockets alone (RFC 6455), for tests."""
import base64
import os
import socket
import struct


class WebSocket:
    def __init__(self, host, port, path, headers=(), timeout=20, name=None, tls=None):
        self.socket = socket.create_connection((host, port), timeout)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        self.held = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {name or f'{host}:{port}'}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.held:
            self._more()
        head, self.held = self.held.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])
        if self.status != 101:
            raise ConnectionError(f"status {self.status}")

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed")
        self.held += data

    def _take(self, count):
        while len(self.held) < count:
            self._more()
        data, self.held = self.held[:count], self.held[count:]
        return data

    def send(self, payload):
        text = isinstance(payload, str)
        data = payload.encode() if text else bytes(payload)
        self._frame(1 if text else 2, data)

    def _frame(self, opcode, data):
        mask = os.urandom(4)
        head = bytes([0x80 | opcode])
        if len(data) < 126:
            head += bytes([0x80 | len(data)])
        elif len(data) < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", len(data))
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", len(data))
        # XOR of whole numbers is fast enough for megabytes.
        long_mask = (mask * (len(data) // 4 + 1))[:len(data)]
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(long_mask, "big")).to_bytes(len(data), "big") if data else b""
        self.socket.sendall(head + mask + masked)

    def receive(self):
        """The next message: str or bytes; None when the other side closes."""
        message, kind = b"", None
        while True:
            first, second = self._take(2)
            size = second & 127
            if size == 126:
                size = struct.unpack(">H", self._take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self._take(8))[0]
            data = self._take(size)
            opcode = first & 15
            if opcode == 8:
                return None
            if opcode == 9:
                self._frame(10, data)
                continue
            if opcode == 10:
                continue
            kind = opcode or kind
            message += data
            if first & 0x80:
                return message.decode() if kind == 1 else message

    def close(self):
        try:
            self._frame(8, b"\x03\xe8")
        except OSError:
            pass
        self.socket.close()

"""`vultus serve` by https and wss, with certificates made here by OpenSSL's program."""
import http.client
import json
import pathlib
import socket
import ssl
import subprocess
import tempfile
import unittest

from server import Server
from websocket import WebSocket


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def certificate(folder, name, *signed_by):
    """NAME.pem and NAME.key for localhost, signed by the certificate of that name or by itself."""
    path = pathlib.Path(folder) / name
    by = ["-CA", f"{folder}/{signed_by[0]}.pem", "-CAkey", f"{folder}/{signed_by[0]}.key"] if signed_by else []
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", f"{path}.key", "-out", f"{path}.pem", *by)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kept = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.kept.name)
        for names in (("server",), ("authority",), ("friend", "authority"), ("stranger",)):
            certificate(cls.folder, *names)

    @classmethod
    def tearDownClass(cls):
        cls.kept.cleanup()

    def serve(self, *options):
        return Server(self.folder / "data", "--certificate", self.folder / "server.pem", "--key", self.folder / "server.key", *options)

    def context(self, client=None):
        context = ssl.create_default_context(cafile=self.folder / "server.pem")
        if client:
            context.load_cert_chain(self.folder / f"{client}.pem", self.folder / f"{client}.key")
        return context

    def test_requests_and_live_sessions_are_encrypted(self):
        with self.serve() as server:
            server.tls = self.context()
            self.assertEqual(server.json("GET", "/health")["status"], "ok")
            page = server.call("GET", "/")[2]
            self.assertIn(b"<html", page)
            session = server.json("POST", "/v1/sessions", {"person": "grid-s1"}, 201)
            stream = WebSocket(server.host, server.port, session["stream"], tls=server.tls)
            self.assertGreaterEqual(stream.socket.version(), "TLSv1.2")
            media = b""
            while len(media) < 50000:
                message = stream.receive()
                self.assertIsNotNone(message, "closed")
                if isinstance(message, str):
                    self.assertNotEqual(json.loads(message)["event"], "error")
                else:
                    media += message
            self.assertIn(b"ftyp", media[:64])
            # Several requests on one connection, and a body as it is made.
            connection = http.client.HTTPSConnection(server.host, server.port, context=server.tls, timeout=60)
            for _ in range(3):
                connection.request("GET", "/v1/persons")
                self.assertEqual(len(json.loads(connection.getresponse().read())["persons"]), 1)
            connection.close()

    def test_who_speaks_no_tls_is_told(self):
        with self.serve() as server:
            status, _, answer = server.call("GET", "/health")
            self.assertEqual(status, 400)
            self.assertIn("https", answer["error"]["message"])
            for rubbish in (b"\x16\x03\x01\x00\x05hello", b"\x00" * 100, b""):  # a broken handshake, no protocol, nothing
                with socket.create_connection((server.host, server.port), 5) as other:
                    other.sendall(rubbish)
            old = self.context()
            with self.assertWarns(DeprecationWarning):
                old.maximum_version = ssl.TLSVersion.TLSv1_1
            old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            server.tls = old
            with self.assertRaises(ssl.SSLError):
                server.call("GET", "/health")
            server.tls = self.context()
            self.assertEqual(server.json("GET", "/health")["status"], "ok")

    def test_only_clients_with_a_certificate_of_ours(self):
        with self.serve("--client-ca", self.folder / "authority.pem", "--address", "0.0.0.0") as server:
            server.host = "127.0.0.1"
            for client, let_in in ((None, False), ("stranger", False), ("friend", True)):
                server.tls = self.context(client)
                if let_in:
                    self.assertEqual(server.json("GET", "/v1/persons")["persons"][0]["id"], "grid-s1")
                else:
                    with self.assertRaises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
                        server.call("GET", "/health")

    def test_what_is_no_certificate_is_refused(self):
        text = self.folder / "text.pem"
        text.write_text("no certificate\n")
        for options, said in (((text,), "--certificate .*text.pem: expected a certificate"),
                              ((self.folder / "absent.pem",), "absent.pem: no such file"),
                              ((self.folder / "server.pem",), "--key .*expected the certificate's private key"),
                              ((self.folder / "server.pem", "--key", self.folder / "stranger.key"), "--key .*stranger.key"),
                              ((self.folder / "server.pem", "--key", self.folder / "server.key", "--client-ca", text), "--client-ca")):
            with self.assertRaisesRegex(RuntimeError, said):
                Server(self.folder / "data", "--certificate", *options)
        with self.assertRaisesRegex(RuntimeError, "need --certificate"):
            Server(self.folder / "data", "--key", self.folder / "server.key")


if __name__ == "__main__":
    unittest.main()

"""A company's web server that gets webhooks, and that a test may break; with TLS, a certificate of the test's own."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.races import PATIENCE


@dataclass
class ReceivedWebhook:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class WebhookReceiver:
    """A server on `port` that keeps what it gets in `received` and answers as configured.

    * `statuses`: the answers to come; after the last one, `status`.
    * `headers`, `body`: of every answer.
    * `hang_seconds`: waits so long before it answers.
    * `fault`: "reset" closes without an answer, "flood" sends a body without an end, "drip" a byte of a header now and
      then.
    """

    status: int = 204
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    hang_seconds: float = 0
    fault: str = ""
    received: list[ReceivedWebhook] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: Any = field(default_factory=threading.Lock, repr=False)
    stopped: threading.Event = field(default_factory=threading.Event, repr=False)

    def start(self, certificate: Path | None = None) -> None:
        receiver = self

        class ReceiverHandler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                with receiver.lock:
                    receiver.at_once += 1
                    receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
                try:
                    with suppress(OSError):
                        receiver.answer(self)
                finally:
                    with receiver.lock:
                        receiver.at_once -= 1

            do_GET = do_POST

            def log_message(self, *args: Any) -> None:
                pass

        class ReceiverServer(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: Any) -> None:
                pass  # the other side went away

        self.server = ReceiverServer(("127.0.0.1", 0), ReceiverHandler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(PATIENCE)

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?of=company"

    def answer(self, handler: Any) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        with self.lock:
            self.received.append(ReceivedWebhook(handler.path, dict(handler.headers), body))
            status = self.statuses.pop(0) if self.statuses else self.status
        self.stopped.wait(self.hang_seconds)
        if self.fault == "reset":
            handler.connection.close()
            return
        if self.fault == "drip":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.stopped.wait(0.05):
                handler.wfile.write(b"x")
            return
        handler.send_response(status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        if self.fault == "flood":
            handler.end_headers()
            while not self.stopped.is_set():
                handler.wfile.write(b"x" * 65536)
            return
        handler.send_header("Content-Length", str(len(self.body)))
        handler.end_headers()
        handler.wfile.write(self.body)

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while len(self.received) < count:
            assert time.monotonic() < deadline, f"{len(self.received)} of {count} webhooks came."
            time.sleep(0.02)


def write_certificate(path: Path, *names: str) -> Path:
    """Write a key and a certificate for these names, signed by itself, and return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives: list[x509.GeneralName] = []
    for each in names:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(each)))
        except ValueError:
            alternatives.append(x509.DNSName(each))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def receiver(settings: Any) -> Iterator[WebhookReceiver]:
    """A started receiver on this machine, where webhooks may go for once."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    one = WebhookReceiver()
    one.start()
    yield one
    one.stop()

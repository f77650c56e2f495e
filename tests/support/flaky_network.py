"""A proxy between a program and the running portal that fails as networks and proxies do."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit


@dataclass
class FlakyNetwork:
    """Forwards requests to the portal. `faults` are for the next ones:

    * "busy": a proxy answers 503 with Retry-After: 1, and the portal does not get the request;
    * "gateway": the portal gets the request, but a proxy answers 504;
    * "lost": the portal gets the request, but its response is lost;
    * "cut": the connection closes in the middle of the response's body.
    """

    origin: str
    faults: list[str] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.requests.append((handler.command, headers))
        body = handler.rfile.read(int(headers.get("content-length", 0)))
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "busy":
            handler.send_response(503)
            for name, value in (("Retry-After", "1"), ("Content-Length", "4"), ("Content-Type", "text/html")):
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(b"busy")
            return
        portal = http.client.HTTPConnection(urlsplit(self.origin).netloc, timeout=60)
        try:
            portal.request(handler.command, handler.path, body, headers)
            answer = portal.getresponse()
            content = answer.read()
        finally:
            portal.close()
        handler.close_connection = True
        if fault == "lost":
            return
        if fault == "gateway":
            handler.send_response(504)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2] if fault == "cut" else content)


@contextmanager
def flaky_network(origin: str) -> Iterator[FlakyNetwork]:
    """Run a proxy before the portal at `origin`."""
    network = FlakyNetwork(origin)

    class FlakyHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            network.handle(self)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), FlakyHandler)
    server.daemon_threads = True
    network.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield network
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

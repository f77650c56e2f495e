"""One request to an endpoint: to the address that was checked, within a time, and reading little (W3, W7, W8, ADR 63).

Libraries resolve the name of a host again when they connect. Then a name could lead to a public address when it is
checked and to a private one a moment later. Here the connection is opened to the address itself; the name is only for
TLS and the Host header. Nothing follows redirects, and no proxy of the environment is asked.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from api.webhook_addresses import AddressRefused, UrlRefused, WebhookUrl, parse_url, resolve

SECONDS = 15  # for everything after the name is resolved
CONNECT_SECONDS = 5  # for each address of a host
READ_BYTES = 4096  # of an answer
KEPT_CHARACTERS = 500
USER_AGENT = "smt-portal-webhooks/1"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True)
class WebhookOutcome:
    """What came of a request. `error` is empty if there was an answer, whatever its status."""

    status: int | None
    took_ms: int
    error: str = ""  # dns, refused, connect, tls, timeout, closed, url, secret
    response_start: str = ""
    retry_after: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send_request(url_text: str, body: bytes, headers: Mapping[str, str]) -> WebhookOutcome:
    """POST `body` once and return what came of it; never raises for what the other side does."""
    start = time.monotonic()
    status, error, text, retry_after = None, "", "", ""
    try:
        url = parse_url(url_text)
        found = resolve(url)
        deadline = time.monotonic() + SECONDS
        connection = open_connection(url, found, deadline)
        try:
            status, text, retry_after = _exchange(connection, url, body, headers, deadline)
        finally:
            connection.close()
    except UrlRefused:
        error = "url"
    except AddressRefused as refused:
        error = str(refused)
    except ssl.SSLCertVerificationError:
        error = "tls"
    except TimeoutError:
        error = "timeout"
    except ssl.SSLError:
        error = "tls"
    except ConnectionRefusedError:
        error = "connect"
    except (http.client.HTTPException, ValueError):
        error = "closed"
    except OSError as caught:
        error = "closed" if isinstance(caught, ConnectionError) else "connect"
    took_ms = round((time.monotonic() - start) * 1000)
    return WebhookOutcome(status, took_ms, error, text, retry_after)


def open_connection(url: WebhookUrl, found: list[tuple[Any, ...]], deadline: float) -> socket.socket:
    """Connect to the first of the checked addresses that answers. Raises OSError."""
    failure: OSError = ConnectionRefusedError()
    for family, kind, protocol, _name, sockaddr in found:
        raw = socket.socket(family, kind, protocol)
        try:
            raw.settimeout(min(_seconds_left(deadline), CONNECT_SECONDS))
            raw.connect(sockaddr)
        except OSError as error:
            raw.close()
            failure = error
            continue
        if url.scheme == "http":
            return raw
        try:
            raw.settimeout(_seconds_left(deadline))
            return tls_context().wrap_socket(raw, server_hostname=url.host)
        except BaseException:
            raw.close()
            raise
    raise failure


@cache
def tls_context() -> ssl.SSLContext:
    """Return what all connections share: the system's authorities, whose reading takes milliseconds."""
    return ssl.create_default_context()


def _exchange(
    connection: socket.socket, url: WebhookUrl, body: bytes, headers: Mapping[str, str], deadline: float
) -> tuple[int, str, str]:
    """Send the request and return status, beginning and Retry-After of the answer."""
    lines = [f"POST {url.target} HTTP/1.1", f"Host: {url.host_header}", f"User-Agent: {USER_AGENT}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "Accept-Encoding: identity", "Connection: close", "", ""]
    connection.settimeout(_seconds_left(deadline))
    connection.sendall("\r\n".join(lines).encode("ascii") + body)
    answer = http.client.HTTPResponse(_AnswerBytes(connection, deadline), method="POST")  # type: ignore[arg-type]
    try:
        answer.begin()
        try:
            start = answer.read(READ_BYTES)
        except (http.client.HTTPException, ValueError, OSError):
            start = b""  # the status is what counts
        text = _CONTROL.sub(" ", start.decode("utf-8", "replace"))[:KEPT_CHARACTERS]
        return answer.status, text, answer.headers.get("Retry-After", "")
    finally:
        answer.close()


class _AnswerBytes(io.RawIOBase):
    """What http.client reads from instead of a socket: waits for no byte longer than until `deadline`."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self.connection, self.deadline = connection, deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, READ_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.connection.settimeout(_seconds_left(self.deadline))
        return self.connection.recv_into(buffer)


def _seconds_left(deadline: float) -> float:
    """Return the time that is left. Raises TimeoutError when there is none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left

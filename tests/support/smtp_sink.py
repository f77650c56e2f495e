"""A mail server that a test may break."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from local.servers import free_port


@dataclass
class Delivery:
    """One message that the sink took: envelope and content."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


@dataclass
class SmtpSink:
    """A mail server on `port` that collects messages in `deliveries` and fails as configured.

    * `mail_reply`, `rcpt_reply`, `data_reply`: answer this instead, for example "451 try later" or "550 no such
      user"; an answer that starts with 2 still takes the message. `data_reply` may be a list: one answer for each
      message, then none.
    * `hang_at`: "rcpt" or "data" never answers (until `stop`).
    * `close_at`: "connect", "ehlo", "mail", "rcpt" or "data" (before its 354) closes the connection.
    * `drip_seconds`: EHLO is answered with a line every 0.1 s for so long, then the connection is closed.
    * `seconds_after_dot`: takes the message and says so that much later.
    * `drop_after_data`: takes the message, then closes the connection before its reply: the uncertain case.
    """

    port: int = field(default_factory=free_port)
    deliveries: list[Delivery] = field(default_factory=list)
    mail_reply: str = ""
    rcpt_reply: str = ""
    data_reply: str | list[str] = ""
    hang_at: str = ""
    close_at: str = ""
    drip_seconds: float = 0
    seconds_after_dot: float = 0
    drop_after_data: bool = False
    attempts: int = 0

    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _stopped: asyncio.Event | None = None
    _connections: list[asyncio.Transport] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        return [delivery.message for delivery in self.deliveries]

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(10), "The SMTP sink did not start."

    def stop(self) -> None:
        """Close the port and every connection at once; `start` opens the same port again."""
        if self._thread is not None:
            assert self._loop is not None and self._stopped is not None
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(10)
            assert not self._thread.is_alive(), "The SMTP sink did not stop."
            self._thread = None

    def wait_for(self, count: int, seconds: float = 10) -> list[Delivery]:
        """The deliveries, as soon as there are `count` of them."""
        deadline = time.monotonic() + seconds
        while len(self.deliveries) < count:
            assert time.monotonic() < deadline, f"{len(self.deliveries)} of {count} messages came in {seconds} s."
            time.sleep(0.02)
        return self.deliveries

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        listener = socket.create_server(("127.0.0.1", self.port))
        server = await self._loop.create_server(lambda: _Connection(self), sock=listener)
        ready.set()
        await self._stopped.wait()
        server.close()
        for connection in self._connections:
            connection.abort()
        self._connections.clear()


class _Connection(SMTP):
    def __init__(self, sink: SmtpSink) -> None:
        super().__init__(_Handler(sink), hostname="localhost", enable_SMTPUTF8=True)
        self.sink = sink

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.sink._connections.append(cast(asyncio.Transport, transport))
        super().connection_made(transport)
        self.close_if("connect")

    def close_if(self, phase: str) -> bool:
        if self.sink.close_at == phase and self.transport is not None:
            cast(asyncio.Transport, self.transport).abort()
        return self.sink.close_at == phase

    async def smtp_EHLO(self, hostname: str) -> None:
        for _ in range(round(self.sink.drip_seconds * 10)):
            await self.push("250-DRIP")
            await asyncio.sleep(0.1)
        if not self.close_if("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_DATA(self, arg: str) -> None:
        if not self.close_if("data"):
            await super().smtp_DATA(arg)


class _Handler:
    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        cast(_Connection, server).close_if("mail")
        if not self.sink.mail_reply:
            envelope.mail_from = address
        return self.sink.mail_reply or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        cast(_Connection, server).close_if("rcpt")
        if self.sink.hang_at == "rcpt":
            await asyncio.Event().wait()
        if self.sink.rcpt_reply and not self.sink.rcpt_reply.startswith("2"):
            return self.sink.rcpt_reply
        envelope.rcpt_tos.append(address)
        return self.sink.rcpt_reply or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.sink.attempts += 1
        if self.sink.hang_at == "data":
            await asyncio.Event().wait()
        reply = self.sink.data_reply
        if isinstance(reply, list):
            reply = reply.pop(0) if reply else ""
        if reply and not reply.startswith("2"):
            return reply
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.sink.deliveries.append(Delivery(envelope.mail_from or "", list(envelope.rcpt_tos), content))
        await asyncio.sleep(self.sink.seconds_after_dot)
        if self.sink.drop_after_data and server.transport is not None:
            cast(asyncio.Transport, server.transport).abort()
        return reply or "250 OK"


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A started mail server of the test's own; see `SmtpSink` for how to read and how to break it."""
    sink = SmtpSink()
    sink.start()
    yield sink
    sink.stop()

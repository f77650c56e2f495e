"""The mail server, one step at a time, so that delivery can commit a row between RCPT and DATA (E2, E5).

smtplib's timeout is for one read: a server that sends a line now and then never reaches it. Here each phase has one
deadline for all its reads and writes.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import re
import smtplib
import time
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from notifications.failures import FailureReason

SENT_AT_ONCE = 64 * 1024  # bytes


class DeliveryError(Exception):
    """An email was not delivered; `reason` says why."""

    def __init__(self, details: str, reason: FailureReason) -> None:
        super().__init__(details)
        self.reason = reason


def portal_host() -> str:
    """Return the host of settings.PORTAL_ORIGIN, the only name of ours that mail servers and customers see."""
    return urlsplit(settings.PORTAL_ORIGIN).hostname or "localhost"


# Refusals of a recipient or a message that are about us: the server does not relay for us or does not trust our
# domain. Correcting the settings helps every email, so that each waits.
_LOGIN_CODES = {530, 534, 535, 538}
_RECIPIENT_REFUSED_FOR_US = re.compile(r"\b5\.7\.\d+\b|\brelay", re.IGNORECASE)
_MESSAGE_REFUSED_FOR_US = re.compile(r"\b5\.7\.(8|9|2\d)\b")


class MailServer:
    """One connection to the server of the settings, for many emails, with `RSET` between them."""

    def __init__(self) -> None:
        self._backend = _Backend()
        self._is_used = False

    def open(self) -> None:
        """Connect, with TLS and login as the settings say. Raises DeliveryError."""
        with self._drop_at_failure(FailureReason.UNREACHABLE):
            try:
                self._backend.open()
                self._smtp.ehlo_or_helo_if_needed()
            except smtplib.SMTPResponseException as error:
                if error.smtp_code < 500:
                    raise
                self._drop()
                raise DeliveryError(_describe(error), FailureReason.SENDER_REJECTED) from None
        self._is_used = False

    def announce(self, sender: str, recipient: str) -> None:
        """Send MAIL and RCPT: may a message for `recipient` come? Raises DeliveryError."""
        if self._is_used and not self._is_reset():
            self._drop()  # a server may close the connection between two emails
            self.open()
        self._is_used = True
        with self._drop_at_failure(FailureReason.UNREACHABLE):
            self._limit("command")
            options = ["body=8bitmime"] if self._smtp.has_extn("8bitmime") else []
            code, reply = self._smtp.mail(parseaddr(sender)[1], options)
            if code >= 500:
                self._drop()  # no email can go out
                raise DeliveryError(f"{code} {_text(reply)}", FailureReason.SENDER_REJECTED)
            self._check_reply(code, reply)
            self._limit("command")
            code, reply = self._smtp.rcpt(recipient)
            is_about_us = code in _LOGIN_CODES or code >= 500 and bool(_RECIPIENT_REFUSED_FOR_US.search(_text(reply)))
            self._check_reply(code, reply, is_about_us=is_about_us)

    def hand_over(self, message: bytes) -> None:
        """Send DATA. Returning means that the server took the message. Raises DeliveryError."""
        with self._drop_at_failure(FailureReason.UNREACHABLE):  # without the final dot the server has no message
            self._limit("data")
            code, reply = self._smtp.docmd("data")
            if code != 354:
                self._check_reply(code, reply, is_about_us=code in _LOGIN_CODES)
                raise smtplib.SMTPDataError(code, reply)
            self._limit("body")
            body = re.sub(rb"(?m)^\.", b"..", message)
            self._smtp.send(body if body.endswith(b"\r\n") else body + b"\r\n")
        with self._drop_at_failure(FailureReason.UNCERTAIN):  # the server may or may not have the message
            self._limit("end")
            code, reply = self._smtp.docmd(".")
            if not (200 <= code < 300 or 400 <= code < 600):
                raise smtplib.SMTPDataError(code, reply)
            is_about_us = code in _LOGIN_CODES or code >= 500 and bool(_MESSAGE_REFUSED_FOR_US.search(_text(reply)))
            self._check_reply(code, reply, is_about_us=is_about_us)

    @property
    def is_open(self) -> bool:
        return self._backend.connection is not None

    def close(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if self._backend.connection:
                self._limit("quit")
            self._backend.close()

    @property
    def _smtp(self) -> _Limits:
        if self._backend.connection is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self._backend.connection

    def _limit(self, phase: str) -> None:
        """Give `phase` its time from now on."""
        self._smtp.deadline = time.monotonic() + settings.EMAIL_PHASE_SECONDS[phase]

    @contextlib.contextmanager
    def _drop_at_failure(self, reason: FailureReason) -> Iterator[None]:
        try:
            yield
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise DeliveryError(_describe(error), reason) from None

    def _is_reset(self) -> bool:
        try:
            self._limit("command")
            return self._smtp.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def _check_reply(self, code: int, reply: bytes, *, is_about_us: bool = False) -> None:
        details = f"{code} {_text(reply)}"
        if 200 <= code < 300:
            return
        if is_about_us:
            raise DeliveryError(details, FailureReason.SENDER_REJECTED)
        if code == 421 or not 400 <= code < 600:
            self._drop()  # the server closes: no email is to blame
            raise DeliveryError(details, FailureReason.UNREACHABLE)
        raise DeliveryError(details, FailureReason.REFUSED if code >= 500 else FailureReason.DEFERRED)

    def _drop(self) -> None:
        """Close without QUIT, which would wait for the answer of a server that answers nothing."""
        for connection in filter(None, (self._backend.connection, self._backend._partial_connection)):
            connection.close()
        self._backend.connection = self._backend._partial_connection = None


class _LimitedReader(io.RawIOBase):
    """Reads from a connection until its deadline."""

    def __init__(self, smtp: _Limits) -> None:
        self.smtp = smtp

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        received: int = self.smtp.limited_socket().recv_into(buffer)
        return received


class _Limits(smtplib.SMTP):
    """A connection whose reads and writes end at `deadline`; the first phase begins when it is made."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.deadline = time.monotonic() + settings.EMAIL_PHASE_SECONDS["connect"]
        super().__init__(*args, **options)

    def limited_socket(self) -> Any:
        """Return the socket with what is left of the phase as its timeout."""
        left = self.deadline - time.monotonic()
        if left <= 0 or self.sock is None:
            raise TimeoutError("timed out")
        self.sock.settimeout(left)
        return self.sock

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            self.file = io.BufferedReader(_LimitedReader(self))
        return super().getreply()

    def send(self, s: Any) -> None:
        data = s.encode(self.command_encoding) if isinstance(s, str) else s
        for begin in range(0, len(data), SENT_AT_ONCE):
            self.limited_socket()
            super().send(data[begin : begin + SENT_AT_ONCE])


class _LimitedSMTPS(_Limits, smtplib.SMTP_SSL):
    pass


class _Backend(EmailBackend):
    """Django's connection with our limits, which greets with the portal's public name instead of this machine's."""

    connection: _Limits | None
    _partial_connection: _Limits | None

    @property
    def connection_class(self) -> Any:
        smtp, name = _LimitedSMTPS if self.use_ssl else _Limits, portal_host()
        with contextlib.suppress(ValueError):
            name = f"[IPv6:{name}]" if ipaddress.ip_address(name).version == 6 else f"[{name}]"
        return lambda host, port, **options: smtp(host, port, **options | {"local_hostname": name})


def _text(reply: bytes | str) -> str:
    return reply if isinstance(reply, str) else reply.decode("utf-8", "replace")


def _describe(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__

"""The mail server, one step at a time, so that delivery can commit a row between RCPT and DATA (E2)."""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
from email.utils import parseaddr
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend


class UnreachableError(Exception):
    """Nobody listens, or whoever listens does not talk to us now: no email is to blame."""


class RefusedError(Exception):
    """The server said no to this email, which it did not take."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"{code} {words}")
        self.final = code >= 500


class UncertainError(Exception):
    """The connection broke while the message went out: the server may or may not have it."""


def portal_host() -> str:
    """The host of settings.PORTAL_ORIGIN, the only name of ours that a mail server and its customers see."""
    return urlsplit(settings.PORTAL_ORIGIN).hostname or "localhost"


# Answers to MAIL that are about our log-in, not about the message: mending the settings mends every email.
_LOGIN_CODES = {530, 534, 535, 538}
_CLOSING = 421


class MailServer:
    """One connection to the server of the settings; good for many emails, `RSET` between them."""

    def __init__(self) -> None:
        self._backend = _Backend()
        self._used = False

    def open(self) -> None:
        """Connect, with TLS and log-in as the settings say. Raises UnreachableError."""
        try:
            self._backend.open()
            self._smtp.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException, UnicodeError) as problem:
            self._drop()
            raise UnreachableError(_words_of(problem)) from None
        self._used = False

    def announce(self, sender: str, recipient: str) -> None:
        """MAIL and RCPT: may a message for `recipient` come? Raises UnreachableError or RefusedError."""
        if self._used:
            self._start_over()
        self._used = True
        try:
            options = ["body=8bitmime"] if self._smtp.has_extn("8bitmime") else []
            self._expect_yes(self._smtp.mail(parseaddr(sender)[1], options), about_us=True)
            self._expect_yes(self._smtp.rcpt(recipient))
        except (OSError, smtplib.SMTPServerDisconnected) as problem:
            self._drop()
            raise UnreachableError(_words_of(problem)) from None

    def hand_over(self, message: bytes) -> None:
        """DATA. Returning means the server took it. Raises UnreachableError, RefusedError or UncertainError."""
        try:
            reply = self._smtp.data(message)
        except smtplib.SMTPDataError as problem:  # no to the word DATA itself: not a byte of the message has gone out
            reply = (problem.smtp_code, _bytes(problem.smtp_error))
        except (OSError, smtplib.SMTPException) as problem:
            self._drop()
            raise UncertainError(_words_of(problem)) from None
        self._expect_yes(reply)

    def close(self) -> None:
        """Say good-bye, if anybody is still there."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._backend.close()

    @property
    def _smtp(self) -> smtplib.SMTP:
        if self._backend.connection is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self._backend.connection

    def _start_over(self) -> None:
        try:
            if self._smtp.rset()[0] == 250:
                return
        except (OSError, smtplib.SMTPException):
            pass  # closed between two emails, which a server may do
        self._drop()
        self.open()

    def _expect_yes(self, reply: tuple[int, bytes], *, about_us: bool = False) -> None:
        code, words = reply[0], _bytes(reply[1]).decode("utf-8", "replace")
        if 200 <= code < 300:
            return
        if code == _CLOSING or (about_us and code in _LOGIN_CODES) or not 400 <= code < 600:
            self._drop()
            raise UnreachableError(f"{code} {words}")
        raise RefusedError(code, words)

    def _drop(self) -> None:
        """Hang up without a word: a QUIT would wait for the answer of a server that answers nothing."""
        for connection in (self._backend.connection, self._backend._partial_connection):
            if connection is not None:
                connection.close()
        self._backend.connection = self._backend._partial_connection = None


class _Backend(EmailBackend):
    """Django's connection, but greeting with the portal's public name instead of this machine's."""

    connection: smtplib.SMTP | None
    _partial_connection: smtplib.SMTP | None

    @property
    def connection_class(self) -> Any:
        return partial(self._connect, super().connection_class)

    @staticmethod
    def _connect(connect: Any, host: str, port: int, **options: Any) -> smtplib.SMTP:
        smtp: smtplib.SMTP = connect(host, port, **options | {"local_hostname": _greeting()})
        return smtp


def _greeting() -> str:
    name = portal_host()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name
    return f"[IPv6:{name}]" if address.version == 6 else f"[{name}]"


def _bytes(words: bytes | str) -> bytes:
    return words.encode() if isinstance(words, str) else words


def _words_of(problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        return f"{problem.smtp_code} {_bytes(problem.smtp_error).decode('utf-8', 'replace')}"
    return getattr(problem, "strerror", None) or str(problem) or type(problem).__name__

"""The mail server, one step at a time, so that delivery can commit a row between RCPT and DATA (E2)."""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from notifications.failures import FailureReason


class DeliveryError(Exception):
    """An email was not delivered; `reason` says why."""

    def __init__(self, details: str, reason: FailureReason) -> None:
        super().__init__(details)
        self.reason = reason


def portal_host() -> str:
    """Return the host of settings.PORTAL_ORIGIN, the only name of ours that mail servers and customers see."""
    return urlsplit(settings.PORTAL_ORIGIN).hostname or "localhost"


# Replies to MAIL that are about our login, not about the message: correcting the settings helps every email.
_LOGIN_CODES = {530, 534, 535, 538}
_CLOSING = 421


class MailServer:
    """One connection to the server of the settings, for many emails, with `RSET` between them."""

    def __init__(self) -> None:
        self._backend = _Backend()
        self._is_used = False

    def open(self) -> None:
        """Connect, with TLS and login as the settings say. Raises DeliveryError."""
        try:
            self._backend.open()
            self._smtp.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self._drop()
            raise DeliveryError(_describe(error), FailureReason.UNREACHABLE) from None
        self._is_used = False

    def announce(self, sender: str, recipient: str) -> None:
        """Send MAIL and RCPT: may a message for `recipient` come? Raises DeliveryError."""
        try:
            is_reset = not self._is_used or self._smtp.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            is_reset = False
        if not is_reset:
            self._drop()  # a server may close the connection between two emails
            self.open()
        self._is_used = True
        try:
            options = ["body=8bitmime"] if self._smtp.has_extn("8bitmime") else []
            self._check_reply(self._smtp.mail(parseaddr(sender)[1], options), is_about_us=True)
            self._check_reply(self._smtp.rcpt(recipient))
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self._drop()
            raise DeliveryError(_describe(error), FailureReason.UNREACHABLE) from None

    def hand_over(self, message: bytes) -> None:
        """Send DATA. Returning means that the server took the message. Raises DeliveryError."""
        try:
            reply = self._smtp.data(message)
        except smtplib.SMTPDataError as error:  # no to the word DATA itself: not a byte of the message has gone out
            reply = (error.smtp_code, _as_bytes(error.smtp_error))
        except (OSError, smtplib.SMTPException) as error:  # the server may or may not have the message
            self._drop()
            raise DeliveryError(_describe(error), FailureReason.UNCERTAIN) from None
        self._check_reply(reply)

    def close(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._backend.close()

    @property
    def _smtp(self) -> smtplib.SMTP:
        if self._backend.connection is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self._backend.connection

    def _check_reply(self, reply: tuple[int, bytes], *, is_about_us: bool = False) -> None:
        code, details = reply[0], f"{reply[0]} {_as_bytes(reply[1]).decode('utf-8', 'replace')}"
        if 200 <= code < 300:
            return
        if code == _CLOSING or (is_about_us and code in _LOGIN_CODES) or not 400 <= code < 600:
            self._drop()  # no email is to blame
            raise DeliveryError(details, FailureReason.UNREACHABLE)
        raise DeliveryError(details, FailureReason.REFUSED if code >= 500 else FailureReason.DEFERRED)

    def _drop(self) -> None:
        """Close without QUIT, which would wait for the answer of a server that answers nothing."""
        for connection in (self._backend.connection, self._backend._partial_connection):
            if connection is not None:
                connection.close()
        self._backend.connection = self._backend._partial_connection = None


class _Backend(EmailBackend):
    """Django's connection, but it greets with the portal's public name instead of this machine's."""

    connection: smtplib.SMTP | None
    _partial_connection: smtplib.SMTP | None

    @property
    def connection_class(self) -> Any:
        smtp, name = super().connection_class, portal_host()
        with contextlib.suppress(ValueError):
            name = f"[IPv6:{name}]" if ipaddress.ip_address(name).version == 6 else f"[{name}]"
        return lambda host, port, **options: smtp(host, port, **options | {"local_hostname": name})


def _as_bytes(reply: bytes | str) -> bytes:
    return reply.encode() if isinstance(reply, str) else reply


def _describe(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_as_bytes(error.smtp_error).decode('utf-8', 'replace')}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__

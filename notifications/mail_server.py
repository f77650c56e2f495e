"""The mail server, one step at a time, so that delivery can commit a row between RCPT and DATA (E2)."""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
from collections.abc import Iterator
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


class MailServer:
    """One connection to the server of the settings, for many emails, with `RSET` between them."""

    def __init__(self) -> None:
        self._backend = _Backend()
        self._is_used = False

    def open(self) -> None:
        """Connect, with TLS and login as the settings say. Raises DeliveryError."""
        with self._drop_at_failure(FailureReason.UNREACHABLE):
            self._backend.open()
            self._smtp.ehlo_or_helo_if_needed()
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
        with self._drop_at_failure(FailureReason.UNREACHABLE):
            options = ["body=8bitmime"] if self._smtp.has_extn("8bitmime") else []
            self._check_reply(*self._smtp.mail(parseaddr(sender)[1], options), is_about_us=True)
            self._check_reply(*self._smtp.rcpt(recipient))

    def hand_over(self, message: bytes) -> None:
        """Send DATA. Returning means that the server took the message. Raises DeliveryError."""
        with self._drop_at_failure(FailureReason.UNCERTAIN):  # the server may or may not have the message
            try:
                self._check_reply(*self._smtp.data(message))
            except smtplib.SMTPDataError as error:  # no to the word DATA itself: not a byte of the message has gone out
                self._check_reply(error.smtp_code, error.smtp_error)

    def close(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._backend.close()

    @property
    def _smtp(self) -> smtplib.SMTP:
        if self._backend.connection is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self._backend.connection

    @contextlib.contextmanager
    def _drop_at_failure(self, reason: FailureReason) -> Iterator[None]:
        try:
            yield
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self._drop()
            raise DeliveryError(_describe(error), reason) from None

    def _check_reply(self, code: int, reply: bytes | str, *, is_about_us: bool = False) -> None:
        details = _describe(smtplib.SMTPResponseException(code, reply))
        if 200 <= code < 300:
            return
        if code == 421 or (is_about_us and code in _LOGIN_CODES) or not 400 <= code < 600:
            self._drop()  # the server closes, or rejects us: no email is to blame
            raise DeliveryError(details, FailureReason.UNREACHABLE)
        raise DeliveryError(details, FailureReason.REFUSED if code >= 500 else FailureReason.DEFERRED)

    def _drop(self) -> None:
        """Close without QUIT, which would wait for the answer of a server that answers nothing."""
        for connection in filter(None, (self._backend.connection, self._backend._partial_connection)):
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


def _describe(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return f"{error.smtp_code} {reply if isinstance(reply, str) else reply.decode('utf-8', 'replace')}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__

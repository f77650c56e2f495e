"""Development's mailbox: what the mail catcher of `make run` kept, read from settings.MAILBOX_DIR (E4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import MIMEPart
from email.policy import default
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import cast

from django.conf import settings

SEARCHED = 2000  # the newest so many; a search reads each
HEADER_BYTES = 16 * 1024


@dataclass(frozen=True)
class Attachment:
    number: int
    name: str
    content: bytes


class Mail:
    """One caught email. `name` is its file's name without `.eml`, and goes by time of arrival."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self._message = message_from_bytes(content, policy=default)

    @property
    def sent_from(self) -> str:
        return self._header("From")

    @property
    def to(self) -> str:
        """Whom it was really sent to; the To header says so only where nothing better is known."""
        return self._header("X-Envelope-To") or self._header("To")

    @property
    def subject(self) -> str:
        return self._header("Subject")

    @property
    def sent_at(self) -> datetime | None:
        try:
            return parsedate_to_datetime(self._header("Date"))
        except ValueError:
            return None

    @property
    def message_id(self) -> str:
        return self._header("Message-ID")

    @cached_property
    def text(self) -> str:
        return self._body("plain")

    @cached_property
    def html(self) -> str:
        return self._body("html")

    @cached_property
    def attachments(self) -> list[Attachment]:
        parts = self._message.iter_attachments() if self._message.is_multipart() else []
        return [
            Attachment(number, part.get_filename() or f"attachment-{number}", _bytes_of(part))
            for number, part in enumerate(parts, start=1)
        ]

    def _header(self, name: str) -> str:
        return str(self._message.get(name, ""))

    def _body(self, kind: str) -> str:
        part = self._message.get_body((kind,))
        if part is None:
            return ""
        charset = part.get_content_charset("utf-8")
        try:
            return _bytes_of(part).decode(charset, "replace")
        except LookupError:  # a character set that nobody knows
            return _bytes_of(part).decode("ascii", "replace")


def names() -> list[str]:
    """The names of all mails, newest first."""
    found = (path.stem for path in _directory().glob("*.eml"))
    return sorted((name for name in found if _is_name(name)), reverse=True)


def search(address: str) -> list[str]:
    """The names of the newest mails to an address that contains `address`, newest first."""
    return [name for name in names()[:SEARCHED] if (mail := glance(name)) and address.casefold() in mail.to.casefold()]


def glance(name: str) -> Mail | None:
    """A mail with its headers only, for a list; None if it is gone."""
    return _read(name, HEADER_BYTES)


def read(name: str) -> Mail | None:
    """The whole mail, or None if there is none of this name, whatever else lies at such a path."""
    return _read(name, -1)


def _read(name: str, size: int) -> Mail | None:
    path = _directory() / f"{name}.eml"
    if not _is_name(name) or path.is_symlink():
        return None
    try:
        with path.open("rb") as file:
            return Mail(name, file.read(size))
    except OSError:
        return None


def _bytes_of(part: MIMEPart) -> bytes:
    return cast(bytes, part.get_payload(decode=True)) or b""


def _is_name(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", name) is not None


def _directory() -> Path:
    return Path(settings.MAILBOX_DIR)

"""The emails that the mail catcher of `make run` saved in settings.MAILBOX_DIR (E4)."""

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

SEARCHED_COUNT = 2000  # a search reads each of the newest emails
HEADER_BYTES = 16 * 1024


@dataclass(frozen=True)
class Attachment:
    number: int
    name: str
    content: bytes


class CaughtEmail:
    """One saved email. `name` is its file name without `.eml`; names order by time of arrival."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self._message = message_from_bytes(content, policy=default)

    @property
    def sent_from(self) -> str:
        return self._header("From")

    @property
    def to(self) -> str:
        """The recipients of the envelope, or the To header if they are unknown."""
        return self._header("X-Envelope-To") or self._header("To")

    @property
    def subject(self) -> str:
        return self._header("Subject").strip()  # a long one is folded

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
            Attachment(number, part.get_filename() or f"attachment-{number}", _content(part))
            for number, part in enumerate(parts, start=1)
        ]

    def _header(self, name: str) -> str:
        return str(self._message.get(name, ""))

    def _body(self, kind: str) -> str:
        part = self._message.get_body((kind,))
        if part is None:
            return ""
        try:
            return _content(part).decode(part.get_content_charset("utf-8"), "replace")
        except LookupError:  # an unknown character set
            return _content(part).decode("ascii", "replace")


def list_names() -> list[str]:
    """Return the names of all emails, newest first."""
    names = (path.stem for path in Path(settings.MAILBOX_DIR).glob("*.eml"))
    return sorted(filter(_is_valid, names), reverse=True)


def search_names(address: str) -> list[str]:
    """Return the names of the newest emails whose recipients contain `address`, newest first."""
    emails = (read_email(name, HEADER_BYTES) for name in list_names()[:SEARCHED_COUNT])
    return [email.name for email in emails if email and address.casefold() in email.to.casefold()]


def read_email(name: str, max_bytes: int = -1) -> CaughtEmail | None:
    """Read an email, or its first `max_bytes`. Returns None if `name` is not that of a saved email."""
    path = Path(settings.MAILBOX_DIR) / f"{name}.eml"
    if not _is_valid(name) or path.is_symlink():
        return None
    try:
        with path.open("rb") as file:
            return CaughtEmail(name, file.read(max_bytes))
    except OSError:
        return None


def _content(part: MIMEPart) -> bytes:
    return cast(bytes, part.get_payload(decode=True)) or b""


def _is_valid(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", name) is not None

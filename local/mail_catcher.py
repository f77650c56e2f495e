"""Development's mail server: it saves every message as an .eml file and sends nothing (E4)."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from local.servers import free_port


def save_message(mailbox: Path, content: bytes, *, sender: str, recipients: list[str]) -> Path:
    """Write one message into `mailbox` and return its path. A reader sees the whole file or none.

    File names order by time of arrival. The envelope is put above the message's headers, which may omit recipients.
    """
    mailbox.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{time.time_ns():020d}-{secrets.token_hex(4)}.eml"
    envelope = f"X-Envelope-From: {sender}\r\nX-Envelope-To: {', '.join(recipients)}\r\n"
    unfinished = mailbox / f".{name}.new"
    unfinished.write_bytes(envelope.encode() + content)
    return unfinished.rename(mailbox / name)


class MailCatcher(Controller):
    """A mail server in a thread, on a free loopback port."""

    def __init__(self, mailbox: Path) -> None:
        super().__init__(self, hostname="127.0.0.1", port=free_port(), server_hostname="localhost")
        self.mailbox = mailbox
        self.url = f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        sender = envelope.mail_from or ""
        save_message(self.mailbox, envelope.content, sender=sender, recipients=list(envelope.rcpt_tos))
        return "250 Saved in the development mailbox"

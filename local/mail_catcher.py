"""Development's mail server: it saves every message as an .eml file and sends nothing (E4).

python -m local.mail_catcher MAILBOX_DIR SOCKET_FD
"""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


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


class SavingHandler:
    def __init__(self, mailbox: Path) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        try:
            save_message(self.mailbox, content, sender=envelope.mail_from or "", recipients=list(envelope.rcpt_tos))
        except OSError as error:
            return f"451 The development mailbox cannot be written: {error.strerror}"
        return "250 Saved in the development mailbox"


async def serve(mailbox: Path, listener: socket.socket) -> None:
    """Receive mail until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    handler = SavingHandler(mailbox)
    server = await loop.create_server(lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=True), sock=listener)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))))

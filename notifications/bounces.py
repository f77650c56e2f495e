"""Bounces: delivery status notifications that come back as mail mark the email that they are about (E7).

An email is recognized by its Message-ID, which is also in its return path: 122 random bits that only its recipient and
the mail servers on the way have seen. Whoever can name it in a forged bounce can only declare that email undelivered.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.iterators import typed_subpart_iterator
from email.message import Message
from enum import Enum
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db.models.functions import Now
from flufl.bounce import all_failures

from notifications.delivery import NO_LEASE, without_secrets
from notifications.failures import FailureReason, reply_code
from notifications.models import Email, EmailState

logger = logging.getLogger(__name__)

LONGEST_MESSAGE = 1024 * 1024  # bytes; what follows is the original's attachment
MOST_IDS = 50
_MESSAGE_ID = re.compile(rb"\b([0-9a-f]{32})@")
# The reasons of RFC 3463: class.subject.detail.
_STATUS = re.compile(r"\b([45])\.(\d{1,3})\.(\d{1,3})\b")
_NO_SUCH_ADDRESS = {"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"}


class BounceOutcome(Enum):
    RECORDED = "recorded"  # an email is marked as bounced
    DELAYED = "delayed"  # the mail server goes on trying
    NOT_OURS = "not_ours"  # about no email that the portal sent
    NOT_A_BOUNCE = "not_a_bounce"


def record_bounce(content: bytes, *, at: datetime | None = None) -> BounceOutcome:
    """Mark the email that a delivery status notification is about; change nothing for any other message."""
    message = message_from_bytes(content)
    try:
        delayed, failed = all_failures(message)
    except Exception as error:  # whatever a stranger's message makes the detectors raise
        logger.warning("A message was taken for no bounce: %s in a detector.", type(error).__name__)
        return BounceOutcome.NOT_A_BOUNCE
    if not failed:
        return BounceOutcome.DELAYED if delayed else BounceOutcome.NOT_A_BOUNCE
    ids = {found.decode() for found in islice(_MESSAGE_ID.findall(content), MOST_IDS)}
    emails = list(Email.objects.filter(message_id__in=ids).exclude(attempts=0).only("pk", "state")[:2])
    if len(emails) != 1:
        return BounceOutcome.NOT_OURS
    reason, details = _read_status(message)
    mark_bounced(emails[0], reason, details, at=at)
    return BounceOutcome.RECORDED


def mark_bounced(email: Email, reason: FailureReason, details: str, *, at: datetime | None = None) -> None:
    """Mark `email` as bounced unless it is; `details` are the mail server's words without personal data."""
    fields = {"state": EmailState.BOUNCED, "failure": reason, "last_error": details, "link_secret": None, **NO_LEASE}
    not_yet = Email.objects.filter(pk=email.pk).exclude(state=EmailState.BOUNCED)
    if not_yet.update(failed_at=at or Now(), **fields):
        logger.warning("Email %s bounced (%s). %s", email.pk, reason, reply_code(details))


def read_maildir(*, limit: int = 200, at: datetime | None = None) -> int:
    """Record the bounces among at most `limit` new messages of settings.BOUNCE_MAILDIR; return how many were read.

    Those that were understood are deleted; the others are kept as read, for people.
    """
    if not settings.BOUNCE_MAILDIR:
        return 0
    maildir, count = Path(settings.BOUNCE_MAILDIR), 0
    for file in islice((maildir / "new").iterdir(), limit):
        with contextlib.suppress(FileNotFoundError):  # another worker was faster
            with file.open("rb") as opened:
                outcome = record_bounce(opened.read(LONGEST_MESSAGE), at=at)
            if outcome in (BounceOutcome.RECORDED, BounceOutcome.DELAYED):
                file.unlink()
            else:
                file.rename(maildir / "cur" / f"{file.name}:2,S")
            count += 1
    return count


def _read_status(message: Message) -> tuple[FailureReason, str]:
    """Return the reason that a bounce gives, as a code and as the mail server's words without personal data."""
    for block in _failed_recipients(message):
        details = without_secrets(f"{block.get('status', '')} {block.get('diagnostic-code', '')}")[:500]
        if status := _STATUS.search(str(block.get("status", ""))):
            kind, subject = status[1], f"{status[2]}.{status[3]}"
            if subject in _NO_SUCH_ADDRESS and kind == "5":
                return FailureReason.NO_SUCH_ADDRESS, details
            if subject == "2.2":
                return FailureReason.MAILBOX_FULL, details
            if kind == "4" or status[2] == "4":
                return FailureReason.EXPIRED, details
        return FailureReason.REFUSED, details
    return FailureReason.REFUSED, ""


def _failed_recipients(message: Message) -> Iterator[Message]:
    for part in typed_subpart_iterator(message, "message", "delivery-status"):
        blocks = part.get_payload() if isinstance(part, Message) and part.is_multipart() else []
        for block in blocks if isinstance(blocks, list) else []:
            if isinstance(block, Message) and str(block.get("action", "")).lower().startswith(("fail", "error")):
                yield block

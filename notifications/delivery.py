"""From the outbox to the mail server: find due emails, claim them, hand them over, record the outcome (E2).

An email is claimed in one transaction, handed over outside of any, and recorded by UPDATEs that match our claim.
`handed` is committed before the first byte leaves: after a crash, a `sending` email was not sent, a `handed` may be.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.encoding import punycode

from lib import link_tokens
from notifications.failures import FailureReason
from notifications.mail_server import DeliveryError, MailServer, portal_host
from notifications.models import Email, EmailQuerySet, EmailState
from notifications.templatetags.plain_text import one_line

logger = logging.getLogger(__name__)

SHORTEST_PAUSE = timedelta(seconds=10)
# Reason -> which share of the time that the email has waited it waits again, and at most how long. While the server is
# away its return must be noticed soon; a server that said "later" is there.
BACK_OFF = {
    FailureReason.UNREACHABLE: (20, timedelta(minutes=1)),
    FailureReason.DEFERRED: (1, timedelta(hours=1)),
    FailureReason.UNCERTAIN: (1, SHORTEST_PAUSE),
}
NO_LEASE: dict[str, None] = {"lease": None, "leased_until": None}
_CONNECTING_LOCK = 0x534D5404  # "SMT", 4: held by the worker that connects to the mail server


def deliver_due(*, at: datetime | None = None) -> int:
    """Hand over every due email until the server cannot be reached; return how many it took. Any worker may run it."""
    if not Email.objects.due(at=at).exists():
        return 0
    server = MailServer()
    with _connecting_lock() as is_ours:
        if not is_ours:
            return 0  # the worker that is connecting will find these emails too
        try:
            server.open()
        except DeliveryError as error:
            if email := _claim(at):
                _record_failure(email, error, at)
            return 0
    sent_count = 0
    try:
        while email := _claim(at):
            try:
                sent_count += _send(email, server, at)
            except DeliveryError as error:
                _record_failure(email, error, at)
                if error.reason == FailureReason.UNREACHABLE:
                    break
    finally:
        server.close()
    return sent_count


def _send(email: Email, server: MailServer, at: datetime | None) -> bool:
    """Send a claimed email. Returns False if another worker has taken it meanwhile. Raises DeliveryError."""
    try:
        content = message_bytes(email)
    except (ValueError, LookupError, TypeError) as error:  # our own fault; the other emails must still go out
        raise DeliveryError(type(error).__name__, FailureReason.UNWRITABLE) from error
    server.announce(settings.DEFAULT_FROM_EMAIL, envelope_address(email))
    # DATA waits three times for the server; only a longer silence means that the worker is gone.
    until = (at or Now()) + max(settings.EMAIL_LEASE, timedelta(seconds=4 * settings.EMAIL_TIMEOUT))
    claimed = _claimed_row(email)
    if not claimed.filter(state=EmailState.SENDING).update(state=EmailState.HANDED, leased_until=until):
        logger.warning("Email %s was taken by another worker before it was handed over.", email.pk)
        return False
    server.hand_over(content)
    forgotten = {"failure": "", "last_error": "", "link_secret": None}
    if not claimed.update(state=EmailState.SENT, sent_at=at or Now(), **forgotten, **NO_LEASE):
        logger.error("Email %s was sent, but another worker took it meanwhile: it may go out twice.", email.pk)
    return True


def _claim(at: datetime | None) -> Email | None:
    """Claim the next due email for settings.EMAIL_LEASE; None when nothing is due or other workers hold all of it."""
    while True:
        with transaction.atomic(durable=True):
            due = Email.objects.due(at=at).select_for_update(skip_locked=True).order_by("due_at", "pk")
            email = due.annotate(clock=Now()).first()
            if email is None:
                return None
            moment: datetime = at or vars(email)["clock"]
            was_handed = email.state == EmailState.HANDED
            if was_handed and email.uncertain_attempts:
                _give_up(email, FailureReason.UNCERTAIN, email.last_error, at)
            elif email.attempts and moment - email.queued_at > settings.EMAIL_GIVE_UP_AFTER:
                reason = FailureReason(email.failure or FailureReason.UNREACHABLE)
                _give_up(email, reason, email.last_error or "Every worker that took it went silent.", at)
            else:
                email.state, email.lease = EmailState.SENDING, uuid.uuid4()
                email.leased_until = moment + settings.EMAIL_LEASE
                email.attempts += 1
                email.uncertain_attempts += was_handed
                email.save(update_fields=["state", "lease", "leased_until", "attempts", "uncertain_attempts"])
                return email


def _record_failure(email: Email, error: DeliveryError, at: datetime | None) -> None:
    """Queue a claimed email again after a pause, or give it up."""
    details = without_secrets(str(error))[:500]
    assert email.leased_until  # by _claim
    waited = email.leased_until - settings.EMAIL_LEASE - email.queued_at
    is_second_uncertain = error.reason == FailureReason.UNCERTAIN and email.uncertain_attempts
    if error.reason not in BACK_OFF or is_second_uncertain or waited > settings.EMAIL_GIVE_UP_AFTER:
        _give_up(email, error.reason, details, at)
        return
    share, longest_pause = BACK_OFF[error.reason]
    pause = min(max(waited / share, SHORTEST_PAUSE), longest_pause)
    uncertain_attempts = email.uncertain_attempts + (error.reason == FailureReason.UNCERTAIN)
    failure = {"uncertain_attempts": uncertain_attempts, "failure": error.reason, "last_error": details}
    _claimed_row(email).update(state=EmailState.QUEUED, due_at=(at or Now()) + pause, **failure, **NO_LEASE)
    logger.warning("Email %s waits %d s (%s). %s", email.pk, pause.total_seconds(), error.reason, details)


def _give_up(email: Email, reason: FailureReason, details: str, at: datetime | None) -> None:
    failure = {"failure": reason, "last_error": details}
    _claimed_row(email).update(state=EmailState.FAILED, failed_at=at or Now(), **failure, **NO_LEASE)
    logger.error("Email %s failed (%s). %s", email.pk, reason, details)


def _claimed_row(email: Email) -> EmailQuerySet:
    """Return the email's row while the claim in `email` is the latest one."""
    return Email.objects.filter(pk=email.pk, lease=email.lease)


def envelope_address(email: Email) -> str:
    """Return the recipient as SMTP wants it: the domain in ASCII."""
    local, _, domain = email.to_address.rpartition("@")
    return f"{local}@{punycode(domain)}"


def message_bytes(email: Email) -> bytes:
    """Return the message, ASCII only, with its link (X5). The Message-ID never changes: copies are recognized."""
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.DEFAULT_FROM_EMAIL
    message["To"] = envelope_address(email)
    message["Subject"] = email.subject
    message["Date"] = email.queued_at
    message["Message-ID"] = f"<{email.message_id}@{portal_host()}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = email.language
    message.set_content(with_link(email, email.text), cte="quoted-printable")
    message.add_alternative(with_link(email, email.html), subtype="html", cte="quoted-printable")
    if email.attachment is not None:
        pdf, name = bytes(email.attachment), email.attachment_name
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=name)
    return message.as_bytes()


def without_secrets(reply: str) -> str:
    """Return a mail server's `reply` without what it may have quoted: links, addresses, long numbers (X4, X5)."""
    reply = re.sub(r"\S*(?:://|/invitation/|/confirm/)\S*", "[link]", reply)
    reply = re.sub(r"\S+@\S+", "[address]", reply)
    reply = re.sub(r"[A-Za-z0-9_-]{30,}", "[...]", reply)
    reply = re.sub(r"\d{3,}(\d{7})", r"...\1", reply)
    return one_line(reply)


def with_link(email: Email, body: str) -> str:
    """Return `body` with the link in place of the placeholder. Raises ValueError if the key has changed."""
    if email.link_secret is not None:
        return body.replace(email.placeholder, link_tokens.decrypt_link(bytes(email.link_secret)))
    if email.link_nonce is None:
        return body
    return body.replace(email.placeholder, link_tokens.derive_token(bytes(email.link_nonce), email.link_purpose))


@contextmanager
def _connecting_lock() -> Iterator[bool]:
    """Yield whether this worker may connect. While one does, no other has to sit through the same timeout."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_CONNECTING_LOCK])
        (is_ours,) = cursor.fetchone()
        try:
            yield is_ours
        finally:
            if is_ours:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_CONNECTING_LOCK])

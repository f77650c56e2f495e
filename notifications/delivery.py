"""From the outbox to the mail server: find due emails, claim them, hand them over, record the outcome (E2).

An email is claimed in one transaction, handed over outside of any, and recorded by UPDATEs that match our claim.
`handed` is committed before the first byte leaves: after a crash, a `sending` email was not sent, a `handed` may be.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections import Counter
from datetime import datetime, timedelta
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.encoding import punycode

from lib import link_tokens
from notifications.failures import FailureReason, reply_code
from notifications.mail_server import DeliveryError, MailServer, portal_host
from notifications.models import Email, EmailQuerySet, EmailState
from notifications.pauses import must_wait
from notifications.templatetags.plain_text import one_line
from notifications.wakeup import wake_workers

logger = logging.getLogger(__name__)

SHORTEST_PAUSE = timedelta(seconds=10)
# Reason -> which share of the time that the email has waited it waits again, and at most how long. While the server is
# away its return must be noticed soon; a server that said "later" is there.
BACK_OFF = {
    FailureReason.UNREACHABLE: (20, timedelta(minutes=1)),
    FailureReason.DEFERRED: (1, timedelta(hours=1)),
    FailureReason.SENDER_REJECTED: (1, timedelta(minutes=10)),
}
UNCERTAIN_PAUSE = timedelta(minutes=15)
# A worker may wait for the server all these phases long before an email is handed over, and after that.
LONGEST_LEASE = timedelta(minutes=20)
HANDED_LEASE = timedelta(minutes=25)
RUN_SECONDS = 10
COMPANY_SHARE = 50  # emails about one company that a run delivers before it turns to others
NO_LEASE: dict[str, None] = {"lease": None, "leased_until": None}


SUBJECT_LINE = 76  # characters, as RFC 2047 wants it of encoded words


class MessagePolicy(EmailPolicy):
    """SMTP's policy, but a subject begins on its own line: Python may put all of it on the next one.

    Some mail programs then display it with a leading space, or as empty. An address is one line: Python would encode a
    long one, and mail programs don't decode it.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if name == "List-Unsubscribe":
            return f"{name}: {value}{self.linesep}".encode("ascii")
        if name != "Subject":
            return super().fold_binary(name, value)
        folded = Header(str(value), header_name=name, maxlinelen=SUBJECT_LINE).encode(linesep=self.linesep)
        return f"{name}: {folded}{self.linesep}".encode("ascii")


POLICY = MessagePolicy(**{name: getattr(SMTP, name) for name in ("linesep", "max_line_length", "utf8")})


def deliver_due(*, at: datetime | None = None) -> int:
    """Hand over due emails for RUN_SECONDS or until the server is away; return how many it took (E2, E6).

    Urgent ones go first. A company's emails beyond its share wait for the next run, which is started at once.
    """
    end, sent_count = time.monotonic() + RUN_SECONDS, 0
    shares: Counter[int] = Counter()
    if not Email.objects.due(at=at).exists():
        return 0
    server = MailServer()
    try:
        server.open()
    except DeliveryError as error:
        if email := _claim(at, shares):
            _record_failure(email, error, at)
        return 0
    try:
        while time.monotonic() < end and (email := _claim(at, shares)):
            try:
                sent_count += _send(email, server, at)
            except DeliveryError as error:
                _record_failure(email, error, at)
                if not server.is_open:
                    return sent_count
    finally:
        server.close()
    if Email.objects.due(at=at).exists():
        wake_workers("email queued")
    return sent_count


def _send(email: Email, server: MailServer, at: datetime | None) -> bool:
    """Send a claimed email. Returns False if another worker has taken it meanwhile. Raises DeliveryError."""
    try:
        recipient, content = envelope_address(email), message_bytes(email)
    except Exception as error:  # whatever is wrong with it, the other emails must still go out
        raise DeliveryError(type(error).__name__, FailureReason.UNWRITABLE) from error
    server.announce(return_path(email), recipient)
    claimed = _claimed_row(email)
    until = (at or Now()) + HANDED_LEASE
    if not claimed.filter(state=EmailState.SENDING).update(state=EmailState.HANDED, leased_until=until):
        logger.warning("Email %s was taken by another worker, or withheld, before it was handed over.", email.pk)
        return False
    server.hand_over(content)
    forgotten = {"failure": "", "last_error": "", "link_secret": None}
    if not claimed.update(state=EmailState.SENT, sent_at=at or Now(), **forgotten, **NO_LEASE):
        logger.error("Email %s was sent, but another worker took it meanwhile: it may go out twice.", email.pk)
    return True


def _claim(at: datetime | None, shares: Counter[int]) -> Email | None:
    """Claim the next due email; None when nothing is due but what other workers hold and what exceeds `shares`.

    The lease begins with settings.EMAIL_LEASE, so that a dead worker delays an email little, and doubles with each
    attempt, so that a server that answers slowly is waited for in the end.
    """
    while True:
        with transaction.atomic(durable=True):
            email = _lock_next(at, shares)
            if email is None:
                return None
            moment: datetime = at or vars(email)["clock"]
            was_handed = email.state == EmailState.HANDED
            if must_wait(email):
                uncertain_attempts = email.uncertain_attempts + was_handed
                waits = {"state": EmailState.ON_HOLD, "uncertain_attempts": uncertain_attempts, **NO_LEASE}
                _claimed_row(email).update(**waits)
            elif email.useful_until and moment > email.useful_until:
                withheld = {"state": EmailState.WITHHELD, "failure": FailureReason.TOO_LATE, **NO_LEASE}
                _claimed_row(email).update(**withheld, link_secret=None)
            elif was_handed and email.uncertain_attempts:
                _give_up(email, FailureReason.UNCERTAIN, email.last_error, at)
            elif email.attempts and moment - email.queued_at > settings.EMAIL_GIVE_UP_AFTER:
                reason = FailureReason(email.failure or FailureReason.UNREACHABLE)
                _give_up(email, reason, email.last_error or "Every worker that took it went silent.", at)
            else:
                email.state, email.lease = EmailState.SENDING, uuid.uuid4()
                lease = min(settings.EMAIL_LEASE * 2 ** min(email.attempts, 10), LONGEST_LEASE)
                email.leased_until = moment + lease
                email.attempts += 1
                email.uncertain_attempts += was_handed
                email.save(update_fields=["state", "lease", "leased_until", "attempts", "uncertain_attempts"])
                if email.company_id is not None:
                    shares[email.company_id] += 1
                return email


def _lock_next(at: datetime | None, shares: Counter[int]) -> Email | None:
    """Lock a silent worker's email, or else the first of the queue. Two queries, each in the order of an index."""
    emails = Email.objects.select_for_update(skip_locked=True).annotate(clock=Now())
    if email := emails.silent(at=at).order_by("leased_until", "pk").first():
        return email
    spent = [company for company, count in shares.items() if count >= COMPANY_SHARE]
    others = emails.exclude(company_id__in=spent) if spent else emails
    return others.queued(at=at).order_by("priority", "due_at", "pk").first()


def _record_failure(email: Email, error: DeliveryError, at: datetime | None) -> None:
    """Queue a claimed email again after a pause, or give it up."""
    details = without_secrets(str(error))[:500]
    waited = (at or vars(email)["clock"]) - email.queued_at
    is_uncertain = error.reason == FailureReason.UNCERTAIN
    is_final = error.reason not in BACK_OFF and not is_uncertain
    if is_final or (is_uncertain and email.uncertain_attempts) or waited > settings.EMAIL_GIVE_UP_AFTER:
        _give_up(email, error.reason, details, at)
        return
    if is_uncertain:
        pause = UNCERTAIN_PAUSE
    else:
        share, longest_pause = BACK_OFF[error.reason]
        pause = min(max(waited / share, SHORTEST_PAUSE), longest_pause)
    uncertain_attempts = email.uncertain_attempts + is_uncertain
    failure = {"failure": error.reason, "last_error": details, "uncertain_attempts": uncertain_attempts}
    _claimed_row(email).update(state=EmailState.QUEUED, due_at=(at or Now()) + pause, **failure, **NO_LEASE)
    level = logging.ERROR if error.reason == FailureReason.SENDER_REJECTED else logging.WARNING
    logger.log(
        level, "Email %s waits %d s (%s). %s", email.pk, pause.total_seconds(), error.reason, reply_code(details)
    )


def _give_up(email: Email, reason: FailureReason, details: str, at: datetime | None) -> None:
    failure = {"failure": reason, "last_error": details}
    _claimed_row(email).update(state=EmailState.FAILED, failed_at=at or Now(), **failure, **NO_LEASE)
    logger.error("Email %s failed (%s). %s", email.pk, reason, reply_code(details))


def _claimed_row(email: Email) -> EmailQuerySet:
    """Return the email's row while the claim in `email` is the latest one."""
    return Email.objects.filter(pk=email.pk, lease=email.lease)


def envelope_address(email: Email) -> str:
    """Return the recipient as SMTP wants it: the domain in ASCII."""
    local, _, domain = email.to_address.rpartition("@")
    return f"{local}@{punycode(domain)}"


def return_path(email: Email) -> str:
    """Return where bounces go: settings.BOUNCE_ADDRESS with the Message-ID in it, or else the sender (E7)."""
    local, _, domain = str(settings.BOUNCE_ADDRESS).rpartition("@")
    if not local:
        return str(settings.DEFAULT_FROM_EMAIL)
    return f"{local}+{email.message_id}@{domain}"


def message_bytes(email: Email) -> bytes:
    """Return the message, ASCII only, with its link (X5). The Message-ID never changes: copies are recognized."""
    message = EmailMessage(policy=POLICY)
    message["From"] = settings.DEFAULT_FROM_EMAIL
    message["To"] = envelope_address(email)
    message["Subject"] = email.subject
    message["Date"] = email.queued_at
    message["Message-ID"] = f"<{email.message_id}@{portal_host()}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = email.language
    if email.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{with_link(email, email.unsubscribe_url)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(with_link(email, email.text), cte="quoted-printable")
    message.add_alternative(with_link(email, email.html), subtype="html", cte="quoted-printable")
    for file in email.attachments.all():
        message.add_attachment(bytes(file.content), maintype="application", subtype="pdf", filename=file.name)
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

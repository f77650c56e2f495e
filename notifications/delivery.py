"""From the outbox to the mail server: find due, claim, hand over, record (E2).

An email is claimed in one transaction, handed over outside of any, and recorded by conditional UPDATEs that hit only
while the claim is still ours. `handed` is committed before the first byte of the message leaves: after a crash, a
`sending` email was certainly not sent and a `handed` one may have been.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from notifications import message
from notifications.mail_server import MailServer, RefusedError, UncertainError, UnreachableError
from notifications.models import Email, EmailQuerySet, EmailState

logger = logging.getLogger(__name__)

SHORTEST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE_AWAY = timedelta(minutes=1)  # the server is away: its return must be noticed soon
LONGEST_PAUSE_REFUSED = timedelta(hours=1)  # the server is there and said "later"
_ONE_CONNECTS = 0x534D5404  # "SMT", 4: who connects to the mail server

MAY_HAVE_ARRIVED = "The connection broke twice while the message went out. It may have arrived, so nobody tries again."


def deliver_due(*, at: datetime | None = None) -> int:
    """Hand over every email that is due; the number of those the mail server took. Any number of workers may run this.

    A server that cannot be reached ends the run: one time-out, whatever number of emails waits.
    """
    if not Email.objects.due(at=at).exists():
        return 0
    server = MailServer()
    with _only_one_connects() as we:
        if not we:
            return 0  # who is connecting now will find our email too
        try:
            server.open()
        except UnreachableError as problem:
            if email := _claim(at):
                _postpone_unreachable(email, problem, at)
            return 0
    try:
        return _deliver_all(server, at)
    finally:
        server.close()


def _deliver_all(server: MailServer, at: datetime | None) -> int:
    sent = 0
    while email := _claim(at):
        try:
            sent += _deliver(email, server, at)
        except UnreachableError as problem:
            _postpone_unreachable(email, problem, at)
            break
        except RefusedError as problem:
            if problem.final:
                _fail(email, f"The mail server refused it: {problem}", at)
            else:
                _postpone(email, f"The mail server said later: {problem}", _pause(email, 1, LONGEST_PAUSE_REFUSED), at)
        except UncertainError as problem:
            if email.uncertain_attempts:
                _fail(email, MAY_HAVE_ARRIVED, at)
            else:
                words = f"The connection broke while the message went out: {problem}"
                _postpone(email, words, SHORTEST_PAUSE, at, uncertain_attempts=1)
    return sent


def _deliver(email: Email, server: MailServer, at: datetime | None) -> bool:
    """One email; False if it could not be written or another worker has it by now."""
    try:
        content = message.as_bytes(email)
    except (ValueError, LookupError, TypeError) as problem:  # ours to mend; it must not stand in the others' way
        _fail(email, f"It could not be written as a message ({type(problem).__name__}).", at)
        return False
    server.announce(settings.DEFAULT_FROM_EMAIL, message.envelope_address(email))
    # DATA waits three times for the server; only a silence longer than that means that the worker is gone.
    until = (at or Now()) + max(settings.EMAIL_LEASE, timedelta(seconds=4 * settings.EMAIL_TIMEOUT))
    if not _ours(email).filter(state=EmailState.SENDING).update(state=EmailState.HANDED, leased_until=until):
        logger.warning("Email %s was taken by another worker before it was handed over.", email.pk)
        return False
    server.hand_over(content)
    if not _ours(email).update(
        state=EmailState.SENT, sent_at=at or Now(), lease=None, leased_until=None, last_error="", sealed_secret=None
    ):
        logger.error("Email %s was sent, but another worker took it meanwhile: it may go out twice.", email.pk)
    return True


def _claim(at: datetime | None) -> Email | None:
    """The next due email, ours for settings.EMAIL_LEASE; None when nothing is due or others hold all of it."""
    while True:
        with transaction.atomic(durable=True):
            email = (
                Email.objects.due(at=at)
                .select_for_update(skip_locked=True)
                .annotate(clock=Now())
                .order_by("due_at", "pk")
                .first()
            )
            if email is None:
                return None
            email.lease = uuid.uuid4()
            moment = at or email.clock
            if problem := _why_not(email, moment):
                Email.objects.filter(pk=email.pk).update(lease=email.lease)
                _fail(email, problem, at)
                continue
            email.uncertain_attempts += email.state == EmailState.HANDED
            email.attempts += 1
            email.state = EmailState.SENDING
            email.leased_until = moment + settings.EMAIL_LEASE
            email.save(update_fields=["state", "lease", "leased_until", "attempts", "uncertain_attempts"])
            return email


def _why_not(email: Email, moment: datetime) -> str:
    """Why an email that is due is not to be tried again; empty if it is."""
    if email.state == EmailState.HANDED and email.uncertain_attempts:
        return MAY_HAVE_ARRIVED
    if email.attempts and _too_old(email, moment):
        return email.last_error or "Every worker that took it fell silent."
    return ""


def _too_old(email: Email, moment: datetime) -> bool:
    return moment - email.queued_at > settings.EMAIL_GIVE_UP_AFTER


def _claimed_at(email: Email) -> datetime:
    return email.leased_until - settings.EMAIL_LEASE if email.leased_until else email.queued_at


def _ours(email: Email) -> EmailQuerySet:
    """The email's row, while the claim that `email` stands for is the latest one."""
    return Email.objects.filter(pk=email.pk, lease=email.lease)


def _postpone_unreachable(email: Email, problem: UnreachableError, at: datetime | None) -> None:
    _postpone(email, f"The mail server cannot be reached: {problem}", _pause(email, 20, LONGEST_PAUSE_AWAY), at)


def _postpone(email: Email, words: str, pause: timedelta, at: datetime | None, **changes: Any) -> None:
    """Put the email back into the queue for after `pause`, or give it up if it has waited too long."""
    if _too_old(email, _claimed_at(email)):
        _fail(email, words, at)
        return
    words = message.without_secrets(words)[:500]
    changes |= {"state": EmailState.QUEUED, "due_at": (at or Now()) + pause, "last_error": words}
    _ours(email).update(lease=None, leased_until=None, **changes)
    logger.warning("Email %s waits %d s. %s", email.pk, pause.total_seconds(), words)


def _fail(email: Email, words: str, at: datetime | None) -> None:
    words = message.without_secrets(words)[:500]
    changes = {"state": EmailState.FAILED, "failed_at": at or Now(), "last_error": words}
    _ours(email).update(lease=None, leased_until=None, **changes)
    logger.error("Email %s failed. %s", email.pk, words)


def _pause(email: Email, share: int, longest: timedelta) -> timedelta:
    """A `share`-th of what it has waited already: short at first, then ever longer."""
    return min(max((_claimed_at(email) - email.queued_at) / share, SHORTEST_PAUSE), longest)


@contextmanager
def _only_one_connects() -> Iterator[bool]:
    """Whether this worker may connect; while one does, no other has to sit through the same time-out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ONE_CONNECTS])
        row = cursor.fetchone()
    we = bool(row and row[0])
    try:
        yield we
    finally:
        if we:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_CONNECTS])

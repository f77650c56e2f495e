"""Reminders to customers: which one may be sent, those that the portal sends by itself, and the end of them (C12).

The schedule is a column of the submission, and each reminder is a row, written in one transaction with the
email. A worker that is killed leaves nothing behind; another one that took the same submission finds the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.models import User
from agreements import daily_limits, emails, locks
from agreements.models import (
    Agreement,
    AgreementEvent,
    AgreementQuerySet,
    ContactStop,
    EventKind,
    Reminder,
    ReminderOutcome,
    Submission,
    stops_contact,
)
from agreements.models.contact_stop import mailbox_hashes
from agreements.models.reminder import is_daytime, reminder_times
from agreements.states import Channel
from agreements.transitions import record_event
from lib.central_time import format_central, utc_or_now
from notifications.actions import withhold_emails
from notifications.failures import FailureReason
from notifications.models import ENDED_BADLY, Email

POSTPONEMENT = timedelta(days=1)


def send_due_reminders(*, at: datetime | None = None, batch: int = 500) -> int:
    """Send the reminders that are due, in daytime only, and return how many; each in its own transaction."""
    at = utc_or_now(at)
    if not is_daytime(at):
        return 0
    due = Submission.objects.reminder_due(at=at).order_by("reminder_due_at")
    return sum(send_due_reminder(pk, at=at) for pk in list(due.values_list("pk", flat=True)[:batch]))


@transaction.atomic
def send_due_reminder(submission_id: int, *, at: datetime) -> bool:
    """Send the reminder of the submission that is due, put it off, or record why there is none; return if it was sent.

    One email lists what is still pending. Of several that are due, only the latest is sent.
    """
    first = Agreement.objects.filter(submission=submission_id).order_by("number").first()
    if first is None:
        return False
    company = locks.lock_standing(first.company_id)
    locks.lock_mailbox(first.email)
    submission = locks.lock_submission(submission_id)
    if submission.reminder_due_at is None or submission.reminder_due_at > at:
        return False  # another worker has done it
    times = reminder_times(submission.initiated_at)
    recorded = set(submission.reminders.values_list("day", flat=True))
    due_days = [day for day, due_at in times.items() if due_at <= at and day not in recorded]
    pending = list(open_requests(submission, at).select_for_update(no_key=True).order_by("pk"))
    if not pending or not due_days or submission.reminders_stopped_at or stops_contact(company.pk, pending[0].email):
        _look_again(submission, None)
        return False
    if not company.is_active or daily_limits.is_mailbox_reminded_enough(pending[0], at=at):
        _look_again(submission, at + POSTPONEMENT)
        return False
    *missed, day = due_days
    outcome = _outcome(submission, pending, at)
    rows = [Reminder(submission=submission, day=each, at=at, outcome=ReminderOutcome.MISSED) for each in missed]
    Reminder.objects.bulk_create([*rows, Reminder(submission=submission, day=day, at=at, outcome=outcome)])
    _look_again(submission, min((due_at for due_at in times.values() if due_at > at), default=None))
    if outcome != ReminderOutcome.SENT:
        return False
    events = [record_event(each, EventKind.REMINDED, at=at, by=None, channel=Channel.CLOCK) for each in pending]
    emails.queue_reminder(pending[0], events[0])
    return True


def open_requests(submission: Submission, at: datetime) -> AgreementQuerySet:
    """Return the agreements of the submission that the customer can still answer."""
    return Agreement.objects.filter(submission=submission).pending().filter(expires_at__gte=at)


def _outcome(submission: Submission, pending: list[Agreement], at: datetime) -> ReminderOutcome:
    requests = Email.objects.about(*[agreement.number for agreement in pending]).requests().to_current_address()
    latest = requests.order_by("queued_at", "pk").last()
    if (latest and latest.state in ENDED_BADLY) or requests.refused_or_bounced().exists():
        return ReminderOutcome.UNDELIVERED
    kinds = [EventKind.RESENT, EventKind.CORRECTED]
    resent = AgreementEvent.objects.filter(agreement__submission=submission, kind__in=kinds)
    is_recent = resent.filter(at__gt=at - settings.REMINDER_PAUSE).exists()
    return ReminderOutcome.RESENT if is_recent else ReminderOutcome.SENT


def _look_again(submission: Submission, due_at: datetime | None) -> None:
    Submission.objects.filter(pk=submission.pk).update(reminder_due_at=due_at)


def restart_reminders(submission: Submission, *, at: datetime) -> None:
    """Remind the customer at a corrected address (T15), even if they were stopped at the old one."""
    due_at = min((each for each in reminder_times(submission.initiated_at).values() if each > at), default=None)
    Submission.objects.filter(pk=submission.pk).update(reminder_due_at=due_at, reminders_stopped_at=None)


@transaction.atomic
def stop_reminders(
    submission: Submission, *, channel: Channel, by: User | None = None, at: datetime | None = None
) -> bool:
    """End the reminders about the submission, the company's own too; return False if nothing is left to remind of.

    What waits to be sent is withheld. The customer can still answer. Doing it again changes nothing.
    """
    locks.lock_submission(submission.pk)
    at = utc_or_now(at)
    pending = list(open_requests(submission, at))
    if not pending:
        return False
    if Submission.objects.filter(pk=submission.pk, reminders_stopped_at=None).update(
        reminders_stopped_at=at, reminder_due_at=None
    ):
        for agreement in pending:
            record_event(agreement, EventKind.REMINDERS_STOPPED, at=at, by=by, channel=channel)
        numbers = [agreement.number for agreement in pending]
        withhold_emails(numbers, ["EM202"], at=at, reason=FailureReason.REMINDERS_STOPPED)
    return True


def why_not_remind(agreement: Agreement, *, at: datetime) -> str:
    """Return why the company cannot resend the email of a pending request now; empty if it can (C8, C12)."""
    submission = agreement.submission
    if submission.reminders_stopped_at:
        message = _("The customer stopped reminders about this request on %s. They can still answer it.")
        return message % format_central(submission.reminders_stopped_at)
    if stops_contact(agreement.company_id, agreement.email):
        return _("This customer doesn't want emails from your company, so we can't send one.")
    if Email.objects.about(agreement.number).requests().to_current_address().refused_or_bounced().exists():
        return _("The customer's email server returned our email, so we can't send it to this address again.")
    if reminder := Reminder.objects.just_sent(at=at).filter(submission=submission).last():
        free_at = reminder.at + settings.RESEND_PAUSE_AFTER_REMINDER
        return _("We just sent a reminder. You can send the next one after %s.") % format_central(free_at)
    return ""


def not_to_resend(agreements: Sequence[Agreement], *, at: datetime) -> set[int]:
    """Return the keys of those pending `agreements` of one company for which `why_not_remind` has a reason."""
    submissions = {agreement.submission_id for agreement in agreements}
    is_ended = Q(reminders_stopped_at__isnull=False) | Exists(
        Reminder.objects.just_sent(at=at).filter(submission=OuterRef("pk"))
    )
    ended = set(Submission.objects.filter(is_ended, pk__in=submissions).values_list("pk", flat=True))
    numbers = [agreement.number for agreement in agreements]
    returned = (
        Email.objects.about(*numbers)
        .requests()
        .to_current_address()
        .refused_or_bounced()
        .values_list("about", flat=True)
    )
    ended_numbers = set(chain.from_iterable(returned))
    hashes = {agreement.pk: mailbox_hashes(agreement.email) for agreement in agreements}
    companies = {agreement.company_id for agreement in agreements}
    stops = ContactStop.objects.filter(company__in=companies, mailbox_hash__in=chain.from_iterable(hashes.values()))
    ended_hashes = set(stops.values_list("mailbox_hash", flat=True))
    return {
        agreement.pk
        for agreement in agreements
        if agreement.submission_id in ended
        or agreement.number in ended_numbers
        or ended_hashes.intersection(hashes[agreement.pk])
    }

"""What happens to a pending agreement: one answer, withdrawal, expiry and the reminder (L1 to L4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from agreements import daily_limits, emails, locks, reminders
from agreements.answers import AnswerForm, Decision, answer_requests
from agreements.models import Agreement, AgreementEvent, EventKind
from agreements.permissions import acting_member
from agreements.states import Channel, Status
from agreements.transitions import TransitionRefused, record_event, transition
from lib.central_time import format_central, utc_or_now


class ResentTooOften(Exception):
    """A reminder was sent a moment ago, or too many today; the message says when the next one is possible."""


class ReminderStopped(ResentTooOften):
    """The customer wants no reminder, got one from the portal, or is not reached (C8, C12); the message says which."""


def accept(agreement: Agreement, *, at: datetime | None = None, **form: Any) -> Agreement:
    """Accept one request; `form` are fields of AnswerForm (L1, EM203).

    Raises TransitionRefused, ScopeRefused, and CompanySuspended if that is what keeps it from being accepted (L9).
    """
    return _answer(agreement, Decision.ACCEPT, form, at)


def reject(agreement: Agreement, *, at: datetime | None = None, **form: Any) -> Agreement:
    """Reject one request; `form` are fields of AnswerForm (EM205). Raises TransitionRefused."""
    return _answer(agreement, Decision.REJECT, form, at)


def reject_unknown(agreement: Agreement, *, at: datetime | None = None, **form: Any) -> Agreement:
    """Reject one request of a company that the customer doesn't know, which may write no more (C8).

    `form` are fields of AnswerForm. Raises TransitionRefused.
    """
    return _answer(agreement, Decision.UNKNOWN, form, at)


def _answer(agreement: Agreement, decision: Decision, form: dict[str, Any], at: datetime | None) -> Agreement:
    (outcome,) = answer_requests([(agreement, decision)], AnswerForm(**form), at=at)
    if outcome.refusal:
        raise outcome.refusal
    return outcome.agreement


@transaction.atomic
def withdraw(
    agreement: Agreement, *, by: User, channel: Channel = Channel.THIRD_PARTY, at: datetime | None = None
) -> Agreement:
    """Withdraw the request for the third party and email both sides. Raises TransitionRefused, PermissionDenied."""
    acting_member(by, "may_resend_or_withdraw")
    agreement = transition(agreement, "withdraw", at=utc_or_now(at), by=by, channel=channel)
    emails.queue_withdrawal(agreement)
    return agreement


@transaction.atomic
def resend(
    agreement: Agreement, *, by: User, channel: Channel = Channel.THIRD_PARTY, at: datetime | None = None
) -> AgreementEvent:
    """Send the invitation again as a reminder, only while Pending; the deadline does not move (L2, L4, EM202).

    The email is about everything of the submission that is pending, and so is the pause until the next one (C10).
    Raises TransitionRefused, PermissionDenied, ReminderStopped, and ResentTooOften too soon after another one.
    """
    locks.lock_company(acting_member(by, "may_resend_or_withdraw").company_id)
    acting_member(by, "may_resend_or_withdraw")  # again: the company may have been suspended while this waited
    locks.lock_mailbox(agreement.email)
    agreement = locks.lock_agreement(agreement)
    at = utc_or_now(at)
    if agreement.status != Status.PENDING or agreement.expires_at < at:
        raise TransitionRefused(agreement)
    if refusal := reminders.why_not_remind(agreement, at=at):
        raise ReminderStopped(refusal)
    resent = AgreementEvent.objects.filter(agreement__submission=agreement.submission_id, kind=EventKind.RESENT)
    last = resent.order_by("at").last()
    if last and at < (free_at := last.at + settings.AGREEMENT_RESEND_PAUSE):
        message = _("A reminder was just sent. You can send the next one after %s.")
        raise ResentTooOften(message % format_central(free_at))
    if refusal := daily_limits.reminder_refusal(agreement, at=at):
        raise ResentTooOften(refusal)
    event = record_event(agreement, EventKind.RESENT, at=at, by=by, channel=channel)
    emails.queue_reminder(agreement, event)
    return event


def expire_overdue(*, premise_ids: Iterable[int] | None = None, at: datetime | None = None, batch: int = 500) -> int:
    """Expire agreements whose invitation period has ended and notify their third parties (L2). Return their number.

    The clock enforces the deadline; this only records it, so it may run late or twice.
    """
    at = utc_or_now(at)
    overdue = Agreement.objects.overdue(at=at)
    if premise_ids is not None:
        overdue = overdue.filter(premise__in=list(premise_ids))
    count = 0
    for agreement in overdue.order_by("expires_at")[:batch]:
        try:
            with transaction.atomic():
                emails.queue_expiry(transition(agreement, "expire", at=at, by=None, channel=Channel.CLOCK))
                count += 1
        except TransitionRefused:
            continue  # recorded by another process
    return count

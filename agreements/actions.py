"""What happens to a pending agreement: accept, reject, withdraw, expire and the reminder (L1 to L4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from agreements import daily_limits, emails, loa, locks
from agreements.consent import record_signals_at_acceptance
from agreements.consent_review import hold_for_review
from agreements.models import Agreement, AgreementEvent, EventKind, ReportScope
from agreements.period import find_period
from agreements.permissions import acting_member
from agreements.states import Channel, ReportState, Status
from agreements.transitions import CompanySuspended, TransitionRefused, record_event, transition
from companies.trust.fingerprints import Fingerprints
from customers.models import customer_of
from lib.central_time import format_central, utc_or_now
from notifications.wakeup import wake_workers


class ScopeRefused(Exception):
    """What the customer wants to share is more than the company asked for, or there is no such report (C9)."""


class ResentTooOften(Exception):
    """A reminder was sent a moment ago, or too many today; the message says when the next one is possible."""


@transaction.atomic
def accept(
    agreement: Agreement,
    *,
    channel: Channel,
    by: User | None = None,
    fingerprints: Fingerprints | None = None,
    was_too_fast: bool = False,
    page_language: str | None = None,
    scope: ReportScope | None = None,
    at: datetime | None = None,
) -> Agreement:
    """Complete the agreement: sign the letter, queue EM203 for both sides, let the report be made (L1, EM203).

    The report's period is fixed, or the report waits for its data (R2, R7). `page_language` is the language of the
    decision page, by default the submission's. If there are signs against the consent, also in `fingerprints` and
    `was_too_fast`, the report is held for review (X1). Raises TransitionRefused, and CompanySuspended if that is what
    keeps it from being accepted (L9). The customer grants `scope`, by default all that was asked for (C9); raises
    ScopeRefused.
    """
    at, scope = utc_or_now(at), scope or agreement.asked
    if not scope.is_within(agreement.asked):
        raise ScopeRefused(scope)
    if locks.lock_standing(agreement.company_id).is_suspended and agreement.waits_for_answer(at=at):
        raise CompanySuspended(agreement)
    _assign_to(by, agreement)
    columns: dict[str, Any] = {"granted_type": scope.report_type, "granted_length": scope.report_length}
    if period := find_period(agreement, accepted_at=at, scope=scope):
        columns |= {"period_first_day": period.first, "period_last_day": period.last, "report_state": ReportState.DUE}
    else:
        columns |= {"awaits_data_until": at + settings.REPORT_DATA_WAIT, "report_state": ReportState.AWAITING_DATA}
    agreement = transition(agreement, "accept", at=at, by=by, channel=channel, **columns)
    letter = loa.sign(agreement, at=at, channel=channel, page_language=page_language)
    has_signals = record_signals_at_acceptance(agreement, fingerprints, was_too_fast=was_too_fast, at=at)
    hold_for_review(agreement, has_signals=has_signals, at=at)
    emails.queue_acceptance(agreement, letter)
    wake_workers("agreement completed")
    return agreement


@transaction.atomic
def reject(agreement: Agreement, *, channel: Channel, by: User | None = None, at: datetime | None = None) -> Agreement:
    """Reject the request for the customer and queue EM205 for both sides. Raises TransitionRefused."""
    _assign_to(by, agreement)
    agreement = transition(agreement, "reject", at=utc_or_now(at), by=by, channel=channel)
    emails.queue_rejection(agreement)
    return agreement


def _assign_to(user: User | None, agreement: Agreement) -> None:
    """Make a signed-in customer's answer the customer's own, also if the request was sent to another address (C4)."""
    customer = customer_of(user) if user else None
    if customer and Agreement.objects.filter(pk=agreement.pk, customer=None).update(customer=customer):
        agreement.customer = customer  # whose own former claims shorten no period (R2)


@transaction.atomic
def withdraw(agreement: Agreement, *, by: User, at: datetime | None = None) -> Agreement:
    """Withdraw the request for the third party and email both sides. Raises TransitionRefused, PermissionDenied."""
    acting_member(by, "may_resend_or_withdraw")
    agreement = transition(agreement, "withdraw", at=utc_or_now(at), by=by, channel=Channel.THIRD_PARTY)
    emails.queue_withdrawal(agreement)
    return agreement


@transaction.atomic
def resend(agreement: Agreement, *, by: User, at: datetime | None = None) -> AgreementEvent:
    """Send the invitation again as a reminder, only while Pending; the deadline does not move (L2, L4, EM202).

    The email is about everything of the submission that is pending, and so is the pause until the next one (C10).
    Raises TransitionRefused, PermissionDenied, and ResentTooOften within settings.AGREEMENT_RESEND_PAUSE.
    """
    locks.lock_company(acting_member(by, "may_resend_or_withdraw").company_id)
    acting_member(by, "may_resend_or_withdraw")  # again: the company may have been suspended while this waited
    locks.lock_mailbox(agreement.email)
    agreement = locks.lock_agreement(agreement)
    at = utc_or_now(at)
    if agreement.status != Status.PENDING or agreement.expires_at < at:
        raise TransitionRefused(agreement)
    resent = AgreementEvent.objects.filter(agreement__submission=agreement.submission_id, kind=EventKind.RESENT)
    last = resent.order_by("at").last()
    if last and at < (free_at := last.at + settings.AGREEMENT_RESEND_PAUSE):
        message = _("A reminder was just sent. You can send the next one after %s.")
        raise ResentTooOften(message % format_central(free_at))
    if refusal := daily_limits.reminder_refusal(agreement, at=at):
        raise ResentTooOften(refusal)
    event = record_event(agreement, EventKind.RESENT, at=at, by=by, channel=Channel.THIRD_PARTY)
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

"""What becomes of a pending agreement: accept, reject, withdraw, expire; and the reminder (SPEC section 2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext as _

from accounts.models import User
from agreements import emails, limits, loa
from agreements.consent import consent_signals, review
from agreements.models import Agreement, AgreementEvent, EventKind
from agreements.permissions import acting_member
from agreements.states import Channel, Status
from agreements.transitions import TransitionRefused, transition
from companies.trust.fingerprints import Fingerprints
from lib.central_time import CENTRAL, utc_or_now
from notifications.wakeup import wake_workers


class ResentTooOften(Exception):
    """A reminder went out a moment ago, or many today; the sentence says when the next one may."""


@transaction.atomic
def accept(
    agreement: Agreement,
    *,
    channel: Channel,
    by: User | None = None,
    fingerprints: Fingerprints | None = None,
    page_language: str | None = None,
    at: datetime | None = None,
) -> Agreement:
    """Complete the agreement: sign the letter, queue EM203 for both sides, let the report be made (L1, EM203).

    `page_language` is the language of the decision page, by default the agreement's. If there are signs against the
    consent, also in `fingerprints`, the report is held for review (X1). Raises TransitionRefused.
    """
    at = utc_or_now(at)
    agreement = transition(agreement, "accept", at=at, by=by, channel=channel)
    letter = loa.sign(agreement, at=at, page_language=page_language)
    if consent_signals.record_signals_at_acceptance(agreement, fingerprints, at=at):
        review.hold(agreement, at=at)
    emails.accepted(agreement, letter)
    wake_workers("agreement completed")
    return agreement


@transaction.atomic
def reject(
    agreement: Agreement,
    *,
    channel: Channel,
    by: User | None = None,
    fingerprints: Fingerprints | None = None,
    page_language: str | None = None,
    at: datetime | None = None,
) -> Agreement:
    """The customer says no: Rejected, with EM205 to both. Raises TransitionRefused."""
    agreement = transition(agreement, "reject", at=utc_or_now(at), by=by, channel=channel)
    emails.rejected(agreement)
    return agreement


@transaction.atomic
def withdraw(agreement: Agreement, *, by: User, at: datetime | None = None) -> Agreement:
    """The third party takes its question back; both are told. Raises TransitionRefused, PermissionDenied."""
    acting_member(by, "may_resend_or_withdraw")
    agreement = transition(agreement, "withdraw", at=utc_or_now(at), by=by, channel=Channel.THIRD_PARTY)
    emails.withdrawn(agreement)
    return agreement


@transaction.atomic
def resend(agreement: Agreement, *, by: User, at: datetime | None = None) -> AgreementEvent:
    """Send the invitation again as a reminder, only while Pending; the period does not grow (L2, L4, EM202).

    Raises TransitionRefused when it is not pending any more, ResentTooOften within settings.AGREEMENT_RESEND_PAUSE.
    """
    limits.lock(acting_member(by, "may_resend_or_withdraw").company)
    acting_member(by, "may_resend_or_withdraw")  # once more: a suspension that was waited for counts
    limits.lock_mailbox(agreement.email)
    agreement = Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    at = utc_or_now(at)
    if agreement.status != Status.PENDING or agreement.expires_at < at:
        raise TransitionRefused(agreement)
    last = agreement.events.filter(kind=EventKind.RESENT).order_by("at").last()
    if last and at < last.at + settings.AGREEMENT_RESEND_PAUSE:
        free_at = formats.date_format(
            (last.at + settings.AGREEMENT_RESEND_PAUSE).astimezone(CENTRAL), "DATETIME_FORMAT"
        )
        raise ResentTooOften(_("A reminder was sent a moment ago. You can send the next one after %s.") % free_at)
    if refusal := limits.too_many_reminders(agreement, at=at):
        raise ResentTooOften(refusal)
    event = AgreementEvent.objects.create(
        agreement=agreement,
        at=at,
        kind=EventKind.RESENT,
        from_status=agreement.status,
        to_status=agreement.status,
        channel=Channel.THIRD_PARTY,
        by=by,
    )
    emails.reminder(agreement, event)
    return event


def expire_overdue(*, premise_ids: Iterable[int] | None = None, at: datetime | None = None, batch: int = 500) -> int:
    """Record that invitation periods have ended: Not Accepted, and the third party is told (L2). Returns how many.

    The deadline binds by the clock; this only writes it down, so it may run late or twice.
    """
    at = utc_or_now(at)
    overdue = Agreement.objects.overdue(at=at)
    if premise_ids is not None:
        overdue = overdue.filter(premise__in=list(premise_ids))
    count = 0
    for agreement in overdue.order_by("expires_at")[:batch]:
        try:
            with transaction.atomic():
                emails.not_accepted(transition(agreement, "expire", at=at, by=None, channel=Channel.CLOCK))
                count += 1
        except TransitionRefused:
            continue  # somebody else recorded it
    return count

"""A TDSP's look at a doubtful consent: release the report or refuse it, with a reason; both sides are told (X1)."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from agreements import emails
from agreements.models import Agreement, AgreementEvent, EventKind, Review
from agreements.states import Channel
from lib.central_time import utc_or_now
from notifications.wakeup import wake_workers

REASON_LENGTH = 500


class AlreadyReviewed(Exception):
    """Somebody else decided first; the sentence says what."""


def hold(agreement: Agreement, *, at: datetime) -> None:
    """Hold the report of an agreement that was just accepted and tell the TDSP. Inside the acceptance's transaction."""
    agreement.review = Review.HELD
    agreement.save(update_fields=["review"])
    _event(agreement, EventKind.HELD, at=at, by=None)
    emails.review_needed(agreement, reviewers(agreement))


def reviewers(agreement: Agreement) -> list[User]:
    """The premise's TDSP's staff; the operators where it has none."""
    staff = User.objects.filter(is_staff=True, is_active=True)
    of_tdsp = list(staff.filter(tdsp=agreement.premise.tdsp_id).order_by("pk"))
    return of_tdsp or list(staff.filter(tdsp=None).order_by("pk"))


def release(agreement: Agreement, *, by: User, reason: str, at: datetime | None = None) -> Agreement:
    """Let the report be made. Raises AlreadyReviewed, PermissionDenied, ValidationError."""
    return _decide(agreement, Review.RELEASED, EventKind.RELEASED, by=by, reason=reason, at=at)


def refuse(agreement: Agreement, *, by: User, reason: str, at: datetime | None = None) -> Agreement:
    """No report is ever made under this agreement. Raises as `release` does."""
    return _decide(agreement, Review.REFUSED, EventKind.REFUSED, by=by, reason=reason, at=at)


@transaction.atomic
def _decide(
    agreement: Agreement, outcome: Review, kind: EventKind, *, by: User, reason: str, at: datetime | None
) -> Agreement:
    if not (by.is_operator or (by.is_staff and by.is_active and by.tdsp_id == agreement.premise.tdsp_id)):
        raise PermissionDenied(_("Only the TDSP that owns the meter reviews this agreement."))
    if not reason.strip():
        raise ValidationError(_("Enter the reason. Both sides are told it."))
    if len(reason) > REASON_LENGTH:
        raise ValidationError(_("Shorten the reason to %d characters.") % REASON_LENGTH)
    at = utc_or_now(at)
    held = Agreement.objects.filter(pk=agreement.pk, review=Review.HELD)
    won = held.update(review=outcome, review_reason=reason.strip()) == 1
    agreement.refresh_from_db()
    if not won:
        raise AlreadyReviewed(_("This review is over: %s.") % agreement.get_review_display())
    _event(agreement, kind, at=at, by=by)
    emails.reviewed(agreement)
    if outcome == Review.RELEASED:
        wake_workers("agreement completed")
    return agreement


def _event(agreement: Agreement, kind: EventKind, *, at: datetime, by: User | None) -> None:
    AgreementEvent.objects.create(
        agreement=agreement,
        at=at,
        kind=kind,
        from_status=agreement.status,
        to_status=agreement.status,
        channel=Channel.REVIEW,
        by=by,
    )

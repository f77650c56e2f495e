"""A TDSP's review of an accepted agreement with signals against the consent: release the report or refuse it (X1)."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from agreements import emails
from agreements.models import Agreement, EventKind, Review
from agreements.states import Channel
from agreements.transitions import record_event
from lib.central_time import utc_or_now
from notifications.wakeup import wake_workers

REASON_LENGTH = 500


class AlreadyReviewed(Exception):
    """Another user decided first; the message says what."""


def hold_for_review(agreement: Agreement, *, at: datetime) -> None:
    """Hold the report and notify the premise's TDSP, or the operators if it has no staff. Needs a transaction."""
    agreement.review = Review.HELD
    agreement.save(update_fields=["review"])
    record_event(agreement, EventKind.HELD, at=at, by=None, channel=Channel.REVIEW)
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("pk")
    emails.queue_review_request(agreement, staff.filter(tdsp=agreement.premise.tdsp_id) or staff.filter(tdsp=None))


@transaction.atomic
def review_consent(
    agreement: Agreement, outcome: Review, *, by: User, reason: str, at: datetime | None = None
) -> Agreement:
    """Release the report or refuse it, record who did it and why, and email both sides.

    Raises AlreadyReviewed, PermissionDenied, ValidationError.
    """
    if not (by.is_operator or (by.is_staff and by.is_active and by.tdsp_id == agreement.premise.tdsp_id)):
        raise PermissionDenied(_("Only the TDSP that owns the meter can review this agreement."))
    if not reason.strip():
        raise ValidationError(_("Enter a reason. Both sides will see it."))
    if len(reason) > REASON_LENGTH:
        raise ValidationError(_("Enter a reason with %d characters or fewer.") % REASON_LENGTH)
    at = utc_or_now(at)
    held = Agreement.objects.held_for_review().filter(pk=agreement.pk)
    is_updated = held.update(review=outcome, review_reason=reason.strip()) == 1
    agreement.refresh_from_db()
    if not is_updated:
        raise AlreadyReviewed(_("This review is already complete: %s.") % agreement.get_review_display())
    record_event(agreement, EventKind(outcome), at=at, by=by, channel=Channel.REVIEW)
    emails.queue_review_outcome(agreement)
    if outcome == Review.RELEASED:
        wake_workers("agreement completed")
    return agreement

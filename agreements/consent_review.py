"""The TDSP's review of doubtful consents: opened by an acceptance, decided by staff or by the clock (C10, X1).

Only this module changes the review of an agreement, together with its ConsentReview and under a lock of that.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from agreements import emails
from agreements.models import Agreement, ConsentReview, ConsentSignal, EventKind, Review, SignalKind
from agreements.models.review import REVIEW_REFUSES_REPORT
from agreements.states import Channel, ReportState
from agreements.transitions import record_event
from customers.models import ClaimDecision, EsiidClaim
from lib.central_time import utc_or_now
from lib.review_reasons import clean_reason
from notifications.wakeup import wake_workers


class AlreadyReviewed(Exception):
    """Another user decided first, or the time was over; the message says what."""


def hold_for_review(agreement: Agreement, *, has_signals: bool, at: datetime) -> None:
    """Hold the report of an accepted agreement that has signals, or whose submission is under review by its TDSP.

    The TDSP's staff are notified once for each review. Needs a transaction.
    """
    review, is_new = _join_review(agreement, opens=has_signals, at=at)
    if review and is_new:
        emails.queue_review_request(review, reviewers_of(agreement))


def _join_review(agreement: Agreement, *, opens: bool, at: datetime) -> tuple[ConsentReview | None, bool]:
    """Hold the report for the open review, which `opens` begins if there is none; return it and whether it is new."""
    open_reviews = lock_open_review(agreement)
    review, is_new = open_reviews.first(), False
    while review is None and opens:
        _review, is_new = ConsentReview.objects.get_or_create(**_review_key(agreement), defaults={"opened_at": at})
        review = open_reviews.first()  # None: it was decided between these two lines
    if review and agreement.consent_review_id != review.pk:
        agreement.review, agreement.consent_review = Review.HELD, review
        agreement.save(update_fields=["review", "consent_review"])
        record_event(agreement, EventKind.HELD, at=at, by=None, channel=Channel.REVIEW)
    return review, is_new


def lock_open_review(agreement: Agreement) -> QuerySet[ConsentReview]:
    """Return the open review of the agreement's submission, locked once it is read; at most one.

    Who changes an agreement that may be in it reads it first, as a reviewer does: otherwise they could deadlock.
    """
    return ConsentReview.objects.filter(**_review_key(agreement)).select_for_update(of=("self",))


def _review_key(agreement: Agreement) -> dict[str, Any]:
    return {"submission_id": agreement.submission_id, "tdsp_id": agreement.tdsp_id, "state": Review.HELD}


def reviewers_of(agreement: Agreement) -> QuerySet[User]:
    """Return the staff of the agreement's TDSP, or the operators if it has none; none for a test agreement (V15)."""
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("pk")
    if agreement.tdsp.is_sandbox:
        return staff.none()
    own = staff.filter(tdsp=agreement.tdsp_id)
    return own if own.exists() else staff.filter(tdsp=None)


def record_disavowal(
    agreement: Agreement, *, channel: Channel, by: User | None, downloaded_at: datetime | None, at: datetime
) -> None:
    """Record that someone else accepted, hold the report unless it was downloaded, and tell the TDSP (X1).

    Needs a transaction with the open review and the agreement locked, in this order.
    """
    agreement.disavowed_at = at
    agreement.save(update_fields=["disavowed_at"])
    ConsentSignal.objects.create(agreement=agreement, kind=SignalKind.DISAVOWED, at=at)
    record_event(agreement, EventKind.DISAVOWED, at=at, by=by, channel=channel)
    review = None if downloaded_at else _join_review(agreement, opens=True, at=at)[0]
    emails.queue_disavowal(agreement, reviewers_of(agreement), review=review, downloaded_at=downloaded_at)


@transaction.atomic
def review_consent(
    review: ConsentReview, outcome: Review, *, by: User, reason: str, at: datetime | None = None
) -> ConsentReview:
    """Release the reports or refuse them, record who did it and why, and email both sides.

    Raises AlreadyReviewed, PermissionDenied, ValidationError.
    """
    if not ConsentReview.objects.visible_to(by).filter(pk=review.pk).exists():
        raise PermissionDenied(_("Only the TDSP that owns the meter can review this agreement."))
    return decide_review(review, outcome, by=by, reason=clean_reason(reason), at=utc_or_now(at))


def decide_review(
    review: ConsentReview, outcome: Review, *, by: User | None, reason: str, at: datetime
) -> ConsentReview:
    """End the review and what it holds; `by` is None for the clock. Needs a transaction.

    The lock of its row lets no agreement join meanwhile. Raises AlreadyReviewed.
    """
    decided = {"state": outcome, "reason": reason, "decided_at": at, "decided_by": by}
    is_updated = ConsentReview.objects.held().filter(pk=review.pk).update(**decided) == 1
    review.refresh_from_db()
    if not is_updated:
        raise AlreadyReviewed(_("This review is already complete: %s.") % review.get_state_display())
    ended = {"report_state": ReportState.NONE} if outcome in REVIEW_REFUSES_REPORT else {}
    review.agreements.update(review=outcome, **ended)
    agreements = review.agreements.select_related("submission", "tdsp", "premise", "company", "customer__user")
    for agreement in agreements.order_by("number"):
        agreement.consent_review = review
        record_event(agreement, EventKind(outcome), at=at, by=by, channel=Channel.REVIEW if by else Channel.CLOCK)
        emails.queue_review_outcome(agreement)
    if outcome == Review.RELEASED:
        wake_workers("agreement completed")
    return review


def escalate_overdue_reviews(*, at: datetime | None = None, batch: int = 200) -> int:
    """Tell the operators of reviews that the TDSP has not done in time; refuse those that they did not do either.

    Return how many changed. It may run late, twice, or at the same time as a reviewer.
    """
    at, count = utc_or_now(at), 0
    could_be_due = at - timedelta(days=settings.CONSENT_REVIEW_WORKING_DAYS)
    waiting = ConsentReview.objects.without_sandbox().held()
    operators = User.objects.filter(is_staff=True, is_active=True, tdsp=None).order_by("pk")
    for review in waiting.filter(escalated_at=None, opened_at__lt=could_be_due).order_by("opened_at")[:batch]:
        if review.due_at <= at:
            with transaction.atomic():
                if waiting.filter(pk=review.pk, escalated_at=None).update(escalated_at=at):
                    emails.queue_review_request(review, operators, is_overdue=True)
                    count += 1
    for review in waiting.filter(escalated_at__lt=could_be_due).order_by("escalated_at")[:batch]:
        if review.lapses_at and review.lapses_at <= at:
            try:
                with transaction.atomic():
                    decide_review(review, Review.UNREVIEWED, by=None, reason="", at=at)
                    count += 1
            except AlreadyReviewed:
                continue  # a reviewer was faster
    return count


def held_agreements(review: ConsentReview) -> list[tuple[Agreement, EsiidClaim | None]]:
    """Return the agreements of a review about meters that are still its TDSP's, with their signals.

    Each with the refused claim of the customer who accepted, if the customer has no other of the ESIID (X7).
    """
    agreements = list(review.agreements.filter(tdsp=review.tdsp_id).order_by("number").prefetch_related("signals"))
    claims = EsiidClaim.objects.filter(
        customer__in={agreement.customer_id for agreement in agreements if agreement.customer_id},
        premise__in={agreement.premise_id for agreement in agreements},
    )
    latest = {(claim.customer_id, claim.premise_id): claim for claim in claims.order_by("since", "pk")}
    with_claims = [(each, latest.get((each.customer_id or 0, each.premise_id))) for each in agreements]
    return [
        (agreement, claim if claim and claim.decision == ClaimDecision.REFUSED else None)
        for agreement, claim in with_claims
    ]

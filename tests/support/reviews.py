"""Reviews of consents, for tests that need one without the acceptance that opens it."""

from __future__ import annotations

from agreements.models import Agreement, ConsentReview, Review
from agreements.models.review import REVIEW_REFUSES_REPORT
from agreements.states import ReportState
from tests.factories import ConsentReviewFactory


def review_of(agreement: Agreement) -> ConsentReview:
    """Return the review that the agreement is in, as it is now on record."""
    return ConsentReview.objects.get(agreements=agreement)


def put_under_review(agreement: Agreement, state: Review = Review.HELD) -> ConsentReview:
    """Give an accepted agreement a review of its own in `state`."""
    review = ConsentReviewFactory(submission=agreement.submission, tdsp=agreement.tdsp, state=state)
    ended = {"report_state": ReportState.NONE} if state in REVIEW_REFUSES_REPORT else {}
    Agreement.objects.filter(pk=agreement.pk).update(review=state, consent_review=review, **ended)
    return review

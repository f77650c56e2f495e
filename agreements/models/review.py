"""The review of a customer's consent, which holds the reports (X1)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements.models.submission import Submission
from agreements.states import ReportState
from lib.central_time import ONE_DAY, central_day
from lib.review_reasons import REASON_LENGTH
from lib.working_days import add_working_days
from meters.models import Tdsp, sandbox_utilities

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Review(models.TextChoices):
    """The state of a TDSP's review of the customer's consent (X1)."""

    NONE = "none", _("Not needed")
    HELD = "held", _("Under review")
    RELEASED = "released", _("Released")
    REFUSED = "refused", _("Refused")
    UNREVIEWED = "unreviewed", _("Refused: not reviewed in time")


# Of a complete agreement: a report may be made.
REVIEW_ALLOWS_REPORT = (Review.NONE, Review.RELEASED)
REVIEW_REFUSES_REPORT = (Review.REFUSED, Review.UNREVIEWED)
REVIEW_PREVENTS_REPORT = (Review.HELD, *REVIEW_REFUSES_REPORT)

AWAITS_REPORT = Q(report_state=ReportState.DUE, review__in=REVIEW_ALLOWS_REPORT)


class ConsentReviewQuerySet(models.QuerySet["ConsentReview"]):
    def visible_to(self, user: User | AnonymousUser) -> ConsentReviewQuerySet:
        """Return the reviews that `user` may see: operators all, a TDSP's staff its own (D1)."""
        if not (isinstance(user, User) and user.is_staff and user.is_active):
            return self.none()
        return self.without_sandbox() if user.is_operator else self.filter(tdsp=user.tdsp_id)

    def without_sandbox(self) -> ConsentReviewQuerySet:
        """Return the reviews that people do (V15)."""
        return self.exclude(tdsp__in=sandbox_utilities())

    def held(self) -> ConsentReviewQuerySet:
        """Return the reviews that wait for a decision; a partial index."""
        return self.filter(state=Review.HELD)


class ConsentReview(models.Model):
    """One TDSP's review of the answers to one submission (C10, X1).

    Agreements that are accepted while it is open join it. Once it is decided, further doubtful ones open another.
    """

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="reviews")
    tdsp = models.ForeignKey(Tdsp, on_delete=models.PROTECT, related_name="+", verbose_name="TDSP")
    state = models.CharField(_("state"), max_length=10, choices=Review.choices, default=Review.HELD)
    reason = models.CharField(_("reason for the decision"), max_length=REASON_LENGTH, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    escalated_at = models.DateTimeField(_("operators told"), null=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    decided_by = models.ForeignKey(  # null: not reviewed in time
        User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by")
    )

    objects = ConsentReviewQuerySet.as_manager()

    class Meta:
        ordering = ["opened_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "tdsp"], condition=Q(state=Review.HELD), name="one_open_review_per_submission"
            ),
            models.CheckConstraint(
                condition=Q(state=Review.HELD, decided_at=None)
                | Q(state=Review.UNREVIEWED, decided_at__isnull=False, decided_by=None)
                | Q(state__in=[Review.RELEASED, Review.REFUSED], decided_at__isnull=False, decided_by__isnull=False),
                name="review_is_open_or_decided",
            ),
        ]
        indexes = [models.Index(fields=["opened_at"], name="review_queue", condition=Q(state=Review.HELD))]

    def __str__(self) -> str:
        return f"{self.submission.company}, {date_format(central_day(self.opened_at))}"

    @property
    def due_at(self) -> datetime:
        """The end of the TDSP's working days; then the operators are told."""
        return add_working_days(self.opened_at, settings.CONSENT_REVIEW_WORKING_DAYS)

    @property
    def last_day(self) -> date:
        """The last Central day of the TDSP, or of the operators once they were told."""
        return central_day(self.lapses_at or self.due_at) - ONE_DAY

    @property
    def lapses_at(self) -> datetime | None:
        """The end of the operators' working days; then the reports are refused. None before the operators are told.

        They are counted from the last of the TDSP's days, or from when the operators were told if that was late.
        """
        if self.escalated_at is None:
            return None
        last_day = max(self.due_at - timedelta(microseconds=1), self.escalated_at - ONE_DAY)
        return add_working_days(last_day, settings.CONSENT_REVIEW_WORKING_DAYS)

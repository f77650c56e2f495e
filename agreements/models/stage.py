"""How far an agreement and its report are, in one word: what lists show, filter, sort and count by (T3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from agreements.models.review import REVIEW_REFUSES_REPORT, Review
from agreements.states import ReportState, Status

if TYPE_CHECKING:
    from agreements.models.agreement import Agreement


class AgreementStage(models.TextChoices):
    """Each agreement is in exactly one stage; the labels say how far its report is."""

    WAITING = "waiting", _("After acceptance")
    HELD = "held", _("Under review")
    AWAITING_DATA = "awaiting_data", _("Waiting for data")
    MAKING = "making", _("Being made")
    READY = "ready", _("Ready")
    NO_DATA = "no_data", _("No data")
    FAILED = "failed", _("Failed")
    PURGED = "purged", _("Deleted")
    REFUSED = "refused", _("Refused")
    REJECTED = "rejected", _("None")
    NOT_ACCEPTED = "not_accepted", _("None")
    WITHDRAWN = "withdrawn", _("None")


# Of a complete agreement: how far its report is. All others have no report.
REPORT_STAGES = (
    AgreementStage.HELD,
    AgreementStage.AWAITING_DATA,
    AgreementStage.MAKING,
    AgreementStage.READY,
    AgreementStage.NO_DATA,
    AgreementStage.FAILED,
    AgreementStage.PURGED,
    AgreementStage.REFUSED,
)

STAGE = Case(
    When(status=Status.PENDING, then=Value(AgreementStage.WAITING.value)),
    When(~Q(status=Status.COMPLETE), then=F("status")),
    When(review=Review.HELD, then=Value(AgreementStage.HELD.value)),
    When(review__in=REVIEW_REFUSES_REPORT, then=Value(AgreementStage.REFUSED.value)),
    When(
        report_state__in=[ReportState.DUE, ReportState.MAKING, ReportState.RETRYING],
        then=Value(AgreementStage.MAKING.value),
    ),
    default=F("report_state"),
    output_field=models.CharField(),
)


def stage_of(agreement: Agreement) -> AgreementStage:
    """Return how far the report is; if its period has no day, there will be none, also before a worker says so (R2)."""
    stage = AgreementStage(agreement.stage)
    return AgreementStage.NO_DATA if stage == AgreementStage.MAKING and agreement.covers_no_day else stage

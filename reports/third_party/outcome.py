"""What became of an agreement, as the heading of its page (T11)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agreements.models import Agreement, AgreementStage, stage_of


@dataclass(frozen=True)
class AgreementOutcome:
    """The heading and the icon beside it; `is_good` colors it."""

    title: Promise
    icon: str
    is_good: bool = False


OVERDUE = AgreementOutcome(_("Invitation expired"), "minus")
OUTCOMES = {
    AgreementStage.WAITING: AgreementOutcome(_("Waiting for an answer"), "clock"),
    AgreementStage.HELD: AgreementOutcome(_("Answer under review"), "shield"),
    AgreementStage.AWAITING_DATA: AgreementOutcome(_("Report waiting for data"), "clock"),
    AgreementStage.MAKING: AgreementOutcome(_("Report being made"), "clock"),
    AgreementStage.READY: AgreementOutcome(_("Report ready"), "check", is_good=True),
    AgreementStage.NO_DATA: AgreementOutcome(_("No report: no data"), "minus"),
    AgreementStage.FAILED: AgreementOutcome(_("Report failed"), "warning"),
    AgreementStage.PURGED: AgreementOutcome(_("Report file deleted"), "minus"),
    AgreementStage.REFUSED: AgreementOutcome(_("Report refused"), "cross"),
    AgreementStage.REJECTED: AgreementOutcome(_("Request rejected"), "cross"),
    AgreementStage.NOT_ACCEPTED: OVERDUE,
    AgreementStage.WITHDRAWN: AgreementOutcome(_("Request withdrawn"), "minus"),
}


def outcome_of(agreement: Agreement) -> AgreementOutcome:
    """Return the outcome of `agreement`, which has `is_overdue`."""
    return OVERDUE if agreement.is_overdue else OUTCOMES[stage_of(agreement)]

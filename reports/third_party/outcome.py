"""What became of an agreement, as the heading of its page (T11)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agreements.models import Agreement, AgreementStage


@dataclass(frozen=True)
class Outcome:
    """The heading and the icon beside it; `is_good` colors it."""

    title: Promise
    icon: str
    is_good: bool = False


OVERDUE = Outcome(_("Invitation expired"), "minus")
OUTCOMES = {
    AgreementStage.WAITING: Outcome(_("Waiting for an answer"), "clock"),
    AgreementStage.HELD: Outcome(_("Answer under review"), "shield"),
    AgreementStage.AWAITING_DATA: Outcome(_("Report waiting for data"), "clock"),
    AgreementStage.MAKING: Outcome(_("Report being made"), "clock"),
    AgreementStage.READY: Outcome(_("Report ready"), "check", is_good=True),
    AgreementStage.NO_DATA: Outcome(_("No report: no data"), "minus"),
    AgreementStage.FAILED: Outcome(_("Report failed"), "warning"),
    AgreementStage.PURGED: Outcome(_("Report file deleted"), "minus"),
    AgreementStage.REFUSED: Outcome(_("Report refused"), "cross"),
    AgreementStage.REJECTED: Outcome(_("Request rejected"), "cross"),
    AgreementStage.NOT_ACCEPTED: OVERDUE,
    AgreementStage.WITHDRAWN: Outcome(_("Request withdrawn"), "minus"),
}


def outcome_of(agreement: Agreement) -> Outcome:
    """Return the outcome of `agreement`, which has `is_overdue`."""
    return OVERDUE if agreement.is_overdue else OUTCOMES[AgreementStage(agreement.stage)]

"""How the API names what became of an agreement, in operations and in events (V7, W1)."""

from __future__ import annotations

from django.conf import settings

from agreements.models import Agreement, AgreementStage, stage_of
from agreements.states import Status

_REPORT_STATES = {
    AgreementStage.MAKING: "preparing",
    AgreementStage.AWAITING_DATA: "waiting_for_data",
    AgreementStage.HELD: "held",
    AgreementStage.READY: "ready",
    AgreementStage.NO_DATA: "no_data",
    AgreementStage.REFUSED: "refused",
    AgreementStage.FAILED: "failed",
    AgreementStage.PURGED: "purged",
}


def status_name(agreement: Agreement) -> str:
    """Return the status by the clock; needs `is_overdue` (L2)."""
    return Status.NOT_ACCEPTED.value if agreement.is_overdue else agreement.status


def report_state(agreement: Agreement) -> str:
    return _REPORT_STATES.get(stage_of(agreement), "none")


def agreement_url(number: str) -> str:
    return f"{settings.PORTAL_ORIGIN}/api/v1/agreements/{number}"

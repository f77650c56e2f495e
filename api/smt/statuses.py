"""How an agreement is called in messages: the texts that public programs compare with (M9)."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q

from agreements.models import Agreement, AgreementStage, stage_of


class SmtStatus(NamedTuple):
    """`reason` is PEN, ACT, COM or NACOM."""

    text: str
    reason: str


_PREPARING = SmtStatus("Pending - Report In Preparation", "PEN")
_NOT_ACCEPTED = SmtStatus("Not Accepted", "NACOM")
_STATUSES = {
    AgreementStage.WAITING: SmtStatus("Pending - Customer Authorization", "PEN"),
    AgreementStage.MAKING: _PREPARING,
    AgreementStage.AWAITING_DATA: _PREPARING,
    AgreementStage.FAILED: _PREPARING,
    AgreementStage.HELD: SmtStatus("Pending - Report Under Review", "PEN"),
    # "Active" while the file is there: programs download only then.
    AgreementStage.READY: SmtStatus("Active - Authorization Confirmed", "ACT"),
    AgreementStage.NO_DATA: SmtStatus("Completed - No Data", "COM"),
    AgreementStage.PURGED: SmtStatus("Completed", "COM"),
    AgreementStage.REFUSED: SmtStatus("Non Active - Report Refused", "NACOM"),
    AgreementStage.REJECTED: SmtStatus("Not Accepted - Rejected by Customer", "NACOM"),
    AgreementStage.NOT_ACCEPTED: _NOT_ACCEPTED,
    AgreementStage.WITHDRAWN: SmtStatus("Non Active - Terminated by CSP", "NACOM"),
}
REASONS = {reason: reason for reason in ("PEN", "ACT", "COM", "NACOM")}


def smt_status(agreement: Agreement) -> SmtStatus:
    """Return the status by the clock; needs `is_overdue` (L2)."""
    return _NOT_ACCEPTED if agreement.is_overdue else _STATUSES[stage_of(agreement)]


def has_reason(reason: str) -> Q:
    """Return the condition on agreements with `is_overdue` that have this statusReason."""
    stages = [stage for stage, status in _STATUSES.items() if status.reason == reason]
    condition = Q(stage__in=stages)
    if reason == "PEN":
        return condition & Q(is_overdue=False)
    return condition | Q(is_overdue=True) if reason == _NOT_ACCEPTED.reason else condition

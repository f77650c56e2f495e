"""An agreement in each of its stages."""

from __future__ import annotations

from django.utils import timezone

from agreements.models import Agreement, Review
from agreements.states import Status
from companies.models import Company
from tests.factories import AgreementFactory, ReportFactory


def in_stage(company: Company, state: str) -> Agreement:
    """An agreement in a AgreementStage."""
    if state in ("waiting", "rejected", "not_accepted", "withdrawn"):
        return AgreementFactory(company=company, status=Status.PENDING if state == "waiting" else Status(state))
    review = {"held": Review.HELD, "refused": Review.REFUSED, "ready": Review.RELEASED}.get(state, Review.NONE)
    waits = {"period_first_day": None, "period_last_day": None, "awaits_data_until": timezone.now()}
    columns = waits if state == "awaiting_data" else {}
    agreement = AgreementFactory(company=company, status=Status.COMPLETE, review=review, **columns)
    if state in ("ready", "no_data", "failed", "purged"):
        ReportFactory(agreement=agreement, state=state)
    return agreement

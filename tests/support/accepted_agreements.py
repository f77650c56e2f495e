"""Agreements that were accepted and wait for their report."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from agreements.models import Agreement
from agreements.states import Status
from reports.models import Report
from tests.factories import AgreementFactory

CENTRAL = ZoneInfo("America/Chicago")
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=CENTRAL)


def accepted_agreement(at: datetime = NOON, **fields: Any) -> Agreement:
    """A complete agreement, accepted `at`, for one month unless told otherwise."""
    fields = {"report_length": "1m", "initiated_at": at - timedelta(days=1)} | fields
    agreement: Agreement = AgreementFactory(status=Status.COMPLETE, ended_at=at, **fields)
    return agreement


def report_of(agreement: Agreement) -> Report:
    return Report.objects.get(agreement=agreement)

"""Reports and their agreements are deleted settings.AGREEMENT_RETENTION after the end (X6)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from agreements.models import Agreement
from agreements.retention import BATCH, delete_agreements
from lib.central_time import utc_or_now
from reports.models import Download, Report


@transaction.atomic
def delete_old_reports(*, at: datetime | None = None) -> int:
    """Delete at most BATCH reports with their files, download logs and agreements; return how many."""
    old = Report.objects.filter(agreement__ended_at__lt=utc_or_now(at) - settings.AGREEMENT_RETENTION)
    old = old.select_related("agreement").select_for_update(skip_locked=True, of=("self", "agreement"))
    reports = list(old[:BATCH])
    Download.objects.filter(report__in=reports).delete()
    Report.objects.filter(pk__in=[report.pk for report in reports]).delete()
    delete_agreements(Agreement.objects.filter(pk__in=[report.agreement_id for report in reports]))
    return len(reports)

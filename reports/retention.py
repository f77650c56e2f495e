"""The records of reports go with their agreements, settings.AGREEMENT_RETENTION after the end (X6)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from lib.central_time import moment
from reports.models import Download, Report

BATCH = 500


@transaction.atomic
def delete_old(*, at: datetime | None = None) -> int:
    """Delete the records, files and download logs of reports whose agreements ended too long ago. Returns how many."""
    old = Report.objects.filter(agreement__ended_at__lt=moment(at) - settings.AGREEMENT_RETENTION)
    pks = list(old.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
    Download.objects.filter(report__in=pks).delete()
    Report.objects.filter(pk__in=pks).delete()
    return len(pks)

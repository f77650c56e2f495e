"""The notice to TDSPs and operators about a third party that reached a limit of failed matches (X2)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Count

from accounts.models import User
from agreements import emails
from agreements.daily_limits import DAY
from agreements.models import FailedMatch
from companies.models import Company
from lib.central_time import central_day, utc_or_now
from meters.models import Premise


def notify_of_guessing(*, at: datetime | None = None) -> int:
    """Email the TDSPs of the ESIIDs and the operators, once a day and company. Return the number of companies."""
    recent = FailedMatch.objects.filter(at__gt=utc_or_now(at) - DAY)
    limits = {
        "user": settings.FAILED_MATCHES_PER_USER,
        "company": settings.FAILED_MATCHES_PER_COMPANY,
        "esiid": settings.FAILED_MATCHES_PER_ESIID,
    }
    esiids: dict[int, set[str]] = defaultdict(set)
    latest: dict[int, datetime] = {}
    for column, limit in limits.items():
        reached = recent.values(column).annotate(count=Count("pk")).filter(count__gte=limit).values(column)
        failures = recent.filter(**{f"{column}__in": reached}).order_by("at")
        for company_id, esiid, failed_at in failures.values_list("company", "esiid", "at"):
            esiids[company_id].add(esiid)
            latest[company_id] = max(failed_at, latest.get(company_id, failed_at))
    for company in Company.objects.filter(pk__in=esiids).order_by("pk"):
        staff = User.objects.filter(is_staff=True, is_active=True)
        tdsps = Premise.objects.filter(esiid__in=esiids[company.pk]).values("tdsp")
        readers = (staff.filter(tdsp__in=tdsps) | staff.filter(tdsp=None)).distinct().order_by("pk")
        with transaction.atomic():
            emails.queue_guessing_notices(company, readers, day=central_day(latest[company.pk]))
    return len(esiids)

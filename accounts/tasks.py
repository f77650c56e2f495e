"""Scheduled work of accounts."""

from __future__ import annotations

from datetime import datetime

from celery import shared_task
from django.conf import settings
from django.db.models.functions import Now

from accounts.models import AccessLogEntry
from lib.append_only import retention


@shared_task
def delete_old_access_log_entries(*, at: datetime | None = None) -> int:
    """Delete the entries older than settings.ACCESS_LOG_RETENTION and return their number (X6)."""
    with retention():
        return AccessLogEntry.objects.filter(at__lt=(at or Now()) - settings.ACCESS_LOG_RETENTION).delete()[0]

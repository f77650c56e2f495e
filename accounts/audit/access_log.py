"""Write and prune the log of staff's access to customer data (D3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models.functions import Now

from accounts.models import AccessLogEntry, User
from lib.append_only import retention
from lib.scoped_admin import ViewedRecords


def log_access(user: User, viewed_records: Iterable[ViewedRecords]) -> None:
    """Write one entry for each of `viewed_records`, which `user` sees."""
    tdsp_id = user.tdsp_id if user.is_staff else None
    AccessLogEntry.objects.bulk_create(
        AccessLogEntry(user=user, tdsp_id=tdsp_id, **vars(viewed)) for viewed in viewed_records
    )


def delete_old_entries(*, at: datetime | None = None) -> int:
    """Delete the entries older than settings.ACCESS_LOG_RETENTION and return their number (X6)."""
    with retention():
        return AccessLogEntry.objects.filter(at__lt=(at or Now()) - settings.ACCESS_LOG_RETENTION).delete()[0]

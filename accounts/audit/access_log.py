"""How long the trail of staff's looks is kept (D3)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models.functions import Now

from accounts.models import StaffLook
from lib.append_only import retention


def forget_looks(*, at: datetime | None = None) -> int:
    """Delete the looks older than settings.STAFF_LOOK_RETENTION; returns how many went (D3)."""
    with retention():
        gone, _by_model = StaffLook.objects.filter(at__lt=(at or Now()) - settings.STAFF_LOOK_RETENTION).delete()
    return gone

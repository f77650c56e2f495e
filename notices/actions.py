"""Mark notices as read."""

from __future__ import annotations

from accounts.models import User
from notices.models import Notice, NoticeRead


def mark_read(notice: Notice, *, by: User) -> None:
    """Record that `by` opened the notice; do nothing if that is recorded already, even at the same moment."""
    NoticeRead.objects.bulk_create([NoticeRead(notice=notice, user=by)], ignore_conflicts=True)

"""What is done with notices."""

from __future__ import annotations

from accounts.models import User
from notices.models import Notice, NoticeRead


def mark_read(notice: Notice, *, by: User) -> None:
    """`by` has opened it; once is enough, also for two at the same time."""
    NoticeRead.objects.bulk_create([NoticeRead(notice=notice, user=by)], ignore_conflicts=True)

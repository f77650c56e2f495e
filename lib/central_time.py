"""The database's clock decides: workers and web servers may disagree about the time, one database does not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import formats, timezone

CENTRAL = ZoneInfo("America/Chicago")


def moment(at: datetime | None = None) -> datetime:
    """`at` itself, or now by the database's clock (aware, UTC)."""
    if at is not None:
        return at.astimezone(UTC)  # in another zone "30 days later" would keep the wall clock, not the hours
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def central_day(at: datetime) -> date:
    """The Central day in which `at` lies (A3)."""
    return at.astimezone(CENTRAL).date()


def format_moment(at: datetime) -> str:
    """`at` in Central time, in the active language: "Nov. 28, 2026, 3:20 p.m. CST"."""
    return formats.date_format(timezone.localtime(at), "DATETIME_FORMAT")

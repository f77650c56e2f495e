"""Time: the database's clock, Central days, and months.

Workers and web servers may disagree about the time; one database does not (A3).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import formats

CENTRAL = ZoneInfo("America/Chicago")
ONE_DAY = timedelta(days=1)


def utc_or_now(at: datetime | None = None) -> datetime:
    """Return `at` in UTC, or now by the database's clock."""
    if at is not None:
        return at.astimezone(UTC)  # in another zone "30 days later" would keep the wall clock, not the hours
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def central_day(at: datetime) -> date:
    """Return the Central day in which `at` lies (A3)."""
    return at.astimezone(CENTRAL).date()


def add_months(day: date, months: int) -> date:
    """Return the same day `months` later (earlier if negative), or that month's last day if it has no such day."""
    year, month_index = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month_index + 1, min(day.day, monthrange(year, month_index + 1)[1]))


def last_of_month(day: date) -> date:
    """Return the last day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield `first` to `last`, both included; nothing if `first` is later."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def format_central(at: datetime) -> str:
    """Format `at` in Central time, in the active language: "November 28, 2026, 3:20 PM Central Time"."""
    return formats.date_format(at.astimezone(CENTRAL), "DATETIME_FORMAT")

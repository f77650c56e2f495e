"""Usage as it is stored, read back in order, and the monthly partitions that hold it (DESIGN.md section 4, R6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

import psycopg
from django.db import connection, transaction

from meters.days import CENTRAL

FIRST_DAY = date(2007, 1, 1)  # no smart meter in Texas is older

# Days asked for at once: a consumer may use the connection between two days, memory stays under a megabyte, and a year
# is four questions.
_DAYS_AT_ONCE = 92

_PARTITION_LOCK = 0x534D5401  # "SMT", 1: who makes partitions
_TAKE_LOCK = "SELECT pg_advisory_xact_lock(%s)"

_USAGE = """
    SELECT day, channel, revision_at, est, wh FROM usage_day
    WHERE premise_id = %b::int4 AND day BETWEEN %b::date AND %b::date ORDER BY day, channel
"""


class DayUsage(NamedTuple):
    """A day's readings in one direction; `wh` and `est` as in UsageDay."""

    day: date
    channel: int
    revision_at: datetime
    est: bytes | None
    wh: list[int | None]


def stream_usage(premise_id: int, first_day: date, last_day: date) -> Iterator[DayUsage]:
    """The premise's usage from `first_day` to `last_day`, both included, by day, then Consumption before Surplus.

    Days without usage are not there. Memory does not grow with the period (R6); works inside an open transaction.
    """
    connection.ensure_connection()
    while first_day <= last_day:
        last_at_once = min(first_day + timedelta(days=_DAYS_AT_ONCE - 1), last_day)
        # Django's own cursors refuse binary results, which are three times as quick to read for an array.
        with psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(_USAGE, (premise_id, first_day, last_at_once), prepare=True, binary=True)
            days = cursor.fetchall()
        yield from map(DayUsage._make, days)
        first_day = last_at_once + timedelta(days=1)


def last_possible_day() -> date:
    """Usage is kept up to the end of next year, Central: a later day in a file is a typing error."""
    return date(datetime.now(CENTRAL).year + 1, 12, 31)


def ensure_partitions(first_day: date, last_day: date) -> int:
    """Make the monthly partitions for these days where they are missing and return how many were made.

    Safe when two loaders do it at once. ValueError for days before 2007 or after next year.
    """
    if not FIRST_DAY <= first_day <= last_day <= last_possible_day():
        raise ValueError(
            f"Usage from {first_day} to {last_day}: only {FIRST_DAY} to {last_possible_day()} can be kept."
        )
    wanted = dict(_months(first_day, last_day))
    if not wanted.keys() - _partitions():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE_LOCK, [_PARTITION_LOCK])
        missing = sorted(wanted.keys() - _partitions())
        for name in missing:
            month, following = wanted[name]
            # Made aside and attached: CREATE ... PARTITION OF would lock every reader out.
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {name} (LIKE usage_day INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
            )
            cursor.execute(
                f"ALTER TABLE usage_day ATTACH PARTITION {name} FOR VALUES FROM ('{month}') TO ('{following}')"
            )
    return len(missing)


def make_coming_partitions() -> int:
    """The sweep's part: the partitions of this month and the two that follow exist before anybody needs them."""
    today = datetime.now(CENTRAL).date()
    last_month = _following_month(_following_month(today.replace(day=1)))
    return ensure_partitions(today, min(last_month, last_possible_day()))


def _months(first_day: date, last_day: date) -> Iterator[tuple[str, tuple[date, date]]]:
    month = first_day.replace(day=1)
    while month <= last_day:
        following = _following_month(month)
        yield f"usage_day_y{month:%Y}m{month:%m}", (month, following)
        month = following


def _following_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _partitions() -> set[str]:
    """The names of the partitions that are attached."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'usage_day'::regclass"
        )
        return {name for (name,) in cursor.fetchall()}

"""Usage as it is stored, read back in order (DESIGN.md section 4, R6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import psycopg
from django.db import connection

from meters.usage.int4_array import readings

# The revision of readings whose file told none: earlier than any that a file can tell (ADR 8).
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)

# Days asked for at once: a year is one question. PostgreSQL's answer takes a third of a megabyte for each direction.
_DAYS_AT_ONCE = 366
_DAYS_UNPACKED = 32  # of that answer; psycopg makes rows of many more quickly than of each

_USAGE = """
    SELECT day, channel, revision_at, est, array_send(wh) FROM usage_day
    WHERE premise_id = %b::int4 AND day BETWEEN %b::date AND %b::date ORDER BY day, channel
"""


class DayReadings(NamedTuple):
    """A day's readings in one direction; `wh` and `est` as in UsageDay."""

    day: date
    channel: int
    revision_at: datetime
    est: bytes | None
    wh: list[int | None]


def stream_usage(premise_id: int, first_day: date, last_day: date) -> Iterator[DayReadings]:
    """The premise's usage from `first_day` to `last_day`, both included, by day, then Consumption before Surplus.

    Days without usage are not there. Memory does not grow with the period (R6); works inside an open transaction, and
    the connection may be used between two days.
    """
    connection.ensure_connection()
    while first_day <= last_day:
        last_at_once = first_day + min(timedelta(days=_DAYS_AT_ONCE - 1), last_day - first_day)
        # Django's own cursors refuse binary results.
        with psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(_USAGE, (premise_id, first_day, last_at_once), prepare=True, binary=True)
            while days := cursor.fetchmany(_DAYS_UNPACKED):
                for day, channel, revision_at, est, wh in days:
                    yield DayReadings(day, channel, revision_at, est, readings(wh))
        if last_at_once == last_day:  # after which there may be no other: 9999-12-31
            return
        first_day = last_at_once + timedelta(days=1)

"""Read stored usage back in order (R6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import psycopg
from django.db import connection
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

from meters.models import FlowDirection
from meters.usage.int4_array import ARRAY_OID, unpack_array

# The revision of readings whose file has none: earlier than any that a file can have (ADR 8).
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)

# A query's days: a year is one query. PostgreSQL's answer takes a third of a megabyte for each direction.
_DAYS_AT_ONCE = 366
_FETCHED_DAYS = 32  # of that answer; psycopg unpacks many rows at once faster than one by one

_USAGE = """
    SELECT day, channel, revision_at, est, wh FROM usage_day
    WHERE premise_id = %b::int4 AND day BETWEEN %b::date AND %b::date ORDER BY day, channel
"""


_LATEST_DAY = """
    SELECT day FROM usage_day
    WHERE premise_id = %s::int4 AND day BETWEEN %s::date AND %s::date AND array_remove(wh, NULL) <> '{}'
    ORDER BY day DESC LIMIT 1
"""
_DIRECTIONS_ON_FILE = """
    SELECT DISTINCT channel FROM usage_day
    WHERE premise_id = %s::int4 AND day BETWEEN %s::date AND %s::date AND array_remove(wh, NULL) <> '{}'
    ORDER BY channel
"""
_PREMISES_ON_FILE = """
    SELECT DISTINCT premise_id FROM usage_day
    WHERE premise_id = ANY(%s::int4[]) AND day BETWEEN %s::date AND %s::date AND array_remove(wh, NULL) <> '{}'
"""


class DayReadings(NamedTuple):
    """A day's readings in one direction; `wh` and `est` as in UsageDay."""

    day: date
    channel: int
    revision_at: datetime
    est: bytes | None
    wh: list[int | None]


class _ReadingsLoader(Loader):
    """Loads a day's array in a third of psycopg's own time."""

    format = Format.BINARY

    def load(self, data: Buffer) -> list[int | None]:
        return unpack_array(bytes(data))


def stream_usage(premise_id: int, first_day: date, last_day: date) -> Iterator[DayReadings]:
    """Yield the premise's usage from `first_day` to `last_day`, both included, by day, Consumption before Surplus.

    Days without usage are left out. Memory does not grow with the period (R6). Works inside an open transaction; the
    connection may be used between two days.
    """
    connection.ensure_connection()
    while first_day <= last_day:
        # Subtract before adding: no day may be later than 9999-12-31.
        queried_days = min(timedelta(days=_DAYS_AT_ONCE - 1), last_day - first_day)
        last_queried = first_day + queried_days
        # Django's own cursors do not return binary results.
        with psycopg.Cursor(connection.connection) as cursor:
            cursor.adapters.register_loader(ARRAY_OID, _ReadingsLoader)
            cursor.execute(_USAGE, (premise_id, first_day, last_queried), binary=True)
            while days := cursor.fetchmany(_FETCHED_DAYS):
                yield from map(DayReadings._make, days)
        if last_queried == last_day:
            return
        first_day = last_queried + timedelta(days=1)


def latest_day_on_file(premise_id: int, first_day: date, last_day: date) -> date | None:
    """Return the latest day from `first_day` to `last_day`, both included, with a reading in any direction."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST_DAY, (premise_id, first_day, last_day))
        row = cursor.fetchone()
    return row[0] if row else None


def directions_on_file(premise_id: int, first_day: date, last_day: date) -> list[FlowDirection]:
    """Return the directions with a reading on any day from `first_day` to `last_day`, both included."""
    with connection.cursor() as cursor:
        cursor.execute(_DIRECTIONS_ON_FILE, (premise_id, first_day, last_day))
        return [FlowDirection(channel) for (channel,) in cursor.fetchall()]


def premises_on_file(premise_ids: list[int], first_day: date, last_day: date) -> set[int]:
    """Return those of `premise_ids` with a reading on any day from `first_day` to `last_day`, both included."""
    with connection.cursor() as cursor:
        cursor.execute(_PREMISES_ON_FILE, (premise_ids, first_day, last_day))
        return {premise_id for (premise_id,) in cursor.fetchall()}

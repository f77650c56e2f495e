"""How much room usage takes, and how many pages a report touches when there are a hundred times more meters."""

from __future__ import annotations

import json
from datetime import date, timedelta

import psycopg
from django.db import connection

from bench import data
from bench.goals import Goal
from meters.usage.reader import _USAGE

FEW, MANY = 300, 30_000

_SIZE = """
    SELECT sum(pg_total_relation_size(i.inhrelid)), sum(pg_indexes_size(i.inhrelid))
    FROM pg_inherits i WHERE i.inhparent = 'usage_day'::regclass
"""


def goals(days: int) -> list[Goal]:
    """Leaves the `days` of MANY premises in the database."""
    data.make_premises(FEW)
    data.fill(days)
    few = {length: _pages(FEW // 2, length) for length in _lengths(days)}
    data.make_premises(MANY)
    meter_days = data.fill(days)
    many = {length: _pages(MANY // 2, length) for length in _lengths(days)}
    with connection.cursor() as cursor:
        cursor.execute(_SIZE)
        size, index = map(int, cursor.fetchone())
    return [
        Goal(
            "bytes per meter-day, index included",
            540,
            size / meter_days,
            unit="bytes",
            detail=f"{meter_days:,} meter-days, {size / 1e6:,.0f} MB, {index / meter_days:.0f} bytes of it index",
        ),
        *(
            Goal(
                f"pages touched by a report of {length} days, {MANY:,} premises against {FEW}",
                1.1,
                many[length] / few[length],
                detail=f"{many[length]} against {few[length]} pages (EXPLAIN BUFFERS)",
            )
            for length in _lengths(days)
        ),
    ]


def _lengths(days: int) -> list[int]:
    return [length for length in (92, 365) if length <= days]


def _pages(premise_id: int, days: int) -> int:
    """Pages that the report's own question touches, asked the second time: what is planned once is not counted."""
    first, last = data.FIRST_DAY, data.FIRST_DAY + timedelta(days=days - 1)
    question = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + _USAGE
    pages = 0
    with psycopg.Cursor(connection.connection) as cursor:
        while first <= last:
            until = min(first + timedelta(days=91), last)
            for _time in range(2):
                found = _explain(cursor, question, premise_id, first, until)
            pages += found
            first = until + timedelta(days=1)
    return pages


def _explain(cursor: psycopg.Cursor, question: str, premise_id: int, first: date, last: date) -> int:
    cursor.execute(question, (premise_id, first, last))
    row = cursor.fetchone()
    assert row is not None
    plan = (row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])

"""The size of usage on disk, and the pages that a report touches with a hundred times more meters."""

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


def measure(days: int) -> list[Goal]:
    """Measure, and leave the `days` of MANY premises in the database."""
    data.make_premises(FEW)
    data.fill_usage(days)
    few = {length: count_pages(FEW // 2, length) for length in report_lengths(days)}
    data.make_premises(MANY)
    meter_days = data.fill_usage(days)
    many = {length: count_pages(MANY // 2, length) for length in report_lengths(days)}
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
            for length in report_lengths(days)
        ),
    ]


def report_lengths(days: int) -> list[int]:
    return [length for length in (92, 365) if length <= days]


def count_pages(premise_id: int, days: int) -> int:
    """Count the pages that the report's query touches the second time, without those of planning."""
    first, last = data.FIRST_DAY, data.FIRST_DAY + timedelta(days=days - 1)
    query = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + _USAGE
    pages = 0
    with psycopg.Cursor(connection.connection) as cursor:
        while first <= last:
            until = min(first + timedelta(days=91), last)
            for _time in range(2):
                touched = touched_pages(cursor, query, premise_id, first, until)
            pages += touched
            first = until + timedelta(days=1)
    return pages


def touched_pages(cursor: psycopg.Cursor, query: str, premise_id: int, first: date, last: date) -> int:
    cursor.execute(query, (premise_id, first, last))
    row = cursor.fetchone()
    assert row is not None
    plan = (row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])

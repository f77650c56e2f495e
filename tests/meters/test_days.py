"""The shape of a Central day (R3, A3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from meters.tasks import make_partitions
from meters.usage.days import day_start, parse_day, shape_of, slot_start, slots_on
from meters.usage.partitions import ensure_partitions
from meters.usage.reader import stream_usage
from tests.factories import UsageDayFactory


def test_every_day_of_thirty_years_has_the_right_number_of_slots():
    """A3: 92, 96 or 100 quarter hours; 92 and 100 once a year on a Sunday."""
    day = date(2007, 1, 1)
    odd = []
    while day < date(2037, 1, 1):
        hours = (day_start(day + timedelta(days=1)) - day_start(day)) / timedelta(hours=1)
        assert slots_on(day) == hours * 4
        if hours != 24:
            odd.append((day.year, slots_on(day), day.weekday()))
        day += timedelta(days=1)
    assert odd == [(year, slots, 6) for year in range(2007, 2037) for slots in (92, 100)]


def test_printed_rows_cover_every_slot_once():
    """R3: 96 printed rows for 92 slots in spring, 100 for 100 in fall."""
    for day, printed in [(date(2026, 3, 8), 96), (date(2026, 3, 9), 96), (date(2026, 11, 1), 100)]:
        rows = shape_of(day).rows
        assert len(rows) == printed
        assert [row.slot for row in rows if row.slot is not None] == list(range(slots_on(day)))
        assert all(before.end == row.start for before, row in zip(rows, rows[1:], strict=False))


def test_slot_starts_are_in_utc():
    """A3: UTC inside."""
    assert slot_start(date(2026, 3, 8), 8) == datetime(2026, 3, 8, 8, tzinfo=UTC)
    assert slot_start(date(2026, 11, 1), 8) == datetime(2026, 11, 1, 7, tzinfo=UTC)
    assert slot_start(date(2026, 11, 1), 99) == datetime(2026, 11, 2, 5, 45, tzinfo=UTC)


def test_days_may_be_typed_in_iso_or_us_form():
    """A2: as programs and as Texans write them."""
    assert parse_day("2026-03-08") == parse_day(" 03/08/2026") == parse_day("3/8/2026") == date(2026, 3, 8)
    for typed in ("", " ", "03-08-2026", "13/01/2026", "2026-3-8", "2026-02-30", "٢٠٢٦-٠٣-٠٨"):
        with pytest.raises(ValueError, match="."):
            parse_day(typed)


def _partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'usage_day'::regclass")
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.django_db
def test_the_sweep_makes_the_coming_months():
    """R6: a partition exists before its month, also across the end of the year."""
    with time_machine.travel("2025-11-30T23:30:00-06:00", tick=False):
        make_partitions()
        made = _partitions()
        make_partitions()
    assert {"usage_day_y2025m11", "usage_day_y2025m12", "usage_day_y2026m01"} <= made == _partitions()


@pytest.mark.django_db
@pytest.mark.parametrize("day", [date(2006, 12, 31), date(2199, 1, 1)])
def test_no_partition_is_made_for_an_impossible_day(day):
    """D2: a typing error must not fill the database with tables."""
    with pytest.raises(ValueError, match="can be kept"):
        ensure_partitions(day, day)


@pytest.mark.django_db
def test_usage_is_streamed_by_day_then_direction():
    """R6: over months, both ends included, other premises left out, the connection free between two days."""
    days = [date(2025, 1, 1) + timedelta(days=n * 37) for n in range(10)]
    first = UsageDayFactory(day=days[0])
    premise_id = first.premise_id
    for day in days:
        for channel in (1, 0):
            if (day, channel) != (days[0], 0):
                UsageDayFactory(premise=None, premise_id=premise_id, day=day, channel=channel)
    UsageDayFactory(day=days[1])
    streamed = []
    for usage in stream_usage(premise_id, days[0], days[8]):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        streamed.append((usage.day, usage.channel))
    assert streamed == [(day, channel) for day in days[:9] for channel in (0, 1)]
    assert list(stream_usage(premise_id, days[3], days[3] - timedelta(days=1))) == []

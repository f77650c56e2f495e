"""The clean variant of the 15-minute CSV: the same readings, each with its moment in UTC (R3)."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.usage.days import slots_on
from tests.reports.test_layouts import FALL, SPRING, any_days, file_of
from tests.support.independent_csv import CENTRAL, QUARTER
from tests.support.usage import CONSUMPTION, SURPLUS, every_day, usage

SMT_COLUMNS = 8


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(content.decode().splitlines()))


def test_the_header_is_smts_own_and_three_columns_more():
    """R3"""
    smt, clean = file_of("interval", [usage(SPRING)]), file_of("interval", [usage(SPRING)], with_utc=True)
    assert rows_of(clean)[0] == [*rows_of(smt)[0], "START_UTC", "UTC_OFFSET", "USAGE_DATE_ISO"]


@settings(max_examples=60, deadline=None)
@given(any_days())
def test_it_has_the_rows_of_smts_layout_except_hours_that_do_not_exist(days):
    """R3: cut to SMT's columns it is the same file without the spring day's four rows from 02:00 to 03:00."""
    first, last = FALL, date(2026, 4, 10)
    smt = rows_of(file_of("interval", days, first, last))
    clean = rows_of(file_of("interval", days, first, last, with_utc=True))
    never = [row for row in smt if row[1] == f"{SPRING:%m/%d/%Y}" and row[3].startswith("02:")]
    assert [row[:SMT_COLUMNS] for row in clean] == [row for row in smt if row not in never]
    assert len(never) == 4 * sum(one.day == SPRING for one in days)


@settings(max_examples=60, deadline=None)
@given(st.dates(date(2010, 1, 1), date(2037, 12, 31)), st.sampled_from([CONSUMPTION, SURPLUS]))
@pytest.mark.parametrize("near", [None, SPRING, FALL])
def test_each_row_is_its_own_quarter_hour_whatever_the_clocks_did(near, day, channel):
    """R3: by walking UTC from midnight to midnight and asking for the wall clock."""
    day = near or day
    begin = datetime(day.year, day.month, day.day, tzinfo=CENTRAL).astimezone(UTC)
    rows = rows_of(file_of("interval", [usage(day, channel)], with_utc=True))[1:]
    assert len(rows) == slots_on(day)
    for number, row in enumerate(rows):
        start = begin + number * QUARTER
        local = start.astimezone(CENTRAL)
        assert row[8] == f"{start:%Y-%m-%dT%H:%M:%SZ}"
        assert datetime.fromisoformat(row[8]) == start
        assert row[9] == local.isoformat()[-6:]
        assert row[10] == day.isoformat() == local.date().isoformat()
        assert row[3] == f"{local:%H:%M}" or (row[3], f"{local:%H:%M}", local.fold) == ("02:00", "01:00", 1)


def test_each_quarter_hour_of_a_year_occurs_exactly_once():
    """R3: both days on which clocks change are inside."""
    days = every_day(date(2025, 10, 1), date(2026, 9, 30))
    starts = [datetime.fromisoformat(row[8]) for row in rows_of(file_of("interval", days, with_utc=True))[1:]]
    assert {later - earlier for earlier, later in zip(starts, starts[1:], strict=False)} == {timedelta(minutes=15)}
    assert len(starts) == 365 * 96


def test_only_intervals_have_utc_columns():
    with pytest.raises(AssertionError):
        file_of("daily", [usage(SPRING)], with_utc=True)


def test_the_repeated_hour_is_told_apart_by_its_offset():
    """R3: by hand."""
    rows = rows_of(file_of("interval", [usage(FALL, wh=list(range(100)))], with_utc=True))
    assert [",".join(row[3:6] + row[8:]) for row in rows[5:14]] == [
        "01:00,01:15,.004,2025-11-02T06:00:00Z,-05:00,2025-11-02",
        "01:15,01:30,.005,2025-11-02T06:15:00Z,-05:00,2025-11-02",
        "01:30,01:45,.006,2025-11-02T06:30:00Z,-05:00,2025-11-02",
        "01:45,02:00,.007,2025-11-02T06:45:00Z,-05:00,2025-11-02",
        "02:00,01:15,.008,2025-11-02T07:00:00Z,-06:00,2025-11-02",
        "01:15,01:30,.009,2025-11-02T07:15:00Z,-06:00,2025-11-02",
        "01:30,01:45,.01,2025-11-02T07:30:00Z,-06:00,2025-11-02",
        "01:45,02:00,.011,2025-11-02T07:45:00Z,-06:00,2025-11-02",
        "02:00,02:15,.012,2025-11-02T08:00:00Z,-06:00,2025-11-02",
    ]

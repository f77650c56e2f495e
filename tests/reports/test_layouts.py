"""The bytes of the CSV files (R3), against an independent implementation and against rows typed by hand."""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.models import ReportType
from agreements.period import Period
from meters.usage.days import slots_on
from reports.csv_layouts import LAYOUTS, csv_chunks, csv_layout
from tests.support import independent_csv
from tests.support.usage import CONSUMPTION, SURPLUS, every_day, usage

ESIID = "10443720000000017"
SPRING, FALL = date(2026, 3, 8), date(2025, 11, 2)


def file_of(kind, days, first=None, last=None, with_utc=False):
    first, last = first or days[0].day, last or days[-1].day
    return b"".join(csv_chunks(csv_layout(kind, with_utc=with_utc), ESIID, Period(first, first, last), iter(days)))


def test_every_report_type_has_a_layout():
    """R3, T4"""
    assert set(LAYOUTS) == set(ReportType.values)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 6, 1), date(2026, 6, 3)),
        (date(2026, 3, 7), date(2026, 3, 9)),  # the spring day in the middle
        (date(2025, 11, 1), date(2025, 11, 3)),  # the fall day in the middle
        (date(2025, 10, 20), date(2026, 4, 2)),  # both, and a new year
    ],
)
@pytest.mark.parametrize("channels", [[CONSUMPTION], [CONSUMPTION, SURPLUS]])
def test_complete_days_equal_what_csv_writer_writes(first, last, channels):
    """R3"""
    days = every_day(first, last, *channels)
    assert file_of("interval", days) == independent_csv.interval_csv(ESIID, days)
    assert file_of("daily", days) == independent_csv.daily_csv(ESIID, days)
    assert file_of("monthly", days) == independent_csv.monthly_csv(ESIID, first, last, days)


@st.composite
def any_days(draw):
    """Days with and without gaps. Readings come from a seed: drawing each of a thousand takes too long."""
    days = []
    for day in [date(2026, 3, 7), SPRING, date(2026, 3, 31), date(2026, 4, 1), FALL]:
        for channel in (CONSUMPTION, SURPLUS):
            if draw(st.booleans()):
                dice, count = random.Random(draw(st.integers(0, 2**32))), slots_on(day)
                choices = [0, 1, 10, 100, 999, 1000, 9_999_000, *([None] if dice.random() < 0.7 else [])]
                wh = [dice.choice([*choices, dice.randrange(9_999_001)]) for _slot in range(count)]
                if dice.random() < 0.1:
                    wh = [None] * count
                days.append(usage(day, channel, wh=wh, estimated=dice.sample(range(count), dice.randrange(6))))
    return sorted(days)


@settings(max_examples=60, deadline=None)
@given(any_days())
def test_gaps_flags_and_any_number_equal_what_csv_writer_writes(days):
    """R3: missing days, blank slots, estimated slots, one or two directions."""
    first, last = FALL, date(2026, 4, 10)
    assert file_of("interval", days, first, last) == independent_csv.interval_csv(ESIID, days)
    assert file_of("daily", days, first, last) == independent_csv.daily_csv(ESIID, days)
    assert file_of("monthly", days, first, last) == independent_csv.monthly_csv(ESIID, first, last, days)


def test_the_spring_day_has_its_four_blank_rows():
    """R3: as docs/file-formats.md prints it."""
    rows = file_of("interval", [usage(SPRING, wh=[145] * 92)]).decode().splitlines()[1:]
    assert len(rows) == 96
    assert [row.split(",", 3)[3] for row in rows if ",,," in row] == [
        "02:00,02:15,,,Consumption",
        "02:15,02:30,,,Consumption",
        "02:30,02:45,,,Consumption",
        "02:45,03:00,,,Consumption",
    ]
    assert rows[-1].endswith(",23:45,00:00,.145,A,Consumption")


def test_the_fall_day_repeats_its_hour():
    """R3: as docs/file-formats.md prints it."""
    rows = file_of("interval", [usage(FALL, wh=list(range(100)))]).decode().splitlines()[1:]
    assert len(rows) == 100
    assert [row.split(",", 3)[3] for row in rows[7:13]] == [
        "01:45,02:00,.007,A,Consumption",
        "02:00,01:15,.008,A,Consumption",
        "01:15,01:30,.009,A,Consumption",
        "01:30,01:45,.01,A,Consumption",
        "01:45,02:00,.011,A,Consumption",
        "02:00,02:15,.012,A,Consumption",
    ]


def test_a_day_as_a_row():
    """R3: our daily layout, by hand; an hour of 1 kWh, one slot estimated, no register readings."""
    day = usage(
        date(2026, 6, 1),
        wh=[250] * 4 + [0] * 92,
        estimated=[2],
        revision_at=datetime(2026, 6, 2, 11, 18, 33, tzinfo=UTC),
    )
    assert file_of("daily", [day]).decode().splitlines() == [
        "ESIID,USAGE_DATE,REVISION_DATE,START_READING,END_READING,USAGE_KWH,ESTIMATED_ACTUAL,"
        "CONSUMPTION_SURPLUSGENERATION,EXPECTED_INTERVALS,PRESENT_INTERVALS",
        "'10443720000000017,06/01/2026,06/02/2026 06:18:33,,,1,E,Consumption,96,96",
    ]


def test_a_month_as_a_row_names_the_part_that_the_period_covers():
    """R3: our monthly layout; the peak is the highest quarter hour times four; a month without data has no row."""
    april = usage(date(2026, 4, 20), wh=[500] + [0] * 95)
    june = usage(date(2026, 6, 1), wh=[None] * 95 + [125])
    june_solar = usage(date(2026, 6, 1), SURPLUS, wh=[None] * 96)
    found = file_of("monthly", [april, june, june_solar], date(2026, 4, 15), date(2026, 6, 14)).decode()
    assert [re.sub(r" \d\d:\d\d:\d\d", "", row) for row in found.splitlines()[1:]] == [
        f"'10443720000000017,04/15/2026,04/30/2026,04/21/2026,.5,2,A,Consumption,{16 * 96},96",
        f"'10443720000000017,06/01/2026,06/14/2026,06/02/2026,.125,.5,A,Consumption,{14 * 96},1",
    ]


def test_a_day_of_blank_rows_is_missing_in_every_layout_but_the_15_minute_one():
    """R3, R4: SMT prints blank rows for a day that was not read."""
    days = [usage(date(2026, 6, 1), wh=[100] * 96), usage(date(2026, 6, 2), wh=[None] * 96)]
    assert len(file_of("interval", days).splitlines()) == 1 + 2 * 96
    assert len(file_of("daily", days).splitlines()) == 1 + 1
    assert file_of("monthly", days).decode().splitlines()[1].endswith(",A,Consumption,192,96")
    assert file_of("monthly", days[1:]).count(b"\n") == 1

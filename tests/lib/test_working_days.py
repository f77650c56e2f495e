"""Working days as the United States' federal offices have them (X1, X7)."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from lib.central_time import CENTRAL
from lib.working_days import add_working_days, federal_holidays, is_working_day

# As the Office of Personnel Management publishes them.
HOLIDAYS = {
    2026: ["01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25"],
    2027: ["01-01", "01-18", "02-15", "05-31", "06-18", "07-05", "09-06", "10-11", "11-11", "11-25", "12-24"],
    2028: ["01-17", "02-21", "05-29", "06-19", "07-04", "09-04", "10-09", "11-10", "11-23", "12-25"],
}


@pytest.mark.parametrize("year", HOLIDAYS)
def test_the_holidays_are_those_of_the_opm(year):
    published = {date.fromisoformat(f"{year}-{day}") for day in HOLIDAYS[year]}
    assert {day for day in federal_holidays(year) if day.year == year} == published


def test_a_new_years_day_on_a_saturday_closes_the_friday_before():
    assert not is_working_day(date(2027, 12, 31))
    assert is_working_day(date(2026, 12, 31))


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (datetime(2026, 11, 23, 9), datetime(2026, 12, 2)),  # Thanksgiving and a weekend between
        (datetime(2026, 11, 28, 23, 59), datetime(2026, 12, 5)),  # a Saturday
        (datetime(2026, 3, 2, 0), datetime(2026, 3, 10)),  # a clock change between
    ],
)
def test_five_working_days_end_with_the_fifth(at, until):
    assert add_working_days(at.replace(tzinfo=CENTRAL), 5) == until.replace(tzinfo=CENTRAL)

"""Which days a report covers (R2)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from agreements.models import ReportLength
from agreements.period import MONTHS, Period, awaited_days, report_period

CENTRAL = ZoneInfo("America/Chicago")


def central(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CENTRAL)


def period_of(accepted_at: datetime, length: str, service_start: date | None) -> Period:
    """The period of an acceptance where yesterday is on file."""
    _earliest, yesterday = awaited_days(accepted_at)
    return report_period(yesterday, length, service_start)


@pytest.mark.parametrize(
    ("accepted", "length", "first", "last"),
    [
        # an ordinary day
        ("2026-11-23T10:00", "1d", "2026-11-22", "2026-11-22"),
        ("2026-11-23T10:00", "1m", "2026-10-23", "2026-11-22"),
        ("2026-11-23T10:00", "3m", "2026-08-23", "2026-11-22"),
        ("2026-11-23T10:00", "6m", "2026-05-23", "2026-11-22"),
        ("2026-11-23T10:00", "12m", "2025-11-23", "2026-11-22"),
        # the first of a month: whole calendar months
        ("2026-03-01T00:00", "1m", "2026-02-01", "2026-02-28"),
        ("2026-01-01T12:00", "3m", "2025-10-01", "2025-12-31"),
        ("2026-01-01T12:00", "12m", "2025-01-01", "2025-12-31"),
        # an earlier month without such a day
        ("2026-03-31T12:00", "1m", "2026-02-28", "2026-03-30"),
        ("2026-03-29T12:00", "1m", "2026-02-28", "2026-03-28"),
        ("2026-05-31T12:00", "3m", "2026-02-28", "2026-05-30"),
        ("2026-12-31T12:00", "6m", "2026-06-30", "2026-12-30"),
        # leap days
        ("2028-03-31T12:00", "1m", "2028-02-29", "2028-03-30"),
        ("2028-02-29T12:00", "12m", "2027-02-28", "2028-02-28"),
        ("2028-03-01T12:00", "1d", "2028-02-29", "2028-02-29"),
        ("2029-02-28T12:00", "12m", "2028-02-28", "2029-02-27"),
        # on and after days on which the clock changes
        ("2026-03-08T12:00", "1d", "2026-03-07", "2026-03-07"),
        ("2026-03-09T00:00", "1d", "2026-03-08", "2026-03-08"),
        ("2026-11-01T01:30", "1d", "2026-10-31", "2026-10-31"),
        ("2026-11-02T00:00", "1d", "2026-11-01", "2026-11-01"),
        # a day's first and last moment
        ("2026-11-23T00:00:00", "1d", "2026-11-22", "2026-11-22"),
        ("2026-11-23T23:59:59", "1d", "2026-11-22", "2026-11-22"),
    ],
)
def test_it_ends_on_the_day_before_acceptance_and_goes_back_calendar_months(accepted, length, first, last):
    """R2"""
    found = period_of(central(accepted), length, None)
    assert (found.first.isoformat(), found.last.isoformat()) == (first, last)
    assert found.first == found.asked_first


@pytest.mark.parametrize(
    ("accepted", "last"),
    [
        (datetime(2026, 7, 4, 4, 59, 59, tzinfo=UTC), date(2026, 7, 2)),  # still July 3 in Texas, summer
        (datetime(2026, 7, 4, 5, 0, 0, tzinfo=UTC), date(2026, 7, 3)),
        (datetime(2026, 1, 4, 5, 59, 59, tzinfo=UTC), date(2026, 1, 2)),  # still January 3 in Texas, winter
        (datetime(2026, 1, 4, 6, 0, 0, tzinfo=UTC), date(2026, 1, 3)),
    ],
)
def test_the_day_of_acceptance_is_the_central_one(accepted, last):
    """R2, A3"""
    assert period_of(accepted, "1d", None).last == last


def test_it_never_starts_before_the_present_customers_service():
    """R2: nobody gives away a former tenant's life."""
    accepted = central("2026-11-23T10:00")
    found = period_of(accepted, "12m", date(2026, 9, 15))
    assert (found.asked_first, found.first, found.last) == (date(2025, 11, 23), date(2026, 9, 15), date(2026, 11, 22))
    assert found.first > found.asked_first


def test_a_service_that_began_earlier_changes_nothing():
    """R2"""
    accepted = central("2026-11-23T10:00")
    assert period_of(accepted, "1m", date(2026, 10, 23)) == period_of(accepted, "1m", None)
    assert period_of(accepted, "1m", date(2019, 1, 1)) == period_of(accepted, "1m", None)


@pytest.mark.parametrize("since", [date(2026, 11, 23), date(2027, 1, 1)])
def test_a_service_that_began_too_late_leaves_no_day(since):
    """R2"""
    found = period_of(central("2026-11-23T10:00"), "1m", since)
    assert list(found.days()) == []
    assert found.first > found.asked_first


def test_every_report_length_has_a_period():
    """R2"""
    assert set(MONTHS) == set(ReportLength.values)

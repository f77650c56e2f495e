"""What a report says that it covers (R4)."""

from __future__ import annotations

import random
from datetime import date

from agreements.period import Period
from meters.usage.days import slots_on
from reports.coverage import Coverage, DayState
from tests.support.usage import CONSUMPTION, SURPLUS, every_day, usage


def coverage(first, last, days):
    found = Coverage(Period(first, first, last))
    assert list(found.count_days(iter(days))) == days
    return found


def test_a_complete_year_misses_nothing():
    """R4: 35,040 intervals, whatever the clock did in between."""
    first, last = date(2025, 11, 1), date(2026, 10, 31)
    found = coverage(first, last, every_day(first, last))
    assert found.expected_intervals == found.present_intervals == 365 * 96
    assert (found.estimated_intervals, found.missing_days, found.days_present) == (0, {}, 365)


def test_days_on_which_clocks_change_expect_92_and_100_intervals():
    """R4"""
    for day, intervals in ((date(2026, 3, 8), 92), (date(2025, 11, 2), 100)):
        found = coverage(day, day, [usage(day)])
        assert found.expected_intervals == found.present_intervals == intervals


def test_missing_days_are_ranges_and_their_intervals_are_missing():
    """R4: the first days, one day, the last days."""
    first, last = date(2026, 3, 1), date(2026, 3, 20)
    there = {3, 4, 5, 6, 7, 9, 10, 11, 12}  # the 8th, missing, has 92 intervals
    found = coverage(first, last, [one for one in every_day(first, last) if one.day.day in there])
    assert found.missing_days == {
        "Consumption": [["2026-03-01", "2026-03-02"], ["2026-03-08", "2026-03-08"], ["2026-03-13", "2026-03-20"]]
    }
    assert found.expected_intervals == 19 * 96 + 92
    assert found.present_intervals == 9 * 96
    assert found.days_present == 9


def test_a_slot_without_a_reading_is_a_missing_interval_and_no_missing_day():
    """R4"""
    day = date(2026, 6, 1)
    found = coverage(day, day, [usage(day, wh=[None] * 4 + [10] * 92)])
    assert (found.expected_intervals, found.present_intervals, found.missing_days) == (96, 92, {})
    assert found.total_wh == {"Consumption": 920}


def test_estimated_intervals_are_counted_where_there_is_a_reading():
    """R4"""
    day = date(2026, 6, 1)
    found = coverage(day, day, [usage(day, wh=[None] + [10] * 95, estimated=[0, 1, 8, 95])])
    assert found.estimated_intervals == 3


def test_generation_is_expected_from_its_first_to_its_last_day():
    """R4: panels connected on the 5th, a gap on the 7th, none after the 9th; nobody expects them before or after."""
    first, last = date(2026, 6, 1), date(2026, 6, 30)
    solar = [usage(date(2026, 6, day), SURPLUS) for day in (5, 6, 8, 9)]
    found = coverage(first, last, sorted(every_day(first, last) + solar))
    assert found.expected_intervals == 30 * 96 + 5 * 96
    assert found.present_intervals == 30 * 96 + 4 * 96
    assert found.missing_days == {"Surplus Generation": [["2026-06-07", "2026-06-07"]]}
    assert set(found.total_wh) == {"Consumption", "Surplus Generation"}


def test_a_day_with_generation_only_is_present_and_still_misses_its_consumption():
    """R4"""
    day = date(2026, 6, 1)
    found = coverage(day, day, [usage(day, SURPLUS)])
    assert (found.days_present, found.missing_days) == (1, {"Consumption": [["2026-06-01", "2026-06-01"]]})
    assert (found.expected_intervals, found.present_intervals) == (192, 96)


def test_no_day_is_expected_where_the_period_is_empty():
    """R2, R4"""
    found = coverage(date(2026, 6, 2), date(2026, 6, 1), [])
    assert (found.expected_intervals, found.missing_days, found.total_wh) == (0, {}, {})


def test_a_meter_installed_in_mid_period_is_not_expected_before():
    """R4: the day of the installation counts."""
    first, last, installed = date(2026, 3, 1), date(2026, 3, 20), date(2026, 3, 8)
    found = Coverage(Period(first, first, last), metered_from=installed)
    assert len(list(found.count_days(iter(every_day(date(2026, 3, 10), last))))) == 11
    assert found.expected_from == installed
    assert found.expected_intervals == 12 * 96 + 92
    assert found.present_intervals == 11 * 96
    assert found.missing_days == {"Consumption": [["2026-03-08", "2026-03-09"]]}
    assert found.day_states == {"Consumption": "n" * 7 + "m" * 2 + "w" * 11}


def test_readings_before_the_installation_prove_an_earlier_meter():
    """R4: so the whole period is expected, and no gap at its beginning is passed over."""
    first, last = date(2026, 6, 1), date(2026, 6, 20)
    found = Coverage(Period(first, first, last), metered_from=date(2026, 6, 10))
    assert list(found.count_days(iter([usage(date(2026, 6, 4)), usage(date(2026, 6, 12))])))
    assert found.expected_from == first
    assert (found.expected_intervals, found.present_intervals) == (20 * 96, 2 * 96)
    assert found.missing_days["Consumption"][0] == ["2026-06-01", "2026-06-03"]


def test_a_meter_installed_before_the_period_changes_nothing():
    """R4"""
    first, last = date(2026, 6, 1), date(2026, 6, 20)
    found = Coverage(Period(first, first, last), metered_from=date(2020, 1, 1))
    assert (found.expected_from, found.expected_intervals) == (first, 20 * 96)


def test_each_day_has_a_state_by_direction():
    """R4: whole, estimated, partial (also where some are estimated), missing, and not expected."""
    first, last = date(2026, 3, 7), date(2026, 3, 12)
    days = [
        usage(date(2026, 3, 7)),
        usage(date(2026, 3, 8), estimated=[91]),  # the spring day
        usage(date(2026, 3, 9), wh=[None] + [5] * 95, estimated=[3]),
        usage(date(2026, 3, 9), SURPLUS),
        usage(date(2026, 3, 10), wh=[None] * 96),
        usage(date(2026, 3, 12)),
    ]
    found = coverage(first, last, days)
    assert found.day_states == {"Consumption": "wepmmw", "Surplus Generation": "nnwnnn"}
    assert found.day_counts(CONSUMPTION)[date(2026, 3, 9)] == (96, 95, 1, 475, 5)
    missing = {"Consumption": [["2026-03-10", "2026-03-11"]], "Surplus Generation": []}
    assert found.days_present == 4
    assert {direction: found.missing_days.get(direction, []) for direction in missing} == missing


def test_the_states_agree_with_the_counts_whatever_the_readings():
    """R4: a day that is whole or estimated misses nothing, one that is missing has nothing."""
    first, last = date(2025, 10, 25), date(2026, 3, 20)
    dice = random.Random(7)
    days = [
        usage(one.day, wh=[None if dice.random() < 0.003 else wh for wh in one.wh], estimated=[5] * dice.randrange(2))
        for one in every_day(first, last)
        if dice.random() < 0.9
    ]
    found = coverage(first, last, days)
    states = dict(zip(found.period.days(), found.day_states["Consumption"], strict=True))
    missing = [date.fromisoformat(day) for run in found.missing_days["Consumption"] for day in run]
    assert all(states[day] == DayState.MISSING for day in missing)
    for one in days:
        is_complete = None not in one.wh
        assert (states[one.day] in "we") is is_complete
        assert (states[one.day] == "e") is (is_complete and one.est is not None)
    there = sum(found.day_counts(CONSUMPTION)[one.day].present for one in days)
    assert (
        there
        == found.present_intervals
        == found.expected_intervals
        - sum(one.wh.count(None) for one in days)
        - sum(slots_on(day) for day, state in states.items() if state == "m")
    )

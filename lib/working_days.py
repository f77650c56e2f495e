"""Working days: Monday to Friday without the federal holidays of the United States, in Central time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache

from lib.central_time import CENTRAL, ONE_DAY, central_day


def add_working_days(at: datetime, count: int) -> datetime:
    """Return the end of the `count`th working day after the day of `at`: the midnight that follows it."""
    day = central_day(at)
    while count > 0:
        day += ONE_DAY
        count -= is_working_day(day)
    return datetime.combine(day + ONE_DAY, time(), CENTRAL)


def is_working_day(day: date) -> bool:
    """Whether `day` is none of a weekend and no federal holiday."""
    return day.weekday() < 5 and day not in federal_holidays(day.year) | federal_holidays(day.year + 1)


@cache
def federal_holidays(year: int) -> frozenset[date]:
    """Return the days on which offices are closed for the holidays of `year` (5 U.S.C. 6103).

    A holiday on a Saturday closes them on Friday, which for New Year's Day is in the year before; one on a Sunday on
    Monday.
    """
    fixed = [date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    moved = {5: -ONE_DAY, 6: ONE_DAY}
    observed = [day + moved.get(day.weekday(), timedelta()) for day in fixed]
    mondays = [_nth(year, 1, 0, 3), _nth(year, 2, 0, 3), _nth(year, 9, 0, 1), _nth(year, 10, 0, 2)]
    memorial_day = date(year, 5, 31) - timedelta(days=date(year, 5, 31).weekday())
    return frozenset([*observed, *mondays, memorial_day, _nth(year, 11, 3, 4)])


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """Return the `number`th `weekday` (Monday is 0) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))

"""The readings of a day or a month, added up, as daily and monthly files have them (R3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from agreements.models import ReportType
from agreements.period import Period
from lib.central_time import days_between, last_of_month
from meters.usage.days import slots_on
from meters.usage.reader import DayReadings
from reports.coverage import estimated_slots

INTERVALS_PER_HOUR = 4  # the watts of an interval are four times its watt-hours


class UsageTotal(NamedTuple):
    """The readings of one direction from `first` to `last`, both included.

    `expected` and `present` count 15-minute intervals; where they differ, `wh` is too low. `peak_w` is the highest
    15-minute demand, None where the file that it was read from does not have it.
    """

    first: date
    last: date
    channel: int
    revision_at: datetime
    wh: int
    peak_w: int | None
    is_estimated: bool
    expected: int
    present: int


def usage_totals(report_type: str, period: Period, days: Iterable[DayReadings]) -> Iterator[UsageTotal]:
    """Return the totals of a daily or a monthly report, in the order of its rows."""
    return daily_totals(days) if report_type == ReportType.DAILY else monthly_totals(period, days)


def daily_totals(days: Iterable[DayReadings]) -> Iterator[UsageTotal]:
    """Yield one total per day and direction with readings."""
    for usage in days:
        if total := _total_of([usage], usage.day, usage.day):
            yield total


def monthly_totals(period: Period, days: Iterable[DayReadings]) -> Iterator[UsageTotal]:
    """Yield one total per direction with readings and calendar month of the period, or its part."""
    for month, month_days in groupby(days, lambda usage: usage.day.replace(day=1)):
        first, last = max(month, period.first), min(last_of_month(month), period.last)
        by_channel = attrgetter("channel")
        for _channel, channel_days in groupby(sorted(month_days, key=by_channel), by_channel):
            if total := _total_of(list(channel_days), first, last):
                yield total


def months_of_days(period: Period, totals: Iterable[UsageTotal]) -> Iterator[UsageTotal]:
    """Yield what monthly_totals yields, from daily totals: without the peak, which these do not have."""
    by_channel = attrgetter("channel")
    for month, month_totals in groupby(totals, lambda total: total.first.replace(day=1)):
        first, last = max(month, period.first), min(last_of_month(month), period.last)
        for channel, of_channel in groupby(sorted(month_totals, key=by_channel), by_channel):
            days = list(of_channel)
            yield UsageTotal(
                first=first,
                last=last,
                channel=channel,
                revision_at=max(total.revision_at for total in days),
                wh=sum(total.wh for total in days),
                peak_w=None,
                is_estimated=any(total.is_estimated for total in days),
                expected=sum(slots_on(day) for day in days_between(first, last)),
                present=sum(total.present for total in days),
            )


def _total_of(days: Sequence[DayReadings], first: date, last: date) -> UsageTotal | None:
    """Return the total of `days`, which have one direction; None if there is no reading (R4: they are missing)."""
    readings = [wh for usage in days for wh in usage.wh if wh is not None]
    if not readings:
        return None
    return UsageTotal(
        first=first,
        last=last,
        channel=days[0].channel,
        revision_at=max(usage.revision_at for usage in days),
        wh=sum(readings),
        peak_w=max(readings) * INTERVALS_PER_HOUR,
        is_estimated=any(any(estimated_slots(usage)) for usage in days),
        expected=sum(slots_on(day) for day in days_between(first, last)),
        present=len(readings),
    )

"""The usage of the last days on record, for the customer's home (C4, C5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.formats import date_format

from reports.coverage import UsageCount
from usage_pages.calendar_usage import CalendarSpan, SpanKind, amounts_by_day, read_usage
from usage_pages.customer_meters import CustomerMeter

SIX_DAYS = timedelta(days=6)


BAR_PIXELS = 48  # the height of the highest day's bar


@dataclass(frozen=True)
class DayBar:
    """A day in a small chart: its weekday, and its bar and label in hundredths of the width and in pixels."""

    weekday: str
    left: str
    middle: str
    top: int
    height: int


@dataclass(frozen=True)
class LatestUsage:
    """The energy that a meter took from the grid in the last 7 days with readings."""

    meter: CustomerMeter
    span: CalendarSpan
    total: UsageCount
    bars: list[DayBar]


def latest_usage(meters: Iterable[CustomerMeter]) -> list[LatestUsage]:
    """Return the latest usage of those `meters` that have any."""
    latest = []
    for meter in meters:
        if meter.first and meter.last:
            span = CalendarSpan(SpanKind.WEEK, max(meter.first, meter.last - SIX_DAYS), meter.last)
            coverage, _days = read_usage(meter, span)
            consumption = coverage.directions[0]
            by_day = [(day, amounts[consumption]) for day, amounts in amounts_by_day(span, coverage)]
            total = sum((amount for _day, amount in by_day), UsageCount())
            highest = max(amount.wh for _day, amount in by_day) or 1
            bars = []
            for place, (day, amount) in enumerate(by_day):
                height = round(amount.wh * BAR_PIXELS / highest)
                left, middle = f"{(place + 0.15) * 100 / 7:.2f}", f"{(place + 0.5) * 100 / 7:.2f}"
                bars.append(DayBar(date_format(day, "D"), left, middle, BAR_PIXELS - height, height))
            latest.append(LatestUsage(meter, span, total, bars))
    return latest

"""The usage of the last days on record, for the customer's home (C4, C5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from reports.coverage import UsageCount
from usage_pages.calendar_usage import CalendarSpan, SpanKind, amounts_by_day, read_usage
from usage_pages.customer_meters import CustomerMeter

SIX_DAYS = timedelta(days=6)


@dataclass(frozen=True)
class LatestUsage:
    """The energy that a meter took from the grid in the last 7 days with readings."""

    meter: CustomerMeter
    span: CalendarSpan
    total: UsageCount


def latest_usage(meters: Iterable[CustomerMeter]) -> list[LatestUsage]:
    """Return the latest usage of those `meters` that have any."""
    latest = []
    for meter in meters:
        if meter.first and meter.last:
            span = CalendarSpan(SpanKind.WEEK, max(meter.first, meter.last - SIX_DAYS), meter.last)
            coverage, _days = read_usage(meter, span)
            consumption = coverage.directions[0]
            total = sum((amounts[consumption] for _day, amounts in amounts_by_day(span, coverage)), UsageCount())
            latest.append(LatestUsage(meter, span, total))
    return latest

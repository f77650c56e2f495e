"""The usage of the last days on record, for the customer's home (C4, C5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils.formats import date_format

from customers.models import EsiidClaim
from meters.usage.reader import DayReadings
from reports.coverage import UsageCount
from usage_pages.calendar_usage import CalendarSpan, SpanKind, amounts_by_day, read_usage
from usage_pages.customer_meters import RECORDED_DAYS, CustomerMeter, recorded_days_parameters

SIX_DAYS = timedelta(days=6)

# The rows of RECORDED_DAYS, each repeated for its latest readings.
LATEST_READINGS = f"""
    WITH recorded AS MATERIALIZED ({RECORDED_DAYS})
    SELECT recorded.*, u.day, u.channel, u.revision_at, u.est, u.wh
    FROM recorded JOIN usage_day u USING (premise_id)
    WHERE u.day BETWEEN greatest(first_day, last_day - 6) AND last_day ORDER BY u.day, u.channel
"""

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


def latest_usage(claims: Iterable[EsiidClaim]) -> list[LatestUsage]:
    """Return the latest usage of those `claims` that have any, in one query."""
    first_days = {claim: claim.visible_from for claim in claims}
    recorded, readings = {}, defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(LATEST_READINGS, recorded_days_parameters(first_days))
        for today, premise_id, first, last, *day in cursor.fetchall():
            recorded[premise_id] = (today, first, last)
            readings[premise_id].append(DayReadings(*day))
    latest = []
    for claim, visible_from in first_days.items():
        if claim.premise_id in recorded:
            today, first, last = recorded[claim.premise_id]
            meter = CustomerMeter(claim, today, visible_from, first, last)
            span = CalendarSpan(SpanKind.WEEK, max(first, last - SIX_DAYS), last)
            coverage, _days = read_usage(meter, span, readings[claim.premise_id])
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

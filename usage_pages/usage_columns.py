"""The numbers of a page of usage: one column of the chart, which is also one row of the table under it (C5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import add
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lib.central_time import days_between
from meters.models import FlowDirection
from meters.usage.days import FALL, slot_start, slots_on
from reports.coverage import DayCount, DayState, estimated_slots
from usage_pages.calendar_span import CalendarSpan, SpanKind
from usage_pages.customer_meters import SpanUsage


class EnergyAmount(NamedTuple):
    """Watt-hours of one direction, `estimated_wh` of them estimated, and the number of readings behind them."""

    wh: int = 0
    estimated_wh: int = 0
    expected: int = 0
    present: int = 0
    estimated: int = 0

    def __add__(self, other: EnergyAmount) -> EnergyAmount:  # type: ignore[override]
        return EnergyAmount(*map(add, self, other))

    @property
    def kwh(self) -> Decimal:
        return Decimal(self.wh) / 1000

    @property
    def missing(self) -> int:
        return self.expected - self.present

    @property
    def is_gap(self) -> bool:
        """Whether readings were expected and there is none."""
        return self.expected > 0 and not self.present


Amounts = dict[FlowDirection, EnergyAmount]


@dataclass(frozen=True)
class UsageColumn:
    """`tick` is the label under the chart, empty if there is no room; `is_minor`: only on a wide screen.

    `inside` is the span that shows more of it, None for a quarter hour.
    """

    name: str
    tick: str
    is_minor: bool
    inside: CalendarSpan | None
    amounts: Amounts

    @property
    def readings(self) -> str:
        """What is known about the readings, in words; empty if none is expected."""
        total = sum(self.amounts.values(), EnergyAmount())
        if not total.expected:
            return ""
        if total.is_gap:
            return _("No readings")
        words = []
        if total.missing:
            words.append(ngettext("%(n)s missing", "%(n)s missing", total.missing) % {"n": total.missing})
        if total.estimated:
            words.append(ngettext("%(n)s estimated", "%(n)s estimated", total.estimated) % {"n": total.estimated})
        return ", ".join(words) or _("All actual")


def usage_columns(usage: SpanUsage) -> list[UsageColumn]:
    """Return the quarter hours of a day, the days of a week or month, the months of a year."""
    if usage.span.kind is SpanKind.DAY:
        return list(quarter_hour_columns(usage))
    if usage.span.kind is SpanKind.YEAR:
        return list(month_columns(usage))
    return list(day_columns(usage))


def add_amounts(parts: Iterable[Amounts]) -> Amounts:
    """Return the sum of each direction."""
    sums: Amounts = {}
    for amounts in parts:
        for channel, amount in amounts.items():
            sums[channel] = sums.get(channel, EnergyAmount()) + amount
    return sums


def directions_of(usage: SpanUsage) -> list[FlowDirection]:
    """Return Consumption, and Surplus Generation if there is any in the span."""
    return [
        channel
        for channel in FlowDirection
        if channel is FlowDirection.CONSUMPTION or usage.coverage.day_counts(channel)
    ]


def quarter_hour_columns(usage: SpanUsage) -> Iterator[UsageColumn]:
    day = usage.span.first
    is_expected = usage.coverage.expected_from <= day <= usage.coverage.period.last
    slots = slots_on(day)
    amounts = {channel: [EnergyAmount(expected=int(is_expected))] * slots for channel in directions_of(usage)}
    for readings in usage.days:
        amounts[FlowDirection(readings.channel)] = [
            EnergyAmount(expected=1) if wh is None else EnergyAmount(wh, wh if is_estimated else 0, 1, 1, is_estimated)
            for wh, is_estimated in zip(readings.wh, estimated_slots(readings), strict=True)
        ]
    starts = [timezone.localtime(slot_start(day, slot)) for slot in range(slots + 1)]
    # The zone, on the day on which an hour comes twice. (Django's format T is empty in that hour.)
    clock = [date_format(at, "g:i A") + (f" {at.tzname()}" if slots_on(at.date()) == FALL else "") for at in starts]
    for slot, start in enumerate(starts[:-1]):
        has_tick = start.minute == 0 and start.hour % 3 == 0 and not start.fold
        yield UsageColumn(
            _("%(start)s to %(end)s") % {"start": clock[slot], "end": clock[slot + 1]},
            date_format(start, "g A") if has_tick else "",
            has_tick and start.hour % 6 != 0,
            None,
            {channel: by_slot[slot] for channel, by_slot in amounts.items()},
        )


def day_columns(usage: SpanUsage) -> Iterator[UsageColumn]:
    is_week = usage.span.kind is SpanKind.WEEK
    for day, amounts in amounts_by_day(usage):
        tick = date_format(day, "D") if is_week else str(day.day) if day.day % 7 == 1 else ""
        name = f"{date_format(day, 'l' if is_week else 'D')}, {date_format(day, 'MONTH_DAY_FORMAT')}"
        yield UsageColumn(name, tick, False, CalendarSpan.around(SpanKind.DAY, day), amounts)


def month_columns(usage: SpanUsage) -> Iterator[UsageColumn]:
    for first, days in groupby(amounts_by_day(usage), lambda pair: pair[0].replace(day=1)):
        amounts = add_amounts(day_amounts for _day, day_amounts in days)
        month = CalendarSpan.around(SpanKind.MONTH, first)
        yield UsageColumn(date_format(first, "F"), date_format(first, "M"), first.month % 2 == 0, month, amounts)


def amounts_by_day(usage: SpanUsage) -> Iterator[tuple[date, Amounts]]:
    """Yield each day of the span with its amounts, all 0 for a day on which nothing is expected."""
    coverage = usage.coverage
    states = {
        channel: dict(zip(coverage.period.days(), coverage.states(channel), strict=True))
        for channel in directions_of(usage)
    }
    for day in days_between(usage.span.first, usage.span.last):
        amounts = {}
        for channel, by_day in states.items():
            amounts[channel] = EnergyAmount()
            if by_day.get(day, DayState.NOT_EXPECTED) is not DayState.NOT_EXPECTED:
                count = coverage.day_counts(channel).get(day, DayCount())
                amounts[channel] = EnergyAmount(
                    count.wh, count.estimated_wh, slots_on(day), count.present, count.estimated
                )
        yield day, amounts

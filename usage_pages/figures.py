"""The figures of a page of usage: one for each column of the chart, which is one row of the table under it (C5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meters.models import FlowDirection
from meters.usage.days import FALL, slot_start, slots_on
from meters.usage.reader import DayReadings
from reports.coverage import DayState, estimated_slots
from reports.period import days_between
from usage_pages.spans import Span, SpanKind
from usage_pages.usage import Shown


@dataclass(frozen=True)
class Amount:
    """Watt-hours of one direction, `estimated_wh` of them estimated, and how many readings they are made of."""

    wh: int = 0
    estimated_wh: int = 0
    expected: int = 0
    present: int = 0
    estimated: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(*(mine + others for mine, others in zip(self.as_tuple(), other.as_tuple(), strict=True)))

    def as_tuple(self) -> tuple[int, ...]:
        return (self.wh, self.estimated_wh, self.expected, self.present, self.estimated)

    @property
    def kwh(self) -> Decimal:
        return Decimal(self.wh) / 1000

    @property
    def missing(self) -> int:
        return self.expected - self.present

    @property
    def is_gap(self) -> bool:
        """Readings were expected and none is there."""
        return self.expected > 0 and not self.present


@dataclass(frozen=True)
class Figure:
    """`tick` stands under the chart, empty where there is no room; `is_minor`: where there is room on a wide screen.

    `inside` is the span that shows more of it, None for a quarter hour.
    """

    name: str
    tick: str = ""
    is_minor: bool = False
    inside: Span | None = None
    amounts: dict[FlowDirection, Amount] = field(default_factory=dict)

    @property
    def readings(self) -> str:
        """What there is to know about the readings, in words; empty where none is expected."""
        whole = sum(self.amounts.values(), Amount())
        if not whole.expected:
            return ""
        if whole.is_gap:
            return _("No readings")
        words = []
        if whole.missing:
            words.append(ngettext("%(n)s missing", "%(n)s missing", whole.missing) % {"n": whole.missing})
        if whole.estimated:
            words.append(ngettext("%(n)s estimated", "%(n)s estimated", whole.estimated) % {"n": whole.estimated})
        return ", ".join(words) or _("All actual")

    @property
    def cells(self) -> list[Amount | None]:
        """The amounts in the order of the table's columns; None where there is no reading."""
        return [amount if amount.present else None for amount in self.amounts.values()]


def figures_of(shown: Shown) -> list[Figure]:
    """The quarter hours of a day, the days of a week or month, the months of a year."""
    if shown.span.kind is SpanKind.DAY:
        return list(_quarter_hours(shown))
    if shown.span.kind is SpanKind.YEAR:
        return list(_months(shown))
    return list(_days(shown))


def totals(figures: Iterable[Figure]) -> dict[FlowDirection, Amount]:
    """Direction -> all of `figures` together."""
    sums: dict[FlowDirection, Amount] = {}
    for figure in figures:
        for channel, amount in figure.amounts.items():
            sums[channel] = sums.get(channel, Amount()) + amount
    return sums


def channels_of(shown: Shown) -> list[FlowDirection]:
    """The directions that the page has: Consumption, and surplus where there is any in the span."""
    return [one for one in FlowDirection if one is FlowDirection.CONSUMPTION or shown.coverage.counts(one)]


def _quarter_hours(shown: Shown) -> Iterable[Figure]:
    day = shown.span.first
    is_expected = shown.coverage.expected_from <= day <= shown.coverage.period.last
    by_channel = {FlowDirection(usage.channel): usage for usage in shown.days}
    amounts = {one: _slots(by_channel.get(one), day, is_expected) for one in channels_of(shown)}
    starts = [timezone.localtime(slot_start(day, slot)) for slot in range(slots_on(day) + 1)]
    words = [_clock(start) for start in starts]
    for slot, start in enumerate(starts[:-1]):
        has_tick = start.minute == 0 and start.hour % 3 == 0 and not start.fold
        yield Figure(
            _("%(start)s to %(end)s") % {"start": words[slot], "end": words[slot + 1]},
            date_format(start, "g A") if has_tick else "",
            has_tick and start.hour % 6 != 0,
            None,
            {channel: slots[slot] for channel, slots in amounts.items()},
        )


def _clock(local: datetime) -> str:
    """The time of day, with its zone on the day on which an hour comes twice. (Django's T is empty in that hour.)"""
    zone = f" {local.tzname()}" if slots_on(local.date()) == FALL else ""
    return date_format(local, "g:i A") + zone


def _slots(usage: DayReadings | None, day: date, is_expected: bool) -> list[Amount]:
    if usage is None:
        return [Amount(expected=int(is_expected))] * slots_on(day)
    return [
        Amount(expected=1) if wh is None else Amount(wh, wh if is_estimated else 0, 1, 1, int(is_estimated))
        for wh, is_estimated in zip(usage.wh, estimated_slots(usage), strict=True)
    ]


def _days(shown: Shown) -> Iterable[Figure]:
    is_week = shown.span.kind is SpanKind.WEEK
    for day, amounts in _amounts_by_day(shown):
        tick = date_format(day, "D") if is_week else str(day.day) if day.day % 7 == 1 else ""
        name = f"{date_format(day, 'l' if is_week else 'D')}, {date_format(day, 'MONTH_DAY_FORMAT')}"
        yield Figure(name, tick, False, Span.around(SpanKind.DAY, day), amounts)


def _months(shown: Shown) -> Iterable[Figure]:
    for first, days in groupby(_amounts_by_day(shown), lambda one: one[0].replace(day=1)):
        amounts: dict[FlowDirection, Amount] = {}
        for _day, of_day in days:
            for channel, amount in of_day.items():
                amounts[channel] = amounts.get(channel, Amount()) + amount
        inside = Span.around(SpanKind.MONTH, first)
        yield Figure(date_format(first, "F"), date_format(first, "M"), first.month % 2 == 0, inside, amounts)


def _amounts_by_day(shown: Shown) -> Iterable[tuple[date, dict[FlowDirection, Amount]]]:
    channels = channels_of(shown)
    states = {one: dict(zip(shown.coverage.period.days(), shown.coverage.states(one), strict=True)) for one in channels}
    for day in days_between(shown.span.first, shown.span.last):
        yield day, {one: _day_amount(shown, one, day, states[one].get(day)) for one in channels}


def _day_amount(shown: Shown, channel: FlowDirection, day: date, state: DayState | None) -> Amount:
    if state is None or state is DayState.NOT_EXPECTED:
        return Amount()
    found = shown.coverage.counts(channel).get(day)
    if found is None:
        return Amount(expected=slots_on(day))
    return Amount(found.wh, found.estimated_wh, slots_on(day), found.present, found.estimated)

"""The usage of a calendar day, week, month or year: one column of the chart, and row of the table, per part (C5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib.central_time import days_between, last_of_month
from meters.models import FlowDirection
from meters.usage.days import FALL, slot_start, slots_on
from meters.usage.reader import DayReadings, stream_usage
from reports.coverage import Coverage, UsageCount, estimated_slots
from reports.usage_chart import Amounts, ChartColumn
from usage_pages.customer_meters import CustomerMeter

# The utilities load a day's readings in the next morning; a day without readings is a gap only after that.
READINGS_ARRIVE_WITHIN = timedelta(days=2)


class SpanKind(TextChoices):
    DAY = "day", gettext_lazy("Day")
    WEEK = "week", gettext_lazy("Week")
    MONTH = "month", gettext_lazy("Month")
    YEAR = "year", gettext_lazy("Year")


@dataclass(frozen=True)
class CalendarSpan:
    """`first` to `last`, Central days, both included (A3)."""

    kind: SpanKind
    first: date
    last: date

    @classmethod
    def around(cls, kind: SpanKind, day: date) -> CalendarSpan:
        """Return the span of that kind around `day`; weeks begin on Sunday."""
        if kind is SpanKind.WEEK:
            first = day - timedelta(days=day.isoweekday() % 7)
            return cls(kind, first, first + timedelta(days=6))
        if kind is SpanKind.MONTH:
            return cls(kind, day.replace(day=1), last_of_month(day))
        if kind is SpanKind.YEAR:
            return cls(kind, date(day.year, 1, 1), date(day.year, 12, 31))
        return cls(kind, day, day)

    @property
    def query(self) -> str:
        """The span as a URL's query."""
        return f"?view={self.kind.value}&day={self.first.isoformat()}"

    @property
    def title(self) -> str:
        formats = {SpanKind.MONTH: "YEAR_MONTH_FORMAT", SpanKind.YEAR: "Y"}
        return self._title(formats.get(self.kind, "DATE_FORMAT"))

    @property
    def short_title(self) -> str:
        """The title, for a week without the year."""
        return self._title("MONTH_DAY_FORMAT") if self.kind is SpanKind.WEEK else self.title

    def _title(self, day_format: str) -> str:
        first, last = date_format(self.first, day_format), date_format(self.last, day_format)
        return _("%(first)s to %(last)s") % {"first": first, "last": last} if self.kind is SpanKind.WEEK else first


@dataclass(frozen=True)
class UsageColumn(ChartColumn):
    """`inside` is the span that shows more of it, None for a quarter hour."""

    inside: CalendarSpan | None


def read_usage(
    meter: CustomerMeter, span: CalendarSpan, days: Iterable[DayReadings] | None = None
) -> tuple[Coverage, list[DayReadings]]:
    """Read the part of `span` that the customer may see and that can have readings by now.

    Before the first day with readings nothing is expected: the page says where the record begins. `days` are the
    readings of that part, from a page that has read them.
    """
    period = meter.readable_period(span.first, span.last, until=meter.today - READINGS_ARRIVE_WITHIN)
    coverage = Coverage(period, metered_from=meter.first)
    if days is None:
        days = stream_usage(meter.premise.pk, period.first, period.last)
    return coverage, list(coverage.count_days(days))


def usage_columns(span: CalendarSpan, coverage: Coverage, days: list[DayReadings]) -> Iterator[UsageColumn]:
    """Yield the quarter hours of a day, the days of a week or month, the months of a year."""
    if span.kind is SpanKind.DAY:
        return quarter_hour_columns(span.first, coverage, days)
    return month_columns(span, coverage) if span.kind is SpanKind.YEAR else day_columns(span, coverage)


def quarter_hour_columns(day: date, coverage: Coverage, days: list[DayReadings]) -> Iterator[UsageColumn]:
    slots, is_expected = slots_on(day), coverage.expected_from <= day <= coverage.period.last
    amounts = {channel: [UsageCount(expected=int(is_expected))] * slots for channel in coverage.directions}
    for readings in days:
        amounts[FlowDirection(readings.channel)] = [
            UsageCount(1) if wh is None else UsageCount(1, 1, is_estimated, wh, wh if is_estimated else 0)
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
            {channel: by_slot[slot] for channel, by_slot in amounts.items()},
            None,
        )


def day_columns(span: CalendarSpan, coverage: Coverage) -> Iterator[UsageColumn]:
    is_week = span.kind is SpanKind.WEEK
    for day, amounts in amounts_by_day(span, coverage):
        tick = date_format(day, "D") if is_week else str(day.day) if day.day % 7 == 1 else ""
        name = f"{date_format(day, 'l' if is_week else 'D')}, {date_format(day, 'MONTH_DAY_FORMAT')}"
        yield UsageColumn(name, tick, False, amounts, CalendarSpan.around(SpanKind.DAY, day))


def month_columns(span: CalendarSpan, coverage: Coverage) -> Iterator[UsageColumn]:
    for first, days in groupby(amounts_by_day(span, coverage), lambda pair: pair[0].replace(day=1)):
        parts = [day_amounts for _day, day_amounts in days]
        amounts = {channel: sum((part[channel] for part in parts), UsageCount()) for channel in coverage.directions}
        month = CalendarSpan.around(SpanKind.MONTH, first)
        yield UsageColumn(date_format(first, "F"), date_format(first, "M"), first.month % 2 == 0, amounts, month)


def amounts_by_day(span: CalendarSpan, coverage: Coverage) -> Iterator[tuple[date, Amounts]]:
    """Yield each day of the span with its amounts, all 0 for a day on which nothing is expected."""
    counts = {channel: coverage.day_counts(channel) for channel in coverage.directions}
    for day in days_between(span.first, span.last):
        yield day, {channel: by_day.get(day, UsageCount()) for channel, by_day in counts.items()}

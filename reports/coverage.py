"""What a report covers, counted while its days stream by (R4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from meters.days import slots_on
from meters.models import Channel
from meters.usage import DayUsage
from reports.period import ONE_DAY, Period, days_between

Ranges = list[tuple[date, date]]


@dataclass
class _Direction:
    """Counts of one direction. `days` holds the days that have a row, in order."""

    present: int = 0
    estimated: int = 0
    wh: int = 0
    days: list[date] = field(default_factory=list)


class Coverage:
    """Counts of 15-minute intervals (not of CSV rows: a daily CSV of the same days covers the same intervals).

    * Consumption is expected for every interval of every day of the period: 92, 96 or 100 a day.
    * Surplus Generation is expected from the first to the last day on which the premise has any in the period: before
      the panels were connected, and after they went, nothing is missing; in between a gap is a gap. A premise without
      any is not expected to generate.
    * A day without a row is a missing day of its direction, in `missing_days`; all its intervals are missing too.
    * A slot without a reading inside a day that has a row is a missing interval, not a missing day.
    """

    def __init__(self, period: Period) -> None:
        self.period = period
        self._directions = {channel: _Direction() for channel in Channel}

    def watch(self, days: Iterable[DayUsage]) -> Iterator[DayUsage]:
        """`days` (ordered by day) as they are, counted on their way."""
        for usage in days:
            direction = self._directions[Channel(usage.channel)]
            direction.days.append(usage.day)
            direction.present += len(usage.wh) - usage.wh.count(None)
            direction.wh += sum(filter(None, usage.wh))
            if usage.est is not None:
                direction.estimated += sum(estimated_slots(usage))
            yield usage

    @property
    def expected_intervals(self) -> int:
        return sum(sum(map(slots_on, self._expected_days(channel))) for channel in Channel)

    @property
    def present_intervals(self) -> int:
        return sum(direction.present for direction in self._directions.values())

    @property
    def estimated_intervals(self) -> int:
        return sum(direction.estimated for direction in self._directions.values())

    @property
    def days_present(self) -> int:
        """Days of the period with a row in any direction."""
        return len(set().union(*(direction.days for direction in self._directions.values())))

    @property
    def total_wh(self) -> dict[str, int]:
        """Direction's label -> watt-hours, for the directions that have a row."""
        return {channel.label: found.wh for channel, found in self._directions.items() if found.days}

    @property
    def missing_days(self) -> dict[str, list[list[str]]]:
        """Direction's label -> [[first ISO day, last ISO day], ...], for the directions that miss a day."""
        missing = {channel.label: self._missing_ranges(channel) for channel in Channel}
        return {
            label: [[first.isoformat(), last.isoformat()] for first, last in ranges]
            for label, ranges in missing.items()
            if ranges
        }

    def _expected_days(self, channel: Channel) -> Iterator[date]:
        if channel is Channel.CONSUMPTION:
            return self.period.days()
        found = self._directions[channel].days
        return days_between(found[0], found[-1]) if found else iter(())

    def _missing_ranges(self, channel: Channel) -> Ranges:
        there = set(self._directions[channel].days)
        return ranges(day for day in self._expected_days(channel) if day not in there)


def estimated_slots(usage: DayUsage) -> Iterator[bool]:
    """Slot by slot: was there a reading, and was it estimated?"""
    est = usage.est or b""
    for slot, wh in enumerate(usage.wh):
        yield wh is not None and slot >> 3 < len(est) and bool(est[slot >> 3] >> (slot & 7) & 1)


def ranges(days: Iterable[date]) -> Ranges:
    """Ordered `days` as (first, last) of each unbroken run."""
    runs: Ranges = []
    for day in days:
        if runs and day - runs[-1][1] == ONE_DAY:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs

"""What a report covers, counted while its days stream by (R4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from lib.central_time import ONE_DAY, days_between
from meters.models import FlowDirection
from meters.usage.days import slots_on
from meters.usage.reader import DayReadings
from reports.period import Period


class DayState(StrEnum):
    """A day of one direction. A day with missing readings is partial, even if others are estimated."""

    WHOLE = "w"
    ESTIMATED = "e"  # every reading is there, some are estimated
    PARTIAL = "p"
    MISSING = "m"
    NOT_EXPECTED = "n"


class DayCount(NamedTuple):
    """The readings of one day and direction. `estimated` and `estimated_wh` are part of `present` and `wh`."""

    present: int = 0
    estimated: int = 0
    wh: int = 0
    estimated_wh: int = 0

    def state(self, expected: int) -> DayState:
        """Return the state of a day with `expected` readings."""
        if not self.present:
            return DayState.MISSING
        if self.present < expected:
            return DayState.PARTIAL
        return DayState.ESTIMATED if self.estimated else DayState.WHOLE


class Coverage:
    """Counts of 15-minute intervals (not of CSV rows: a daily CSV of the same days covers the same intervals).

    * Consumption is expected for every interval of every day of the period: 92, 96 or 100 a day. If the first meter
      was installed in the period, it is expected from that day on. Readings before that day prove that there was an
      earlier meter, and the whole period is expected.
    * Surplus Generation is expected from the first to the last day on which the premise has any in the period: before
      the panels were connected and after they were removed, nothing is missing; in between a gap is a gap. A premise
      without any is not expected to generate.
    * A day without a row is a missing day of its direction, in `missing_days`; all its intervals are missing too.
    * A slot without a reading inside a day that has a row is a missing interval, not a missing day.
    """

    def __init__(self, period: Period, *, metered_from: date | None = None) -> None:
        self.period = period
        self._metered_from = metered_from
        # The days that have a row, in order.
        self._counts: dict[FlowDirection, dict[date, DayCount]] = {channel: {} for channel in FlowDirection}

    def count_days(self, days: Iterable[DayReadings]) -> Iterator[DayReadings]:
        """Yield `days` (ordered by day) unchanged and count them."""
        for usage in days:
            self._counts[FlowDirection(usage.channel)][usage.day] = count_readings(usage)
            yield usage

    @property
    def expected_intervals(self) -> int:
        return sum(slots_on(day) for channel in FlowDirection for day in self._expected_days(channel))

    @property
    def present_intervals(self) -> int:
        return sum(count.present for counts in self._counts.values() for count in counts.values())

    @property
    def estimated_intervals(self) -> int:
        return sum(count.estimated for counts in self._counts.values() for count in counts.values())

    @property
    def days_present(self) -> int:
        """Days of the period with a row in any direction."""
        return len(set().union(*self._counts.values()))

    @property
    def total_wh(self) -> dict[str, int]:
        """Direction's label -> watt-hours, for the directions that have a row."""
        return {
            channel.label: sum(count.wh for count in counts.values())
            for channel, counts in self._counts.items()
            if counts
        }

    @property
    def missing_days(self) -> dict[str, list[list[str]]]:
        """Direction's label -> [[first ISO day, last ISO day], ...], for the directions with missing days."""
        missing = {}
        for channel, counts in self._counts.items():
            if ranges := day_ranges(day for day in self._expected_days(channel) if day not in counts):
                missing[channel.label] = [[first.isoformat(), last.isoformat()] for first, last in ranges]
        return missing

    @property
    def day_states(self) -> dict[str, str]:
        """Direction's label -> a DayState for each day of the period, in order; Consumption, and what has a row."""
        return {
            channel.label: "".join(self.states(channel))
            for channel, counts in self._counts.items()
            if channel is FlowDirection.CONSUMPTION or counts
        }

    @property
    def expected_from(self) -> date:
        """The first day of the period on which Consumption is expected."""
        installed = max(self._metered_from or self.period.first, self.period.first)
        first_read = next(iter(self._counts[FlowDirection.CONSUMPTION]), installed)
        return installed if installed <= first_read else self.period.first

    def day_counts(self, channel: FlowDirection) -> dict[date, DayCount]:
        """Return the counts of the days that have a row."""
        return self._counts[channel]

    def states(self, channel: FlowDirection) -> list[DayState]:
        """Return the state of each day of the period, in order."""
        expected, counts = set(self._expected_days(channel)), self._counts[channel]
        return [
            counts.get(day, DayCount()).state(slots_on(day)) if day in expected else DayState.NOT_EXPECTED
            for day in self.period.days()
        ]

    def _expected_days(self, channel: FlowDirection) -> Iterator[date]:
        if channel is FlowDirection.CONSUMPTION:
            return days_between(self.expected_from, self.period.last)
        days = list(self._counts[channel])
        return days_between(days[0], days[-1]) if days else iter(())


def count_readings(usage: DayReadings) -> DayCount:
    present = len(usage.wh) - usage.wh.count(None)
    wh = sum(filter(None, usage.wh))
    if usage.est is None:
        return DayCount(present, 0, wh, 0)
    estimated = [
        reading or 0 for reading, is_estimated in zip(usage.wh, estimated_slots(usage), strict=True) if is_estimated
    ]
    return DayCount(present, len(estimated), wh, sum(estimated))


def estimated_slots(usage: DayReadings) -> Iterator[bool]:
    """Yield for each slot whether it has a reading and that reading is estimated."""
    est = usage.est or b""
    for slot, wh in enumerate(usage.wh):
        yield wh is not None and slot >> 3 < len(est) and bool(est[slot >> 3] >> (slot & 7) & 1)


def day_ranges(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return ordered `days` as (first, last) of each unbroken run."""
    ranges: list[tuple[date, date]] = []
    for day in days:
        if ranges and day - ranges[-1][1] == ONE_DAY:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges

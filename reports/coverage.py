"""What a report covers, counted while its days stream by (R4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from meters.models import FlowDirection
from meters.usage.days import slots_on
from meters.usage.reader import DayReadings
from reports.period import ONE_DAY, Period, days_between

Ranges = list[tuple[date, date]]


class DayState(StrEnum):
    """A day of one direction. A day that misses readings is partial, whatever else was estimated."""

    WHOLE = "w"
    ESTIMATED = "e"  # every reading is there, some are estimated
    PARTIAL = "p"
    MISSING = "m"
    NOT_EXPECTED = "n"


class DayCount(NamedTuple):
    """One day and direction that has a row. `estimated` and `estimated_wh` are part of `present` and `wh`."""

    present: int = 0
    estimated: int = 0
    wh: int = 0
    estimated_wh: int = 0


class Coverage:
    """Counts of 15-minute intervals (not of CSV rows: a daily CSV of the same days covers the same intervals).

    * Consumption is expected for every interval of every day of the period: 92, 96 or 100 a day. Where the first meter
      was installed in the period, it is expected from that day on. Readings from before that day prove that it was not
      the first one, and the whole period is expected.
    * Surplus Generation is expected from the first to the last day on which the premise has any in the period: before
      the panels were connected, and after they went, nothing is missing; in between a gap is a gap. A premise without
      any is not expected to generate.
    * A day without a row is a missing day of its direction, in `missing_days`; all its intervals are missing too.
    * A slot without a reading inside a day that has a row is a missing interval, not a missing day.
    """

    def __init__(self, period: Period, *, metered_from: date | None = None) -> None:
        self.period = period
        self._metered_from = metered_from
        # In order, the days that have a row.
        self._days: dict[FlowDirection, dict[date, DayCount]] = {channel: {} for channel in FlowDirection}

    def watch(self, days: Iterable[DayReadings]) -> Iterator[DayReadings]:
        """`days` (ordered by day) as they are, counted on their way."""
        for usage in days:
            self._days[FlowDirection(usage.channel)][usage.day] = count(usage)
            yield usage

    @property
    def expected_intervals(self) -> int:
        return sum(sum(map(slots_on, self._expected_days(channel))) for channel in FlowDirection)

    @property
    def present_intervals(self) -> int:
        return sum(one.present for found in self._days.values() for one in found.values())

    @property
    def estimated_intervals(self) -> int:
        return sum(one.estimated for found in self._days.values() for one in found.values())

    @property
    def days_present(self) -> int:
        """Days of the period with a row in any direction."""
        return len(set().union(*self._days.values()))

    @property
    def total_wh(self) -> dict[str, int]:
        """Direction's label -> watt-hours, for the directions that have a row."""
        return {channel.label: sum(one.wh for one in found.values()) for channel, found in self._days.items() if found}

    @property
    def missing_days(self) -> dict[str, list[list[str]]]:
        """Direction's label -> [[first ISO day, last ISO day], ...], for the directions that miss a day."""
        missing = {channel.label: self._missing_ranges(channel) for channel in FlowDirection}
        return {
            label: [[first.isoformat(), last.isoformat()] for first, last in ranges]
            for label, ranges in missing.items()
            if ranges
        }

    @property
    def day_states(self) -> dict[str, str]:
        """Direction's label -> a DayState for each day of the period, in order; Consumption, and what has a row."""
        return {
            channel.label: "".join(self.states(channel))
            for channel, found in self._days.items()
            if channel is FlowDirection.CONSUMPTION or found
        }

    @property
    def expected_from(self) -> date:
        """The first day of the period on which Consumption is expected."""
        told = max(self._metered_from or self.period.first, self.period.first)
        first_found = next(iter(self._days[FlowDirection.CONSUMPTION]), told)
        return told if told <= first_found else self.period.first

    def counts(self, channel: FlowDirection) -> dict[date, DayCount]:
        """Day -> its counts, for the days that have a row."""
        return self._days[channel]

    def states(self, channel: FlowDirection) -> list[DayState]:
        """The state of each day of the period, in order."""
        expected, found = set(self._expected_days(channel)), self._days[channel]
        return [_state(found.get(day), day) if day in expected else DayState.NOT_EXPECTED for day in self.period.days()]

    def _expected_days(self, channel: FlowDirection) -> Iterator[date]:
        if channel is FlowDirection.CONSUMPTION:
            return days_between(self.expected_from, self.period.last)
        found = list(self._days[channel])
        return days_between(found[0], found[-1]) if found else iter(())

    def _missing_ranges(self, channel: FlowDirection) -> Ranges:
        return ranges(day for day in self._expected_days(channel) if day not in self._days[channel])


def count(usage: DayReadings) -> DayCount:
    present = len(usage.wh) - usage.wh.count(None)
    wh = sum(filter(None, usage.wh))
    if usage.est is None:
        return DayCount(present, 0, wh, 0)
    estimated = [
        reading or 0 for reading, is_estimated in zip(usage.wh, estimated_slots(usage), strict=True) if is_estimated
    ]
    return DayCount(present, len(estimated), wh, sum(estimated))


def estimated_slots(usage: DayReadings) -> Iterator[bool]:
    """Slot by slot: was there a reading, and was it estimated?"""
    est = usage.est or b""
    for slot, wh in enumerate(usage.wh):
        yield wh is not None and slot >> 3 < len(est) and bool(est[slot >> 3] >> (slot & 7) & 1)


def _state(found: DayCount | None, day: date) -> DayState:
    if found is None or not found.present:
        return DayState.MISSING
    if found.present < slots_on(day):
        return DayState.PARTIAL
    return DayState.ESTIMATED if found.estimated else DayState.WHOLE


def ranges(days: Iterable[date]) -> Ranges:
    """Ordered `days` as (first, last) of each unbroken run."""
    runs: Ranges = []
    for day in days:
        if runs and day - runs[-1][1] == ONE_DAY:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs

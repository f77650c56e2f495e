"""What a report covers, counted while its days stream by (R4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from operator import add
from typing import NamedTuple

from agreements.period import Period
from lib.central_time import ONE_DAY, days_between
from meters.models import FlowDirection
from meters.usage.days import slots_on
from meters.usage.reader import DayReadings


class DayState(StrEnum):
    """A day of one direction. A day with missing readings is partial, even if others are estimated."""

    WHOLE = "w"
    ESTIMATED = "e"  # every reading is there, some are estimated
    PARTIAL = "p"
    MISSING = "m"
    NOT_EXPECTED = "n"


RECORDED = (DayState.WHOLE, DayState.ESTIMATED, DayState.PARTIAL)  # of a day with a reading


class UsageCount(NamedTuple):
    """The readings of one direction. `estimated` and `estimated_wh` are part of `present` and `wh`."""

    expected: int = 0
    present: int = 0
    estimated: int = 0
    wh: int = 0
    estimated_wh: int = 0

    def __add__(self, other: UsageCount) -> UsageCount:  # type: ignore[override]
        return UsageCount(*map(add, self, other))

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

    @property
    def day_state(self) -> DayState:
        if not self.expected:
            return DayState.NOT_EXPECTED
        if self.missing:
            return DayState.PARTIAL if self.present else DayState.MISSING
        return DayState.ESTIMATED if self.estimated else DayState.WHOLE


class Coverage:
    """Counts of 15-minute intervals (not of CSV rows: a daily CSV of the same days covers the same intervals).

    * Consumption is expected for every interval of every day of the period: 92, 96 or 100 a day. If the first meter
      was installed in the period, it is expected from that day on. Readings before that day prove that there was an
      earlier meter, and the whole period is expected.
    * Surplus Generation is expected from the first to the last day on which the premise has any in the period: before
      the panels were connected and after they were removed, nothing is missing; in between a gap is a gap. A premise
      without any is not expected to generate.
    * A day without a reading is a missing day of its direction, in `missing_days`, whether it has no row or only blank
      ones (SMT prints those for a day that was not read); all its intervals are missing too.
    * A slot without a reading inside a day that has others is a missing interval, not a missing day.
    """

    def __init__(self, period: Period, *, metered_from: date | None = None) -> None:
        self.period = period
        self._metered_from = metered_from
        # The days that have a reading, in order.
        self._recorded: dict[FlowDirection, dict[date, UsageCount]] = {channel: {} for channel in FlowDirection}

    def count_days(self, days: Iterable[DayReadings]) -> Iterator[DayReadings]:
        """Yield `days` (ordered by day) unchanged and count them."""
        for usage in days:
            count = count_readings(usage)
            if count.present:
                self._recorded[FlowDirection(usage.channel)][usage.day] = count
            yield usage

    @property
    def expected_intervals(self) -> int:
        return sum(slots_on(day) for channel in FlowDirection for day in self._expected_days(channel))

    @property
    def present_intervals(self) -> int:
        return sum(count.present for counts in self._recorded.values() for count in counts.values())

    @property
    def estimated_intervals(self) -> int:
        return sum(count.estimated for counts in self._recorded.values() for count in counts.values())

    @property
    def days_present(self) -> int:
        """Days of the period with a reading in any direction."""
        return len(set().union(*self._recorded.values()))

    @property
    def total_wh(self) -> dict[str, int]:
        """Direction's label -> watt-hours, for the directions that have a reading."""
        recorded = {channel.label: counts.values() for channel, counts in self._recorded.items() if counts}
        return {label: sum(count.wh for count in counts) for label, counts in recorded.items()}

    @property
    def missing_days(self) -> dict[str, list[list[str]]]:
        """Direction's label -> [[first ISO day, last ISO day], ...], for the directions with missing days."""
        missing = {}
        for channel, counts in self._recorded.items():
            if ranges := day_ranges(day for day in self._expected_days(channel) if day not in counts):
                missing[channel.label] = [[first.isoformat(), last.isoformat()] for first, last in ranges]
        return missing

    @property
    def day_states(self) -> dict[str, str]:
        """Direction's label -> a DayState for each day of the period, in order."""
        return {
            channel.label: "".join(count.day_state for count in self.day_counts(channel).values())
            for channel in self.directions
        }

    @property
    def day_counts_by_label(self) -> dict[str, list[list[int]]]:
        """Direction's label -> the fields of a UsageCount for each day of the period, in order."""
        return {
            channel.label: [list(count) for count in self.day_counts(channel).values()] for channel in self.directions
        }

    @property
    def directions(self) -> list[FlowDirection]:
        """Consumption, and Surplus Generation if it has a reading."""
        return [channel for channel, counts in self._recorded.items() if counts or channel is FlowDirection.CONSUMPTION]

    @property
    def expected_from(self) -> date:
        """The first day of the period on which Consumption is expected."""
        installed = max(self._metered_from or self.period.first, self.period.first)
        first_read = next(iter(self._recorded[FlowDirection.CONSUMPTION]), installed)
        return installed if installed <= first_read else self.period.first

    def day_counts(self, channel: FlowDirection) -> dict[date, UsageCount]:
        """Return the count of each day of the period, in order."""
        expected, recorded = set(self._expected_days(channel)), self._recorded[channel]
        return {
            day: recorded.get(day) or UsageCount(expected=slots_on(day) if day in expected else 0)
            for day in self.period.days()
        }

    def _expected_days(self, channel: FlowDirection) -> Iterator[date]:
        if channel is FlowDirection.CONSUMPTION:
            return days_between(self.expected_from, self.period.last)
        days = list(self._recorded[channel])
        return days_between(days[0], days[-1]) if days else iter(())


def count_readings(usage: DayReadings) -> UsageCount:
    expected, present = slots_on(usage.day), len(usage.wh) - usage.wh.count(None)
    wh = sum(filter(None, usage.wh))
    if usage.est is None:
        return UsageCount(expected, present, 0, wh, 0)
    estimated = [
        reading or 0 for reading, is_estimated in zip(usage.wh, estimated_slots(usage), strict=True) if is_estimated
    ]
    return UsageCount(expected, present, len(estimated), wh, sum(estimated))


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

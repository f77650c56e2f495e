"""The shape of a Central day: how many quarter hours it really has and how SMT prints them (R3, A3).

A day has 96 slots, 92 when clocks spring forward and 100 when they fall back. Printed, the spring day still has 96
rows, four of them blank, and the fall day repeats an hour whose first row reads `02:00,01:15`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

CENTRAL = ZoneInfo("America/Chicago")
INTERVAL = timedelta(minutes=15)
ORDINARY, SPRING, FALL = 96, 92, 100
CLOCKS_CHANGE = 8  # the slot at which they do, on the days on which they do

_HOUR = 4  # slots
_SPRING_GAP = 8  # the printed row of 02:00, which does not exist on the spring day
_FALL_REPEAT = 8  # the slot in which the second 01:00 begins on the fall day
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_US_DAY = re.compile(r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})")


class PrintedRow(NamedTuple):
    """One printed quarter hour: its labels (`HH:MM`) and its slot, None where the hour does not exist that day."""

    start: str
    end: str
    slot: int | None


class Shape(NamedTuple):
    """`slots` stored (92, 96 or 100) and the rows printed for them (96, 96 or 100), in order."""

    slots: int
    rows: tuple[PrintedRow, ...]


def _shapes() -> dict[int, Shape]:
    clock = [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in range(0, 24 * 60, 15)] + ["00:00"]
    labels = list(zip(clock, clock[1:], strict=False))
    spring = [
        PrintedRow(*label, None if 0 <= row - _SPRING_GAP < _HOUR else row - (_HOUR if row > _SPRING_GAP else 0))
        for row, label in enumerate(labels)
    ]
    repeated = [("02:00", "01:15"), *labels[_FALL_REPEAT - _HOUR + 1 : _FALL_REPEAT]]
    fall = labels[:_FALL_REPEAT] + repeated + labels[_FALL_REPEAT:]
    return {
        ORDINARY: Shape(ORDINARY, tuple(PrintedRow(*label, slot) for slot, label in enumerate(labels))),
        SPRING: Shape(SPRING, tuple(spring)),
        FALL: Shape(FALL, tuple(PrintedRow(*label, slot) for slot, label in enumerate(fall))),
    }


SHAPES = _shapes()

# The first pass of the fall day's repeated hour -> the second. `01:00,01:15` is not here: its second is `02:00,01:15`.
SECOND_PASS = {slot: slot + _HOUR for slot in range(_FALL_REPEAT - _HOUR + 1, _FALL_REPEAT)}
SECOND_PASS_BEGINS = _FALL_REPEAT


@lru_cache(maxsize=64)
def _clock_changes(year: int) -> dict[date, int]:
    """The slots of the year's days on which clocks change, from the zone's own rules."""
    changes = {}
    midnight = datetime(year, 1, 1, tzinfo=CENTRAL)
    while midnight.year == year:
        following = midnight + timedelta(days=1)
        if midnight.utcoffset() != following.utcoffset():
            changes[midnight.date()] = (following.astimezone(UTC) - midnight.astimezone(UTC)) // INTERVAL
        midnight = following
    return changes


def slots_on(day: date) -> int:
    """How many quarter hours the Central day `day` has: 92, 96 or 100."""
    return _clock_changes(day.year).get(day, ORDINARY)


def shape_of(day: date) -> Shape:
    return SHAPES[slots_on(day)]


def day_start(day: date) -> datetime:
    """Midnight, Central, at which `day` begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=CENTRAL).astimezone(UTC)


def slot_start(day: date, slot: int) -> datetime:
    """When `slot` of `day` begins, in UTC."""
    return day_start(day) + slot * INTERVAL


def parse_day(typed: str) -> date:
    """The day in `2025-03-09` or `03/09/2025`. ValueError for anything else."""
    if iso := _ISO_DAY.fullmatch(typed.strip()):
        return date(int(iso[1]), int(iso[2]), int(iso[3]))
    if american := _US_DAY.fullmatch(typed.strip()):
        return date(int(american["year"]), int(american["month"]), int(american["day"]))
    raise ValueError(f"“{typed}” is not a day.")

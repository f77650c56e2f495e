"""The shape of a Central day: how many quarter hours it has and how SMT prints them (R3, A3).

A day has 96 slots, 92 when clocks spring forward and 100 when they fall back. Printed, the spring day still has 96
rows, four of them blank, and the fall day repeats an hour whose first row reads `02:00,01:15`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from lib.central_time import CENTRAL, ONE_DAY

INTERVAL = timedelta(minutes=15)
ORDINARY, SPRING, FALL = 96, 92, 100
CLOCKS_CHANGE = 8  # the slot at which they do, on the days on which they do

_HOUR = 4  # slots
_ISO_DAY = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_US_DAY = re.compile(r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})")


class PrintedRow(NamedTuple):
    """One printed quarter hour: its labels (`HH:MM`) and its slot, None where the hour does not exist that day."""

    start: str
    end: str
    slot: int | None


class DayShape(NamedTuple):
    """The slots stored (92, 96 or 100) and the rows printed for them (96, 96 or 100), in order."""

    slots: int
    rows: tuple[PrintedRow, ...]


_CLOCK = [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in range(0, 24 * 60, 15)] + ["00:00"]
_ORDINARY_LABELS = list(pairwise(_CLOCK))
_REPEATED_LABELS = [("02:00", "01:15"), *_ORDINARY_LABELS[CLOCKS_CHANGE - _HOUR + 1 : CLOCKS_CHANGE]]
_FALL_LABELS = _ORDINARY_LABELS[:CLOCKS_CHANGE] + _REPEATED_LABELS + _ORDINARY_LABELS[CLOCKS_CHANGE:]
_SPRING_SLOTS = [*range(CLOCKS_CHANGE), *[None] * _HOUR, *range(CLOCKS_CHANGE, SPRING)]

SHAPES = {
    slots: DayShape(slots, tuple(PrintedRow(*label, slot) for label, slot in zip(labels, row_slots, strict=True)))
    for slots, labels, row_slots in (
        (ORDINARY, _ORDINARY_LABELS, range(ORDINARY)),
        (SPRING, _ORDINARY_LABELS, _SPRING_SLOTS),
        (FALL, _FALL_LABELS, range(FALL)),
    )
}


@lru_cache(maxsize=8_192)
def slots_on(day: date) -> int:
    """Return how many quarter hours the Central day `day` has: 92, 96 or 100."""
    return (day_start(day + ONE_DAY) - day_start(day)) // INTERVAL


def shape_of(day: date) -> DayShape:
    return SHAPES[slots_on(day)]


def day_start(day: date) -> datetime:
    """Return the Central midnight at which `day` begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=CENTRAL).astimezone(UTC)


def slot_start(day: date, slot: int) -> datetime:
    """Return when `slot` of `day` begins, in UTC."""
    return day_start(day) + slot * INTERVAL


def is_day_written(typed: str) -> bool:
    """Whether this has the form of a day, which may be one that does not exist: 02/29/2023."""
    return bool(_ISO_DAY.fullmatch(typed.strip()) or _US_DAY.fullmatch(typed.strip()))


def parse_day(typed: str) -> date:
    """Return the day in `2025-03-09` or `03/09/2025`. ValueError for anything else."""
    match = _ISO_DAY.fullmatch(typed.strip()) or _US_DAY.fullmatch(typed.strip())
    if not match:
        raise ValueError(f"“{typed}” is not a day.")
    return date(int(match["year"]), int(match["month"]), int(match["day"]))

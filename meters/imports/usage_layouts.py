"""The layouts of usage CSV that are read, and how each writes a day, a revision and a direction (FORMATS.md, D2).

Layouts differ in their header; within one, each way in which programs rewrite a file is read alike: dates with and
without leading zeros or in ISO form, times without seconds, `Surplus Generation` with and without its space.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from meters.imports.results import Reason
from meters.models import FlowDirection
from meters.usage.days import CENTRAL, parse_day
from meters.usage.interval_csv import COLUMNS
from meters.usage.partitions import FIRST_DAY, last_possible_day
from meters.usage.reader import UNDATED

_MOMENT = re.compile(r"(?P<day>\S+) +(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?")
_DIRECTIONS = {
    b"Consumption": FlowDirection.CONSUMPTION.value,
    b"Surplus Generation": FlowDirection.SURPLUS_GENERATION.value,
    b"SurplusGeneration": FlowDirection.SURPLUS_GENERATION.value,
}


@dataclass(frozen=True)
class Dialect:
    """A layout: its columns as the file orders them, and its words for a direction.

    `revision` and `direction` are the columns' names, None where the layout has none: then a row is of no dated
    revision, or of Consumption.
    """

    name: str
    columns: tuple[str, ...]
    revision: str | None
    direction: str | None
    directions: dict[bytes, int]

    def direction_of(self, text: bytes) -> int | None:
        return self.directions.get(text) if self.direction else FlowDirection.CONSUMPTION.value


DIALECTS = (
    Dialect("Smart Meter Texas, 15 minutes", COLUMNS, COLUMNS[2], COLUMNS[7], _DIRECTIONS),
    Dialect(
        "Smart Meter Texas, 2014 to 2019",
        (*COLUMNS[:2], *COLUMNS[3:7], "CONSUMPTION_GENERATION"),
        None,
        "CONSUMPTION_GENERATION",
        _DIRECTIONS | {b"Generation": FlowDirection.SURPLUS_GENERATION.value},
    ),
    Dialect("Smart Meter Texas, 2010 to 2012", (*COLUMNS[:2], *COLUMNS[3:7]), None, None, {}),
)


def dialect_of(names: list[str]) -> Dialect | None:
    """The layout whose header has these names, in any order."""
    return next((dialect for dialect in DIALECTS if sorted(dialect.columns) == sorted(names)), None)


@lru_cache(maxsize=4096)
def usage_day(text: bytes) -> date | Reason:
    """The Central day; whether it may be stored is asked of `day_limits`, which change with the calendar."""
    try:
        return parse_day(text.decode())
    except ValueError:
        return Reason.DATE


def day_limits() -> tuple[date, date]:
    """The first and the last day that may be loaded now; how long old ones stay is another question (ADR 9)."""
    return FIRST_DAY, last_possible_day()


@lru_cache(maxsize=4096)
def revision_moment(text: bytes) -> datetime | Reason:
    """A Central time, in UTC; UNDATED where there is none. In the repeated hour the first pass is meant: nothing in the
    file tells."""
    if not text:
        return UNDATED
    try:
        found = _MOMENT.fullmatch(text.decode())
        if not found:
            return Reason.REVISION
        day = parse_day(found["day"])
        clock = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
        moment = datetime(day.year, day.month, day.day, *clock, tzinfo=CENTRAL)
    except ValueError:
        return Reason.REVISION
    return moment.astimezone(UTC) if FIRST_DAY <= day <= last_possible_day() else Reason.DATE_LIMITS

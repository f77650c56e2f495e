"""The calendar of a report's days: a small block for each month, drawn as SVG by the template (R4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from reports.coverage import DayState, ranges

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

CELL = 18  # units from one day to the next, in both directions; a day's square has 16
_DAYS = 7

# In the order of the legend. The first word also names the symbol that draws the day.
STATES: dict[DayState, tuple[str, _StrPromise]] = {
    DayState.WHOLE: ("whole", _("Complete")),
    DayState.ESTIMATED: ("estimated", _("Complete, some readings estimated")),
    DayState.PARTIAL: ("partial", _("Some readings missing")),
    DayState.MISSING: ("missing", _("No readings")),
    DayState.NOT_EXPECTED: ("none", _("No readings expected")),
}


@dataclass(frozen=True)
class Cell:
    """A day: its place in the block and the symbol that draws it."""

    x: int
    y: int
    symbol: str


@dataclass(frozen=True)
class Month:
    """`words`: for each state that occurs, its name and the days of the month, such as `1–14, 20`."""

    first: date
    height: int
    cells: list[Cell] = field(default_factory=list)
    words: list[tuple[_StrPromise, str]] = field(default_factory=list)

    @property
    def drawing(self) -> SafeString:
        """The days' elements. A loop in the template would take ten times as long for a year's 730 of them."""
        days = (f'<use href="#day-{one.symbol}" x="{one.x}" y="{one.y}" width="16" height="16"/>' for one in self.cells)
        return mark_safe("".join(days))  # numbers and our own symbols: nothing of anybody else's


@dataclass(frozen=True)
class Calendar:
    """`tally`: symbol, name and number of days of each state; one that is only sometimes possible only if it occurs."""

    months: list[Month]
    tally: list[tuple[str, _StrPromise, int]]
    width: int = _DAYS * CELL


def calendar(first_day: date, states: str) -> Calendar:
    """The calendar of days from `first_day` on, each a letter of coverage.DayState."""
    days = [(first_day + timedelta(days=number), DayState(letter)) for number, letter in enumerate(states)]
    counts = Counter(state for _day, state in days)
    tally = [
        (symbol, name, counts[state])
        for state, (symbol, name) in STATES.items()
        if counts[state] or state is not DayState.NOT_EXPECTED
    ]
    months = groupby(days, lambda one: one[0].replace(day=1))
    return Calendar([_month(first, list(some)) for first, some in months], tally)


def _month(first: date, days: list[tuple[date, DayState]]) -> Month:
    blank = first.isoweekday() % _DAYS  # weeks begin on Sunday
    cells = []
    for day, state in days:
        week, weekday = divmod(blank + day.day - 1, _DAYS)
        cells.append(Cell(weekday * CELL, week * CELL, STATES[state][0]))
    words = [
        (name, ", ".join(_run(run) for run in ranges(day for day, one in days if one is state)))
        for state, (_symbol, name) in STATES.items()
        if any(one is state for _day, one in days)
    ]
    return Month(first, max(cell.y for cell in cells) + CELL, cells, words)


def _run(run: tuple[date, date]) -> str:
    first, last = run
    return str(first.day) if first == last else f"{first.day}–{last.day}"

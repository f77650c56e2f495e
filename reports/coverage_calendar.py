"""The calendar of a report's days: a small block for each month, drawn as SVG by the template (R4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from reports.coverage import DayState, day_ranges

CELL = 18  # units from one day to the next, in both directions; a day's square has 16

# In the order of the legend. The first word also names the symbol that draws the day.
STATES: dict[DayState, tuple[str, Promise]] = {
    DayState.WHOLE: ("whole", _("Complete")),
    DayState.ESTIMATED: ("estimated", _("Complete, some readings estimated")),
    DayState.PARTIAL: ("partial", _("Some readings missing")),
    DayState.MISSING: ("missing", _("No readings")),
    DayState.NOT_EXPECTED: ("none", _("No readings expected")),
}


@dataclass(frozen=True)
class CalendarMonth:
    """`words`: for each state that occurs, its name and the days of the month, such as `1–14, 20`."""

    first: date
    height: int
    drawing: SafeString
    words: list[tuple[Promise, str]]

    @classmethod
    def draw(cls, first: date, days: list[tuple[date, DayState]]) -> CalendarMonth:
        """Draw the month that begins on `first` and has `days`, in order."""
        blanks = first.isoweekday() % 7  # weeks begin on Sunday
        # Drawn here because a loop in the template takes ten times as long for a year's 730 days.
        squares = []
        for day, state in days:
            week, weekday = divmod(blanks + day.day - 1, 7)
            place = f'x="{weekday * CELL}" y="{week * CELL}"'
            squares.append(f'<use href="#day-{STATES[state][0]}" {place} width="16" height="16"/>')
        words = []
        for state, (_symbol, name) in STATES.items():
            runs = day_ranges(day for day, day_state in days if day_state is state)
            if runs:
                texts = (str(run[0].day) if run[0] == run[1] else f"{run[0].day}–{run[1].day}" for run in runs)
                words.append((name, ", ".join(texts)))
        weeks = (blanks + days[-1][0].day - 1) // 7 + 1
        return cls(first, weeks * CELL, mark_safe("".join(squares)), words)  # numbers and our own symbols only


@dataclass(frozen=True)
class CoverageCalendar:
    """`tally`: symbol, name and number of days of each state; days that are not expected only if there are any."""

    months: list[CalendarMonth]
    tally: list[tuple[str, Promise, int]]
    width: int = 7 * CELL


def coverage_calendar(first_day: date, states: str) -> CoverageCalendar:
    """Return the calendar of the days from `first_day` on, each a letter of DayState."""
    days = [(first_day + timedelta(days=number), DayState(letter)) for number, letter in enumerate(states)]
    counts = Counter(state for _day, state in days)
    tally = [
        (symbol, name, counts[state])
        for state, (symbol, name) in STATES.items()
        if counts[state] or state is not DayState.NOT_EXPECTED
    ]
    by_month = groupby(days, lambda pair: pair[0].replace(day=1))
    return CoverageCalendar([CalendarMonth.draw(first, list(group)) for first, group in by_month], tally)

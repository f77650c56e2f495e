"""The calendar of a report's days: a row for each month with a column for each day, drawn as SVG (R4)."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from reports.coverage import DayState, day_ranges

CELL, SQUARE = 10, 9  # units from one day to the next, and of a day's square

# In the order of the legend. The first word also names the symbol that draws the day.
STATES: dict[DayState, tuple[str, Promise]] = {
    DayState.WHOLE: ("whole", _("Complete")),
    DayState.ESTIMATED: ("estimated", _("Complete, some readings estimated")),
    DayState.PARTIAL: ("partial", _("Some readings missing")),
    DayState.MISSING: ("missing", _("No readings")),
    DayState.NOT_EXPECTED: ("none", _("No readings expected")),
}


class CalendarMonth(NamedTuple):
    """`words`: for each state that occurs, its name and the days of the month, such as `1–14, 20`."""

    first: date
    drawing: SafeString
    words: list[tuple[Promise, str]]


def calendar_months(first_day: date, states: str) -> list[CalendarMonth]:
    """Draw the days from `first_day` on, each a letter of DayState."""
    days = [(first_day + timedelta(days=number), DayState(letter)) for number, letter in enumerate(states)]
    return [draw_month(first, list(group)) for first, group in groupby(days, lambda pair: pair[0].replace(day=1))]


def draw_month(first: date, days: list[tuple[date, DayState]]) -> CalendarMonth:
    """Draw the month that begins on `first` and has `days`, in order."""
    # Drawn here because a loop in the template takes ten times as long for a year's 730 days.
    squares = (
        f'<use href="#day-{STATES[state][0]}" x="{(day.day - 1) * CELL}" width="{SQUARE}" height="{SQUARE}"/>'
        for day, state in days
    )
    words = []
    for state, (_symbol, name) in STATES.items():
        if runs := day_ranges(day for day, day_state in days if day_state is state):
            texts = (f"{run[0].day}" if run[0] == run[1] else f"{run[0].day}–{run[1].day}" for run in runs)
            words.append((name, ", ".join(texts)))
    drawing = mark_safe("".join(squares))  # numbers and our own symbols only
    return CalendarMonth(first, drawing, words)


def count_states(states: str) -> list[tuple[str, Promise, int]]:
    """Return symbol, name and number of days of each state; days that are not expected only if there are any."""
    counts = Counter(states)
    return [
        (symbol, name, counts[state])
        for state, (symbol, name) in STATES.items()
        if counts[state] or state is not DayState.NOT_EXPECTED
    ]

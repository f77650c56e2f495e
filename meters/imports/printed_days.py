"""The quick way: a day as SMT prints it is taken as one block (DESIGN.md section 4).

The block's first row says whose day it is, of which shape, and where in each row kWh and flag must stand. The same
template that writes reports is filled with what stands there, and the block is taken if the bytes are equal. Then
nothing else can be in it. A few rows that differ are left out as strays: they, like every day that is not taken, are
read row by row, where each rule has its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from itertools import compress, count
from operator import ne

from meters.imports.results import Reason
from meters.imports.staged_days import WholeDay, watt_hours
from meters.imports.text_lines import LINE_LIMIT, Text
from meters.imports.usage_layouts import Dialect, revision_moment, usage_day
from meters.usage.days import CLOCKS_CHANGE, FALL, SHAPES, SPRING, slots_on
from meters.usage.int4_array import ELEMENT, NULL_ELEMENT
from meters.usage.interval_csv import day_template

_ESIID = re.compile(rb"'?([0-9]{17}|[0-9]{22})")
_KEPT_VALUES = 40_000
_STRAYS = 8  # a day with more of them is read row by row
_LONGER = 24  # bytes by which a row may be longer than the day's first
# What stands in front of the day's first times -> what stands in front of every time.
_LEADS = {(b"00:00", b"00:15"): b"", (b" 00:00", b" 00:15"): b" "}
_GAP = slice(CLOCKS_CHANGE, CLOCKS_CHANGE + 4)  # the rows that the spring day prints and does not have


class _Elements(dict[bytes, bytes]):
    """`kwh,flag` of a row -> the element of its slot as binary COPY has it. KeyError for what is no reading."""

    def __missing__(self, reading: bytes) -> bytes:
        kwh, _comma, flag = reading.partition(b",")
        wh = watt_hours(kwh.strip())
        if isinstance(wh, Reason) or flag not in (b"A", b"E"):
            raise KeyError(reading)
        element = ELEMENT.pack(4, wh)
        if len(self) < _KEPT_VALUES:
            self[reading] = element
        return element


class DayReader:
    """Takes days of one file whose columns stand in the layout's own order."""

    def __init__(self, dialect: Dialect, limits: tuple[date, date]) -> None:
        self._dialect = dialect
        self._columns = len(dialect.columns)
        self._before_times = 3 if dialect.revision else 2
        self._first_day, self._last_day = limits
        self._elements = _Elements({b",": NULL_ELEMENT})

    def take(self, text: Text, may: Callable[[WholeDay], bool]) -> WholeDay | None:
        """The day at which `text` stands, if it is one and `may` agrees; `text` goes on behind it. Its strays are the
        caller's to read."""
        text.fill()
        window, at = text.window, text.at
        end = window.find(b"\n", at, at + LINE_LIMIT)
        first = window[at:end].split(b",") if end > at else []
        if len(first) != self._columns:
            return None
        times = self._before_times
        lead = _LEADS.get((first[times], first[times + 1]))
        esiid = _ESIID.fullmatch(first[0])
        day = usage_day(first[1])
        if lead is None or esiid is None or isinstance(day, Reason) or not self._first_day <= day <= self._last_day:
            return None
        revision_at = revision_moment(first[2] if self._dialect.revision else b"")
        line_end = b"\r\n" if first[-1].endswith(b"\r") else b"\n"
        label = first[-1].removesuffix(b"\r") if self._dialect.direction else b""
        channel = self._dialect.direction_of(label)
        if channel is None or isinstance(revision_at, Reason):
            return None

        slots = slots_on(day)
        printed = len(SHAPES[slots].rows)
        begin = b",".join(first[:times]) + b","
        tail = (b"," + label if label else b"") + line_end
        rows = window[at : at + printed * (end - at + _LONGER)].split(b"\n", printed)
        if len(rows) != printed + 1:
            return None
        del rows[printed]  # what follows the day
        behind_times, before_tail = len(begin) + 12 + 2 * len(lead), -(len(tail) - 1) or None
        readings = [row[behind_times:before_tail] for row in rows]
        template = day_template(slots, begin, tail, lead)
        strays: tuple[int, ...] = ()
        given = _slotted(readings, slots)
        elements = self._elements_of(given)
        block = template % tuple(given)
        if not elements or not window.startswith(block, at):
            strays = self._strays(rows, readings, block)
            if not strays or len(strays) > _STRAYS or slots == FALL:  # there the order of rows decides what they mean
                return None
            for row in strays:
                readings[row] = b","
            given = _slotted(readings, slots)
            elements = self._elements_of(given)
            block = b"\n".join(rows) + b"\n"
        est = 0
        if b",E" in block:
            est = sum(1 << slot for slot, reading in enumerate(given) if reading[-1] == 69)
        whole = WholeDay(esiid[1].decode(), day, channel, revision_at, slots, est, elements, block, text.number, strays)
        if not may(whole):
            return None
        text.advance(len(block), printed)
        return whole

    def _elements_of(self, readings: list[bytes]) -> bytes:
        """What is stored for these readings, nothing if one of them is none."""
        try:
            return b"".join(map(self._elements.__getitem__, readings))
        except KeyError:
            return b""

    def _strays(self, rows: list[bytes], readings: list[bytes], block: bytes) -> tuple[int, ...]:
        """Which rows are not as `block` has them, the day printed with their readings, or have none."""
        wrong = set(compress(count(), map(ne, rows, block.split(b"\n"))))
        known = self._elements
        unknown = [row for row, reading in enumerate(readings) if reading not in known]
        wrong.update(row for row in unknown if not self._elements_of([readings[row]]))
        return tuple(sorted(wrong))


def _slotted(readings: list[bytes], slots: int) -> list[bytes]:
    """Of the printed rows' readings those that the day really had."""
    return readings[: _GAP.start] + readings[_GAP.stop :] if slots == SPRING else readings

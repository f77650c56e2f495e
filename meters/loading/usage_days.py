"""The quick way: a day as SMT prints it is taken as one block (DESIGN.md section 4).

The block's first row says whose day it is and of which shape. Cut apart at that beginning it gives the kWh and the flag
of each row; the same template that writes reports is filled with them, and the block is taken if the bytes are equal.
Then nothing else can be in it. Everything that is not taken goes row by row, where each rule has its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from meters.days import CLOCKS_CHANGE, SHAPES, SPRING, slots_on
from meters.interval_csv import day_template
from meters.loading.files import Text
from meters.loading.results import Reason
from meters.loading.usage_blocks import ELEMENT, NULL_ELEMENT, WholeDay, watt_hours
from meters.loading.usage_dialects import Dialect, revision_moment, usage_day

_ESIID = re.compile(rb"'?([0-9]{17}|[0-9]{22})")
_KEPT_VALUES = 40_000
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
        """The whole day at which `text` stands, if it is one and `may` agrees; `text` goes on behind it."""
        text.fill()
        window, at = text.window, text.at
        end = window.find(b"\n", at)
        first = window[at:end].split(b",")
        if end < 0 or len(first) != self._columns:
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
        rows = window[at : at + printed * (end - at + _LONGER)].split(begin, printed)
        if len(rows) != printed + 1:
            return None
        del rows[0]
        rows[-1] = rows[-1][: rows[-1].find(b"\n") + 1]
        behind_times, before_tail = 12 + 2 * len(lead), -len(tail)
        readings = [row[behind_times:before_tail] for row in rows]
        if slots == SPRING:
            del readings[_GAP]
        try:
            elements = b"".join(map(self._elements.__getitem__, readings))
        except KeyError:
            return None
        block = day_template(slots, tail, lead).replace(b"@", begin) % tuple(readings)
        if not window.startswith(block, at):
            return None
        est = 0
        if b",E" in block:
            est = sum(1 << slot for slot, reading in enumerate(readings) if reading[-1] == 69)
        whole = WholeDay(esiid[1].decode(), day, channel, revision_at, slots, est, elements, block, text.number)
        if not may(whole):
            return None
        text.advance(len(block), printed)
        return whole

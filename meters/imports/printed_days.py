"""The fast reader: a day in the form in which SMT prints it is read at once.

The day's first row says whose day it is, of which shape, and where each row has kWh and flag. These readings are put
into the template that also writes reports; if that gives the file's own bytes, the day has no other content. Rows of
both directions that alternate, as in real files of solar homes, are taken apart first. A few rows that differ are left
out as irregular. They, like every day that is not read here, are read by usage_rows, row by row, where each rule has
its reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import compress, count, repeat
from operator import itemgetter, ne
from typing import NamedTuple

from meters.identifiers import ends_in_zeros
from meters.imports.results import InvalidRow, Reason
from meters.imports.staged_days import PrintedDay, parse_watt_hours
from meters.imports.text_lines import LINE_LIMIT, TextWindow
from meters.imports.usage_layouts import UsageLayout, check_day, parse_revision, parse_usage_day
from meters.usage.days import CLOCKS_CHANGE, FALL, SHAPES, SPRING, slots_on
from meters.usage.int4_array import ELEMENT, NULL_ELEMENT
from meters.usage.interval_csv import day_template
from meters.usage.partitions import last_possible_day

_ESIID = re.compile(rb"'?([0-9]{17}|[0-9]{22})")
_CACHED_READINGS, _CACHED_FORMS = 40_000, 256
_IRREGULAR_LIMIT = 8  # a day with more irregular rows is read row by row
_LONGER = 24  # bytes by which a row may be longer than the day's first
# The start and end of the day's first row -> the text before each time.
_LEADS = {(b"00:00", b"00:15"): b"", (b" 00:00", b" 00:15"): b" "}
_GAP = slice(CLOCKS_CHANGE, CLOCKS_CHANGE + 4)  # the rows of the hour that the spring day lacks


class DayForm(NamedTuple):
    """What the rows of a day have in common, apart from their ESIID, which a night's days of all ESIIDs share.

    Each row has `begin` between ESIID and times, `lead` before each time, and `tail` after its kWh and flag.
    """

    day: date
    channel: int
    revision_at: datetime
    slots: int
    begin: bytes
    lead: bytes
    tail: bytes


class DayHead(NamedTuple):
    """What a day's first row says of all its rows, which begin with `typed_esiid`."""

    esiid: str
    typed_esiid: bytes
    form: DayForm


class _Elements(dict[bytes, bytes]):
    """`kwh,flag` of a row -> its element in binary COPY. InvalidRow if it is no reading."""

    def __missing__(self, reading: bytes) -> bytes:
        kwh, _comma, flag = reading.partition(b",")
        element = ELEMENT.pack(4, parse_watt_hours(kwh.strip()))
        if flag not in (b"A", b"E"):
            raise InvalidRow(Reason.FLAG)
        if len(self) < _CACHED_READINGS:
            self[reading] = element
        return element


class PrintedDayReader:
    """Reads days of a file whose columns are in the layout's own order."""

    def __init__(self, layout: UsageLayout) -> None:
        self._layout = layout
        self._today = last_possible_day()
        self._elements = _Elements({b",": NULL_ELEMENT})
        self._times = 3 if layout.revision else 2  # the column of the start time
        self._read_form = lru_cache(maxsize=_CACHED_FORMS)(self._parse_form)

    def read_days(self, text: TextWindow) -> list[PrintedDay]:
        """Return the day at which `text` starts, both directions of it if their rows alternate or mix.

        Nothing if it is not in SMT's form. `text` does not move.
        """
        text.fill()
        window, at = text.window, text.at
        end = window.find(b"\n", at, at + LINE_LIMIT)
        head = self.read_head(window[at:end]) if end > at else None
        if head is None:
            return []
        row_count = len(SHAPES[head.form.slots].rows)
        longest = end - at + _LONGER
        next_end = window.find(b"\n", end + 1, end + 1 + LINE_LIMIT)
        if window.endswith(head.form.tail, end + 1, next_end + 1):
            rows = window[at : at + row_count * longest].split(b"\n", row_count)
            if len(rows) <= row_count:
                return []
            del rows[-1]
            if day := self.prove(window, at, rows, head, range(text.number, text.number + row_count)):
                return [day]
        rows = window[at : at + 2 * row_count * longest].split(b"\n", 2 * row_count)
        if len(rows) <= 2 * row_count or not rows[-2].startswith(head.typed_esiid + head.form.begin):
            return []
        del rows[-1]
        return self._prove_mixed(rows, head, text.number)

    def _prove_mixed(self, rows: list[bytes], head: DayHead, first_line: int) -> list[PrintedDay]:
        """Prove a day of which `rows` has both directions, with as many rows each."""
        label = head.form.tail.removesuffix(b"\n")
        mine: Sequence[int] = range(0, len(rows), 2)
        others: Sequence[int] = range(1, len(rows), 2)
        if not all(map(bytes.endswith, rows[0::2], repeat(label))):  # they do not alternate row by row
            mine = [place for place, row in enumerate(rows) if row.endswith(label)]
            others = [place for place, row in enumerate(rows) if not row.endswith(label)]
        days = []
        for places in (mine, others):
            series = [rows[place] for place in places]
            series_head = self.read_head(series[0]) if 2 * len(series) == len(rows) else None
            if series_head is None:
                return []
            lines = [first_line + place for place in places]
            day = self.prove(b"\n".join(series) + b"\n", 0, series, series_head, lines)
            if day is None:
                return []
            days.append(day)
        return days

    def read_head(self, line: bytes) -> DayHead | None:
        """Read the first row of a day; None if it is not in SMT's form."""
        fields = line.split(b",")
        if len(fields) != len(self._layout.columns):
            return None
        esiid = _ESIID.fullmatch(fields[0])
        if esiid is None or not fields[0].startswith(b"'") and ends_in_zeros(esiid[1].decode()):
            return None
        form = self._read_form(*fields[1 : self._times + 2], last=fields[-1])
        return DayHead(esiid[1].decode(), fields[0], form) if form else None

    def _parse_form(self, *fields: bytes, last: bytes) -> DayForm | None:
        """Read the fields between ESIID and kWh, and the last one; None if they are not in SMT's form."""
        *dates, start, end = fields
        lead = _LEADS.get((start, end))
        label = last.removesuffix(b"\r") if self._layout.direction else b""
        channel = self._layout.direction_of(label)
        if lead is None or channel is None:
            return None
        try:
            day = parse_usage_day(dates[0])
            revision_at = parse_revision(dates[1] if self._layout.revision else b"")
            check_day(day, revision_at, self._today)
        except (InvalidRow, UnicodeDecodeError):
            return None
        begin = b",".join([b"", *dates, b""])
        tail = (b"," + label if label else b"") + (b"\r\n" if last.endswith(b"\r") else b"\n")
        return DayForm(day, channel, revision_at, slots_on(day), begin, lead, tail)

    def prove(
        self, window: bytes, at: int, rows: list[bytes], head: DayHead, lines: Sequence[int]
    ) -> PrintedDay | None:
        """Print the readings in `rows` again and compare; None if more than a few rows differ.

        `rows` are in `window` from `at` on and have these numbers.
        """
        day, channel, revision_at, slots, begin, lead, tail = head.form
        begin = head.typed_esiid + begin
        kwh_and_flag = slice(len(begin) + 12 + 2 * len(lead), -(len(tail) - 1) or None)
        readings = list(map(itemgetter(kwh_and_flag), rows))
        in_slots = _without_gap(readings, slots)
        elements = self._elements_of(in_slots)
        printed = day_template(slots, begin, tail, lead) % tuple(in_slots)
        irregular: set[int] = set()
        if not elements or not window.startswith(printed, at):
            irregular.update(compress(count(), map(ne, rows, printed.split(b"\n"))))
            if not elements:
                unknown = [row for row, reading in enumerate(readings) if reading not in self._elements]
                irregular.update(row for row in unknown if not self._elements_of([readings[row]]))
            # On the fall day the order of rows decides which interval is meant.
            if not irregular or len(irregular) > _IRREGULAR_LIMIT or slots == FALL:
                return None
            for row in irregular:
                readings[row] = b","
            in_slots = _without_gap(readings, slots)
            elements = self._elements_of(in_slots)
            printed = b"\n".join(rows) + b"\n"
        irregular_rows = {row: rows[row].removesuffix(b"\r") for row in sorted(irregular)}
        est = 0
        if b"E" in printed:  # rarely anything else than the flag; looking for `,E` takes 20 times as long
            est = sum(1 << slot for slot, reading in enumerate(in_slots) if reading.endswith(b"E"))
        return PrintedDay(head.esiid, day, channel, revision_at, slots, est, elements, printed, lines, irregular_rows)

    def _elements_of(self, readings: list[bytes]) -> bytes:
        """Return the elements of these readings, nothing if one is invalid."""
        try:
            return b"".join(map(self._elements.__getitem__, readings))
        except InvalidRow:
            return b""


def _without_gap(readings: list[bytes], slots: int) -> list[bytes]:
    """Drop the printed rows that the day does not have."""
    return readings[: _GAP.start] + readings[_GAP.stop :] if slots == SPRING else readings

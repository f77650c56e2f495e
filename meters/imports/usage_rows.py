"""Rows of a usage CSV -> batches of staged days, with every rule that a row must pass (D2).

Days in SMT's own form are read at once by printed_days; all others are read here, row by row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter

from meters.identifiers import normalize_esiid
from meters.imports.printed_days import PrintedDayReader
from meters.imports.results import FileError, InvalidRow, Reason
from meters.imports.staged_days import DayOfRows, PrintedDay, StagedDay, parse_watt_hours, rows_of_slots
from meters.imports.text_lines import TextWindow, split_fields
from meters.imports.usage_layouts import UsageLayout, parse_revision, parse_usage_day
from meters.usage.days import FALL, SHAPES, slots_on
from meters.usage.interval_csv import COLUMNS
from meters.usage.partitions import FIRST_DAY, last_possible_day

DayKey = tuple[str, date, int]  # ESIID, day, channel
Row = tuple[int, bytes, list[bytes]]  # line number, text, fields

# A batch ends when it holds so many bytes of rows read one by one, which can be 40 times longer than real ones.
BYTES_AT_ONCE = 8 << 20

_NO_SLOT = -1
_TIME = re.compile(rb"([01]?[0-9]|2[0-3]):[0-5][0-9]")

# (start, end) as printed, or as a spreadsheet writes it, `0:00` -> slot, by the number of slots of the day.
_SLOTS: dict[int, dict[tuple[bytes, ...], int]] = {
    slots: {
        (start.encode(), end.encode()): _NO_SLOT if row.slot is None else row.slot
        for row in reversed(shape.rows)  # of labels that occur twice, the first pass
        for start in (row.start, row.start.removeprefix("0"))
        for end in (row.end, row.end.removeprefix("0"))
    }
    for slots, shape in SHAPES.items()
}


@dataclass
class Batch:
    """What was read together: days, the count of rows, rejected rows, and the bytes read of the file so far."""

    days: dict[DayKey, StagedDay] = field(default_factory=dict)
    revisions: dict[tuple[str, date], datetime] = field(default_factory=dict)
    rejected: list[tuple[int, Reason, bytes | None]] = field(default_factory=list)
    rows: int = 0
    row_bytes: int = 0
    bytes_read: int = 0

    def is_full(self, rows_at_once: int) -> bool:
        return self.rows >= rows_at_once or self.row_bytes >= BYTES_AT_ONCE

    def reject(self, number: int, reason: Reason, row: bytes | None) -> None:
        try:
            is_text = row is None or "\0" not in row.decode()
        except UnicodeDecodeError:
            is_text = False
        self.rejected.append((number, reason if is_text else Reason.NOT_TEXT, row))


class RowReader:
    """Reads the rows of one file."""

    def __init__(self, names: list[str], layout: UsageLayout) -> None:
        self._layout = layout
        self._header = [name.encode() for name in names]
        self._batch = Batch()
        self._limits = FIRST_DAY, last_possible_day()
        self._printed_days = PrintedDayReader(layout) if tuple(names) == layout.columns else None
        at = names.index
        # A column that the layout lacks is read as the first one and ignored.
        self._head_of = itemgetter(
            at(COLUMNS[0]), at(COLUMNS[1]), at(layout.revision or COLUMNS[0]), at(layout.direction or COLUMNS[0])
        )
        self._times_of = itemgetter(at(COLUMNS[3]), at(COLUMNS[4]))
        self._printed_reading_of = itemgetter(at(COLUMNS[5]), at(COLUMNS[6]))

    def batches(self, text: TextWindow, days_at_once: int, rows_at_once: int) -> Iterator[Batch]:
        """Yield the file's days, `days_at_once` in a batch, or fewer once it has `rows_at_once` or BYTES_AT_ONCE.

        FileError if the file can't be read to its end; the rows before that come first.
        """
        try:
            for run in self.runs(text):
                if isinstance(run, PrintedDay):
                    self._add_printed_day(run)
                else:
                    day = None
                    for number, line, fields in run:
                        try:
                            if day is None:
                                key, revision_at = self._parse_head(self._head_of(fields))
                                self._batch.days[key] = day = self._day_of_rows(key, revision_at)
                            self._add_row(day, number, line, fields)
                        except InvalidRow as invalid:
                            self._batch.reject(number, invalid.reason, line)
                        if self._batch.is_full(rows_at_once):
                            yield self._end_batch(text)
                            day = None
                if len(self._batch.days) >= days_at_once or self._batch.is_full(rows_at_once):
                    yield self._end_batch(text)
        except FileError:
            yield self._end_batch(text)
            raise
        yield self._end_batch(text)

    def runs(self, text: TextWindow) -> Iterator[PrintedDay | Iterator[Row]]:
        """Yield what the file has of one day at a time: a printed day, or rows with the same ESIID, day, revision and
        direction, which must be consumed before the next one."""
        while True:
            day = self._printed_days.read_day(text) if self._printed_days else None
            if day and self._comes_first(day):
                text.advance(len(day.text), len(SHAPES[day.slots].rows))
                yield day
            elif not text.is_at_end():
                yield self._rows_of_one_day(text)
            else:
                return

    def _rows_of_one_day(self, text: TextWindow) -> Iterator[Row]:
        """Count and yield the next rows. A run also ends at an invalid line, a blank one or another header."""
        run_head = None
        while line := text.next_line():
            number, content = line
            if content == b"":
                return
            batch = self._batch
            batch.rows += 1
            try:
                if content is None:
                    raise InvalidRow(Reason.TOO_LONG)
                fields = self._split(content)
            except InvalidRow as invalid:
                batch.reject(number, invalid.reason, content)
                batch.row_bytes += len(content or b"")
                return
            head = self._head_of(fields)
            if run_head is None:
                run_head = head
                if self._is_header(fields):  # of a file that was appended
                    batch.rows -= 1
                    return
            elif head != run_head:
                batch.rows -= 1
                text.unread_line()
                return
            batch.row_bytes += len(content)
            yield number, content, fields

    def _comes_first(self, day: PrintedDay) -> bool:
        """Whether the batch has no earlier row for any slot of the day, so that the day's own rows count."""
        if self._batch.revisions.get((day.esiid, day.day), day.revision_at) != day.revision_at:
            return False
        if (day.esiid, day.day, day.channel) in self._batch.days:
            return False
        for number, line in day.irregular_lines() if day.irregular_rows else ():
            try:
                start, end = self._times_of(self._split(line))
            except InvalidRow:
                continue
            slot = _SLOTS[day.slots].get((start.strip(), end.strip()), _NO_SLOT)
            if slot != _NO_SLOT and day.first_line + rows_of_slots(day.slots)[slot] > number:
                return False
        return True

    def _add_printed_day(self, day: PrintedDay) -> None:
        batch = self._batch
        batch.revisions[day.esiid, day.day] = day.revision_at
        batch.days[day.esiid, day.day, day.channel] = day
        batch.rows += len(SHAPES[day.slots].rows)
        if not day.irregular_rows:
            return
        days_of_rows: dict[DayKey, DayOfRows] = {}
        for number, line in day.irregular_lines():
            try:
                fields = self._split(line) if line else self._header
                if self._is_header(fields):
                    batch.rows -= 1
                    continue
                key, revision_at = self._parse_head(self._head_of(fields))
                if key not in days_of_rows:
                    days_of_rows[key] = self._day_of_rows(key, revision_at)
                self._add_row(days_of_rows[key], number, line, fields)
                batch.days[key] = days_of_rows[key]  # only now: most irregular rows are invalid
            except InvalidRow as invalid:
                batch.reject(number, invalid.reason, line)

    def _end_batch(self, text: TextWindow) -> Batch:
        batch, self._batch = self._batch, Batch()
        empty = [key for key, day in batch.days.items() if isinstance(day, DayOfRows) and not any(day.row_of)]
        for key in empty:
            del batch.days[key]
        batch.bytes_read = text.bytes_read
        return batch

    def _split(self, line: bytes) -> list[bytes]:
        fields = [text.encode() for text in split_fields(line)] if b'"' in line else line.split(b",")
        if len(fields) != len(self._header):
            raise InvalidRow(Reason.COLUMNS)
        return fields

    def _is_header(self, fields: list[bytes]) -> bool:
        return [name.strip().upper() for name in fields] == self._header

    def _parse_head(self, head: tuple[bytes, ...]) -> tuple[DayKey, datetime]:
        """Return whose day it is, and which revision."""
        typed_esiid, typed_day, typed_revision, direction = (field.strip() for field in head)
        try:
            esiid = normalize_esiid(typed_esiid.decode())
            for typed in (typed_day, typed_revision, direction):
                typed.decode()
        except UnicodeDecodeError as error:
            raise InvalidRow(Reason.NOT_TEXT) from error
        if esiid is None:
            raise InvalidRow(Reason.ESIID)
        day = parse_usage_day(typed_day)
        if not self._limits[0] <= day <= self._limits[1]:
            raise InvalidRow(Reason.DATE_LIMITS)
        revision_at = parse_revision(typed_revision if self._layout.revision else b"")
        channel = self._layout.direction_of(direction)
        if channel is None:
            raise InvalidRow(Reason.DIRECTION)
        if self._batch.revisions.setdefault((esiid, day), revision_at) != revision_at:
            raise InvalidRow(Reason.SECOND_REVISION)
        return (esiid, day, channel), revision_at

    def _day_of_rows(self, key: DayKey, revision_at: datetime) -> DayOfRows:
        if day := self._batch.days.get(key):
            return day.as_rows()
        esiid, day_on, channel = key
        return DayOfRows(esiid, day_on, channel, revision_at, slots_on(day_on))

    def _add_row(self, day: DayOfRows, number: int, line: bytes, fields: list[bytes]) -> None:
        """Store the row's reading in `day`; InvalidRow if it breaks a rule."""
        slot = slot_of(self._times_of(fields), day.slots)
        printed = self._printed_reading_of(fields)
        if slot == _NO_SLOT:
            if any(text.strip() for text in printed):
                raise InvalidRow(Reason.NO_SUCH_TIME)
            return
        if day.slots == FALL:
            slot = day.fall_slot(slot)
        if day.row_of[slot]:
            raise InvalidRow(Reason.SECOND_VALUE)
        day.wh[slot], is_estimated = reading_of(*printed)
        if is_estimated:
            day.est |= 1 << slot
        day.row_of[slot] = number, line


@lru_cache(maxsize=2_000)
def slot_of(times: tuple[bytes, ...], slots: int) -> int:
    """Return the slot of the interval with this start and end, on the fall day that of the first pass.

    -1 for the hour that the spring day prints and does not have. InvalidRow if the day has no such interval.
    """
    slot = _SLOTS[slots].get(times)
    if slot is None:
        times = tuple(time.strip() for time in times)
        slot = _SLOTS[slots].get(times)
    if slot is not None:
        return slot
    if any(times in known for known in _SLOTS.values()):
        raise InvalidRow(Reason.NO_SUCH_TIME)
    raise InvalidRow(Reason.OFF_QUARTER if all(map(_TIME.fullmatch, times)) else Reason.TIME)


@lru_cache(maxsize=20_000)
def reading_of(kwh: bytes, flag: bytes) -> tuple[int | None, bool]:
    """Return watt-hours, None if blank, and whether they are estimated; InvalidRow if it is no reading."""
    kwh, flag = kwh.strip(), flag.strip()
    wh = parse_watt_hours(kwh) if kwh else None
    if flag not in (b"A", b"E", b""):
        raise InvalidRow(Reason.FLAG)
    if (wh is None) != (not flag):
        raise InvalidRow(Reason.FLAG_WITHOUT_KWH if wh is None else Reason.KWH_WITHOUT_FLAG)
    return wh, flag == b"E"

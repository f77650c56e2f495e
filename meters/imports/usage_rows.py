"""Rows of a usage CSV -> batches of staged days, with every rule that a row must pass (D2).

Days in SMT's own form are read at once by printed_days; all others are read here, row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter

from meters.identifiers import ends_in_zeros, is_rounded_number, normalize_esiid
from meters.imports.printed_days import PrintedDayReader
from meters.imports.repeated_hour import RepeatedRow
from meters.imports.results import FileError, InvalidRow, Reason
from meters.imports.staged_days import DayOfRows, PrintedDay, StagedDay, parse_watt_hours, rows_of_slots
from meters.imports.text_lines import TextWindow, split_fields, trim_fields
from meters.imports.usage_layouts import UsageLayout, check_day, normalize_time, parse_revision, parse_usage_day
from meters.usage.days import FALL, SHAPES, slots_on
from meters.usage.interval_csv import COLUMNS
from meters.usage.partitions import last_possible_day

DayKey = tuple[str, date, int, datetime]  # ESIID, day, channel, revision

# A batch ends when it holds so many bytes of rows read one by one, which can be 40 times longer than real ones.
BYTES_AT_ONCE = 8 << 20

_NO_SLOT = -1

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
    day_of_head: dict[tuple[bytes, ...], DayKey | Reason] = field(default_factory=dict)
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
        self._today = last_possible_day()
        self._printed_days = PrintedDayReader(layout) if tuple(names) == layout.columns else None
        self._has_apostrophes = False
        at = names.index
        # A column that the layout lacks is read as the first one and ignored.
        self._head_of = itemgetter(
            at(COLUMNS[0]), at(COLUMNS[1]), at(layout.revision or COLUMNS[0]), at(layout.direction or COLUMNS[0])
        )
        self._times_of = itemgetter(at(COLUMNS[3]), at(COLUMNS[4]))
        self._printed_reading_of = itemgetter(at(COLUMNS[5]), at(COLUMNS[6]))

    def batches(self, text: TextWindow, days_at_once: int, rows_at_once: int) -> Iterator[Batch]:
        """Yield the file's days, `days_at_once` in a batch, or fewer once it has `rows_at_once` or BYTES_AT_ONCE.

        A day whose rows follow each other is in one batch, unless it has twice as many. FileError if the file can't be
        read to its end; the rows before that come first.
        """
        try:
            while not text.is_at_end():
                days = self._printed_days.read_days(text) if self._printed_days else []
                if days and all(map(self._comes_first, days)):
                    for day in days:
                        self._add_printed_day(day)
                        text.advance(len(day.text), len(day.lines))
                else:
                    self._read_rows(text, 2 * rows_at_once)
                if len(self._batch.days) >= days_at_once or self._batch.is_full(rows_at_once):
                    yield self._end_batch(text)
        except FileError:
            yield self._end_batch(text)
            raise
        yield self._end_batch(text)

    def _read_rows(self, text: TextWindow, most_rows: int) -> None:
        """Read rows one by one as long as ESIID, day and revision are those of the first, and the batch has room."""
        batch, first_head = self._batch, None
        while not batch.is_full(most_rows) and (line := text.next_line()):
            number, content = line
            if content == b"":
                continue
            batch.rows += 1
            batch.row_bytes += len(content or b"")
            try:
                if content is None:
                    raise InvalidRow(Reason.TOO_LONG)
                fields = self._split(content)
                head = self._head_of(fields)
                if first_head is None:
                    first_head = head[:3]
                elif head[:3] != first_head:
                    batch.rows -= 1
                    batch.row_bytes -= len(content)
                    text.unread_line()
                    return
                if head not in batch.day_of_head and self._is_header(fields):  # of a file that was appended
                    batch.rows -= 1
                else:
                    key = self._key_of(head)
                    batch.days[key] = day = self._rows_of(key)
                    self._add_row(day, number, content, fields)
            except InvalidRow as invalid:
                batch.reject(number, invalid.reason, content)

    def _comes_first(self, day: PrintedDay) -> bool:
        """Whether the batch has no earlier row for any slot of the day, so that the day's own rows count."""
        if (day.esiid, day.day, day.channel, day.revision_at) in self._batch.days:
            return False
        for number, line in day.irregular_lines() if day.irregular_rows else ():
            try:
                slot = slot_of(self._times_of(self._split(line)), day.slots)
            except InvalidRow:
                continue
            if slot != _NO_SLOT and day.lines[rows_of_slots(day.slots)[slot]] > number:
                return False
        return True

    def _add_printed_day(self, day: PrintedDay) -> None:
        batch = self._batch
        batch.days[day.esiid, day.day, day.channel, day.revision_at] = day
        batch.rows += len(SHAPES[day.slots].rows)
        self._has_apostrophes |= day.text.startswith(b"'")
        for number, line in day.irregular_lines() if day.irregular_rows else ():
            try:
                fields = self._split(line) if line else self._header
                if self._is_header(fields):
                    batch.rows -= 1
                    continue
                key = self._key_of(self._head_of(fields))
                if slot_of(self._times_of(fields), slots_on(key[1])) != _NO_SLOT:
                    reading_of(*self._printed_reading_of(fields))  # most irregular rows end here: the day stays as read
                day_of_rows = self._rows_of(key)
                self._add_row(day_of_rows, number, line, fields)
                batch.days[key] = day_of_rows
            except InvalidRow as invalid:
                batch.reject(number, invalid.reason, line)

    def _end_batch(self, text: TextWindow) -> Batch:
        batch, self._batch = self._batch, Batch()
        for key, day in list(batch.days.items()):
            if isinstance(day, DayOfRows):
                day.place_repeated(batch.reject)
                if not any(day.row_of):
                    del batch.days[key]
        batch.bytes_read = text.bytes_read
        return batch

    def _split(self, line: bytes) -> list[bytes]:
        fields = [text.encode() for text in split_fields(line)] if b'"' in line else line.split(b",")
        return fields if len(fields) == len(self._header) else trim_fields(fields, len(self._header))

    def _is_header(self, fields: list[bytes]) -> bool:
        return [name.strip().upper() for name in fields] == self._header

    def _key_of(self, head: tuple[bytes, ...]) -> DayKey:
        """Return the key of the day for rows that begin in this way; InvalidRow if there can be none."""
        key = self._batch.day_of_head.get(head)
        if key is None:
            try:
                key = self._parse_head(head)
            except InvalidRow as invalid:
                key = invalid.reason
            self._batch.day_of_head[head] = key
        if isinstance(key, Reason):
            raise InvalidRow(key)
        return key

    def _rows_of(self, key: DayKey) -> DayOfRows:
        day = self._batch.days.get(key)
        return day.as_rows() if day else DayOfRows(*key, slots_on(key[1]))

    def _parse_head(self, head: tuple[bytes, ...]) -> DayKey:
        """Return whose day it is, and which revision."""
        try:
            typed_esiid, *_others = [field.decode() for field in head]
        except UnicodeDecodeError as error:
            raise InvalidRow(Reason.NOT_TEXT) from error
        esiid = self._parse_esiid(typed_esiid.strip())
        typed_day, typed_revision, direction = (field.strip() for field in head[1:])
        day = parse_usage_day(typed_day)
        revision_at = parse_revision(typed_revision if self._layout.revision else b"")
        check_day(day, revision_at, self._today)
        channel = self._layout.direction_of(direction)
        if channel is None:
            raise InvalidRow(Reason.DIRECTION)
        return esiid, day, channel, revision_at

    def _parse_esiid(self, typed: str) -> str:
        if is_rounded_number(typed):
            raise InvalidRow(Reason.CUT_ESIID)
        is_text = typed.startswith(("'", "’", "="))  # a spreadsheet writes it as text: '104..., ="104..."
        esiid = normalize_esiid(typed.removeprefix('="').removesuffix('"'))
        if esiid is None:
            raise InvalidRow(Reason.ESIID)
        self._has_apostrophes |= is_text
        if not self._has_apostrophes and ends_in_zeros(esiid):
            raise InvalidRow(Reason.CUT_ESIID)
        return esiid

    def _add_row(self, day: DayOfRows, number: int, line: bytes, fields: list[bytes]) -> None:
        """Store the row's reading in `day`; InvalidRow if it breaks a rule."""
        slot = slot_of(self._times_of(fields), day.slots)
        printed = self._printed_reading_of(fields)
        if slot == _NO_SLOT:
            if any(text.strip() for text in printed):
                raise InvalidRow(Reason.NO_SUCH_TIME)
        elif day.slots == FALL and day.is_repeated(slot):
            try:
                day.repeated.append(RepeatedRow(slot, number, line, *reading_of(*printed)))
            except InvalidRow:
                day.repeated.append(RepeatedRow(slot, number, line, is_valid=False))
                raise
        else:
            wh, is_estimated = reading_of(*printed)
            day.put(slot, wh, is_estimated, (number, line))


def slot_of(times: tuple[bytes, ...], slots: int) -> int:
    """Return the slot of the interval with this start and end, on the fall day that of the first pass.

    -1 for the hour that the spring day prints and does not have. InvalidRow if the day has no such interval.
    """
    slot = _find_slot(times, slots)
    if isinstance(slot, Reason):
        raise InvalidRow(slot)
    return slot


@lru_cache(maxsize=2_000)
def _find_slot(times: tuple[bytes, ...], slots: int) -> int | Reason:
    slot = _SLOTS[slots].get(times)
    if slot is not None:
        return slot
    start, end = normalize_time(times[0], is_end=False), normalize_time(times[1], is_end=True)
    if start is None or end is None:
        return Reason.TIME
    slot = _SLOTS[slots].get((start, end))
    if slot is not None:
        return slot
    is_elsewhere = any((start, end) in known for known in _SLOTS.values())
    return Reason.NO_SUCH_TIME if is_elsewhere else Reason.OFF_QUARTER


_FLAGS = {b"A": False, b"ACTUAL": False, b"": False, b"E": True, b"ESTIMATED": True}


@lru_cache(maxsize=20_000)
def reading_of(kwh: bytes, flag: bytes) -> tuple[int | None, bool]:
    """Return watt-hours, None if blank, and whether they are estimated; InvalidRow if it is no reading."""
    kwh, flag = kwh.strip(), flag.strip().upper()
    wh = parse_watt_hours(kwh) if kwh else None
    if flag not in _FLAGS:
        raise InvalidRow(Reason.FLAG)
    if (wh is None) != (not flag):
        raise InvalidRow(Reason.FLAG_WITHOUT_KWH if wh is None else Reason.KWH_WITHOUT_FLAG)
    return wh, _FLAGS[flag]

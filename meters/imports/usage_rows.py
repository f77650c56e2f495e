"""Rows of a usage CSV -> blocks, with every rule a row must pass (D2).

Whole days as SMT prints them are taken at once by usage_days; what it leaves is read here, row by row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter

from meters.identifiers import normal_esiid
from meters.imports.printed_days import DayReader
from meters.imports.results import FileError, Reason
from meters.imports.staged_days import Block, WholeDay, rows_of_slots, watt_hours
from meters.imports.text_lines import Text, text_fields
from meters.imports.usage_layouts import Dialect, day_limits, revision_moment, usage_day
from meters.usage.days import FALL, SHAPES, slots_on
from meters.usage.interval_csv import COLUMNS

# Told of a row that was turned away: its line, why, and what it said (None: too long to keep).
Reject = Callable[[int, Reason, bytes | None], None]

Key = tuple[str, date, int, datetime]  # ESIID, day, channel, revision

BYTES_AT_ONCE = 8 << 20  # of rows held for what must be said of them: rows can be 40 times longer than real ones

_NO_SLOT = -1
_KEPT_VALUES = 20_000
_TIME = re.compile(rb"([0-9]{1,2}):([0-9]{2})")


def _labels(start: str, end: str) -> Iterator[tuple[bytes, bytes]]:
    """The labels as printed, and as a spreadsheet prints them again: `0:00`."""
    for first in {start, start.removeprefix("0")}:
        for last in {end, end.removeprefix("0")}:
            yield first.encode(), last.encode()


# (start, end) as printed -> slot, by the number of slots of the day.
_SLOTS = {
    slots: {
        labels: _NO_SLOT if row.slot is None else row.slot
        for row in reversed(shape.rows)  # the first pass of a label that comes twice
        for labels in _labels(row.start, row.end)
    }
    for slots, shape in SHAPES.items()
}


@dataclass
class Batch:
    """What was read together: the blocks, how many `rows` there were, those that broke a rule, and how far it went."""

    blocks: list[Block | WholeDay]
    rows: int
    bytes_read: int
    rejected: list[tuple[int, Reason, bytes | None]]

    def reject(self, line: int, reason: Reason, row: bytes | None) -> None:
        self.rejected.append((line, reason, row))


class RowReader:
    """Reads the rows of one file."""

    def __init__(self, names: list[str], dialect: Dialect) -> None:
        self.dialect = dialect
        self._header = [name.encode() for name in names]
        self.rows = 0  # of the batch
        self.rejected: list[tuple[int, Reason, bytes | None]] = []
        self.blocks: dict[tuple[str, date, int], Block | WholeDay] = {}
        self._revisions: dict[tuple[str, date], datetime] = {}
        self._values: dict[bytes, int | Reason] = {}
        self._limits = day_limits()
        self._days = DayReader(dialect, self._limits) if tuple(names) == dialect.columns else None
        at = names.index
        # A column that the layout lacks reads as its first one and is not looked at.
        self._head = itemgetter(
            at(COLUMNS[0]), at(COLUMNS[1]), at(dialect.revision or COLUMNS[0]), at(dialect.direction or COLUMNS[0])
        )
        self._times = itemgetter(at(COLUMNS[3]), at(COLUMNS[4]))
        self._reading = itemgetter(at(COLUMNS[5]), at(COLUMNS[6]))

    def batches(self, text: Text, blocks: int, rows: int) -> Iterator[Batch]:
        """The file's blocks, `blocks` at a time, cut where one day ends; never more than `rows` rows, or BYTES_AT_ONCE
        of them, row by row."""
        try:
            yield from self._batches(text, blocks, rows)
        except FileError:  # it cannot be read on; what was read is good
            yield self._take(text)
            raise

    def _batches(self, text: Text, blocks: int, rows: int) -> Iterator[Batch]:
        last_head: tuple[bytes, ...] = ()
        block: Block | Reason = Reason.COLUMNS
        may_begin = True  # whether another day may begin at this line
        held = 0
        while True:
            too_much = self.rows >= rows or held >= BYTES_AT_ONCE
            if too_much or may_begin and len(self.blocks) >= blocks:
                yield self._take(text)
                held, may_begin = 0, True
            if may_begin:
                last_head = ()
                if self._days and (day := self._days.take(text, self._is_first)):
                    self._put_whole(day)
                    continue
            if not (read := text.next_line()):
                break
            number, line = read
            if line == b"":
                continue
            held += len(line or b"")
            fields = self._fields(line)
            if isinstance(fields, Reason):
                self.rows += 1
                self._turn_away(number, fields, line)
                continue
            head = self._head(fields)
            if head != last_head:
                if last_head:
                    text.unread()
                    may_begin = True
                    continue
                if self._is_header(fields):  # files that were joined
                    continue
                key, last_head, may_begin = self._key(head), head, False
                block = key if isinstance(key, Reason) else self._block(key)
            self.rows += 1
            reason = block if isinstance(block, Reason) else self._put(block, number, line or b"", fields)
            if reason:
                self._turn_away(number, reason, line)
        yield self._take(text)

    def _is_first(self, day: WholeDay) -> bool:
        """Whether nothing in the batch comes before a row of the day; otherwise they are looked at one by one."""
        return (
            self._revisions.get((day.esiid, day.day), day.revision_at) == day.revision_at
            and (day.esiid, day.day, day.channel) not in self.blocks
            and not any(self._has_times_of_later_row(day, *stray) for stray in day.stray_rows())
        )

    def _has_times_of_later_row(self, day: WholeDay, number: int, stray: bytes) -> bool:
        """Then the stray may be the first value of that interval, and the day's own row the second."""
        fields = self._fields(stray)
        if isinstance(fields, Reason):
            return False
        start, end = self._times(fields)
        slot = _SLOTS[day.slots].get((start.strip(), end.strip()))
        return slot not in (None, _NO_SLOT) and day.first_line + rows_of_slots(day.slots)[slot] > number

    def _put_whole(self, day: WholeDay) -> None:
        self._revisions[day.esiid, day.day] = day.revision_at
        self.blocks[day.esiid, day.day, day.channel] = day
        self.rows += len(SHAPES[day.slots].rows)
        for number, line in day.stray_rows():
            if not line:
                self.rows -= 1
                continue
            fields = self._fields(line)
            if isinstance(fields, Reason):
                reason: Reason | None = fields
            elif self._is_header(fields):
                self.rows -= 1
                continue
            else:
                reason = self._put_stray(number, line, fields)
            if reason:
                self._turn_away(number, reason, line)

    def _turn_away(self, number: int, reason: Reason, line: bytes | None) -> None:
        self.rejected.append((number, Reason.NOT_TEXT if _is_no_text(line or b"") else reason, line))

    def _put_stray(self, number: int, line: bytes, fields: list[bytes]) -> Reason | None:
        key = self._key(self._head(fields))
        if isinstance(key, Reason):
            return key
        day = self.blocks.get(key[:3])
        # Most strays are bad: the day stays as it was taken, and is not turned into a block for them.
        bad = self._put(day.with_room(), number, line, fields) if isinstance(day, WholeDay) else None
        return bad or self._put(self._block(key), number, line, fields)

    def _fields(self, line: bytes | None) -> list[bytes] | Reason:
        if line is None:
            return Reason.TOO_LONG
        fields = line.split(b",")
        if b'"' in line:
            texts = text_fields(line)
            if isinstance(texts, Reason):
                return texts
            fields = [text.encode() for text in texts]
        return fields if len(fields) == len(self._header) else Reason.COLUMNS

    def _is_header(self, fields: list[bytes]) -> bool:
        return [name.strip().upper() for name in fields] == self._header

    def _take(self, text: Text) -> Batch:
        blocks = [block for block in self.blocks.values() if isinstance(block, WholeDay) or any(block.lines)]
        batch = Batch(blocks, self.rows, text.bytes_read, self.rejected)
        self.blocks, self._revisions, self.rows, self.rejected = {}, {}, 0, []
        return batch

    def _key(self, head: tuple[bytes, ...]) -> Key | Reason:
        """Whose day it is, which direction and which revision; the reason if that is not one."""
        typed_esiid, typed_day, typed_revision, direction = (field.strip() for field in head)
        try:
            esiid = normal_esiid(typed_esiid.decode())
            for field in (typed_day, typed_revision, direction):
                field.decode()
        except UnicodeDecodeError:
            return Reason.NOT_TEXT
        if esiid is None:
            return Reason.ESIID
        day = usage_day(typed_day)
        if isinstance(day, Reason):
            return day
        first_day, last_day = self._limits
        if not first_day <= day <= last_day:
            return Reason.DATE_LIMITS
        revision_at = revision_moment(typed_revision if self.dialect.revision else b"")
        if isinstance(revision_at, Reason):
            return revision_at
        channel = self.dialect.direction_of(direction)
        if channel is None:
            return Reason.DIRECTION
        if self._revisions.setdefault((esiid, day), revision_at) != revision_at:
            return Reason.SECOND_REVISION
        return esiid, day, channel, revision_at

    def _block(self, key: Key) -> Block:
        """The batch's block of that day, row by row."""
        esiid, day, channel, revision_at = key
        block = self.blocks.get((esiid, day, channel)) or Block(esiid, day, channel, revision_at, slots_on(day))
        self.blocks[esiid, day, channel] = rows = block.by_slot()
        return rows

    def _put(self, block: Block, number: int, line: bytes, fields: list[bytes]) -> Reason | None:
        times = self._times(fields)
        slot = _SLOTS[block.slots].get(times)
        if slot is None:
            stripped = (times[0].strip(), times[1].strip())
            slot = _SLOTS[block.slots].get(stripped)
            if slot is None:
                return _why_no_slot(*stripped)
        kwh, flag = self._reading(fields)
        if slot == _NO_SLOT:
            return Reason.NO_SUCH_TIME if kwh.strip() or flag.strip() else None
        if block.slots == FALL:
            slot = block.on_fall_day(slot)
        if block.lines[slot]:
            return Reason.SECOND_VALUE
        wh = self._values.get(kwh)
        if wh is None and (kwh := kwh.strip()):
            wh = self._value(kwh)
        if isinstance(wh, Reason):
            return wh
        if flag != b"A":
            flag = flag.strip()
            if flag == b"E":
                if wh is not None:
                    block.est |= 1 << slot
            elif flag not in (b"", b"A"):
                return Reason.FLAG
        if (wh is None) != (not flag):
            return Reason.FLAG_WITHOUT_KWH if wh is None else Reason.KWH_WITHOUT_FLAG
        block.wh[slot] = wh
        block.lines[slot], block.texts[slot] = number, line
        return None

    def _value(self, kwh: bytes) -> int | Reason:
        value = watt_hours(kwh)
        if len(self._values) < _KEPT_VALUES:
            self._values[kwh] = value
        return value


def _is_no_text(line: bytes) -> bool:
    """Whether that is what is wrong with a bad row, whichever rule it broke first."""
    try:
        return "\0" in line.decode()
    except UnicodeDecodeError:
        return True


def _why_no_slot(start: bytes, end: bytes) -> Reason:
    """Why these labels name no interval of the day."""
    if any((start, end) in slots for slots in _SLOTS.values()):
        return Reason.NO_SUCH_TIME
    for text in (start, end):
        found = _TIME.fullmatch(text)
        if not found or int(found[1]) > 23 or int(found[2]) > 59:
            return Reason.TIME
    return Reason.OFF_QUARTER

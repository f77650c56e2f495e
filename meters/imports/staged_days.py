"""The readings that a file gives for one ESIID, day and direction, and their row of binary COPY."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Protocol

from meters.imports.repeated_hour import REPEATED_LABELS, RepeatedRow, find_slots
from meters.imports.results import InvalidRow, Reason, Reject
from meters.usage.days import SHAPES
from meters.usage.int4_array import ELEMENT, HEAD, NULL_ELEMENT, array_head, unpack_elements

_WH_LIMIT = 9_999_000
_NUMBER = re.compile(rb"(?=[.0-9])([0-9]*)(?:\.([0-9]{0,3}))?")
_LONG_NUMBER = re.compile(rb"([0-9]*)(\.[0-9]{4,30})")
_EXACT = 1e-6  # watt-hours by which a program's arithmetic may miss a whole one: .14500000000000002 kWh

COPY_START, COPY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"  # around the rows of binary COPY
_KEY = struct.Struct(">hiiiiihiq")  # field count; premise_id, day, channel, revision_at, each after its length
_LENGTH = struct.Struct(">i")
_OUTCOME = struct.Struct(">ih")
ALL_SLOTS = {slots: (1 << slots) - 1 for slots in SHAPES}  # the present_mask of a complete day
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()


class StagedDay(Protocol):
    """The readings that a file gives for one ESIID, day and direction.

    `slots` is 92, 96 or 100. `est` and `present_mask` have a bit per slot (slot i: bit i), set where the reading is
    estimated, and where the file has a row, be it blank. `elements` are the watt-hours of all slots in the form of
    int4_array, NULL where blank or not present.
    """

    esiid: str
    day: date
    channel: int
    revision_at: datetime
    slots: int
    est: int

    @property
    def elements(self) -> bytes: ...

    @property
    def present_mask(self) -> int: ...

    def rows(self) -> Iterable[tuple[int, bytes]]:
        """The line number and the text of each row."""

    def as_rows(self) -> DayOfRows:
        """The day as one that further rows can be added to and rows be removed from."""


Key = tuple[int, date, int]  # premise, day, channel
Days = dict[Key, StagedDay]


@dataclass(slots=True)
class DayOfRows:
    """A StagedDay that was read row by row.

    Per slot: watt-hours in `wh`, and in `row_of` the line number and the text of its row, None if there is none.
    On the fall day the rows of the repeated hour wait in `repeated` for `place_repeated`; `rises` is how many more of
    its rows are later than the row before them than earlier.
    """

    esiid: str
    day: date
    channel: int
    revision_at: datetime
    slots: int
    est: int = 0
    wh: list[int | None] = field(init=False)
    row_of: list[tuple[int, bytes] | None] = field(init=False)
    repeated: list[RepeatedRow] = field(default_factory=list)
    last_label: int = -1
    rises: int = 0

    def __post_init__(self) -> None:
        self.wh = [None] * self.slots
        self.row_of = [None] * self.slots

    @property
    def present_mask(self) -> int:
        return sum(1 << slot for slot, row in enumerate(self.row_of) if row)

    @property
    def elements(self) -> bytes:
        return b"".join([NULL_ELEMENT if wh is None else ELEMENT.pack(4, wh) for wh in self.wh])

    def rows(self) -> Iterable[tuple[int, bytes]]:
        return filter(None, self.row_of)

    def as_rows(self) -> DayOfRows:
        return self

    def remove(self, slot: int) -> None:
        self.wh[slot], self.row_of[slot] = None, None
        self.est &= ~(1 << slot)

    def put(self, slot: int, wh: int | None, is_estimated: bool, row: tuple[int, bytes]) -> None:
        """Store a row's reading; InvalidRow if another row has another one. A blank row contradicts none."""
        if self.row_of[slot]:
            if wh is None or (wh, is_estimated) == (self.wh[slot], bool(self.est >> slot & 1)):
                return
            if self.wh[slot] is not None:
                raise InvalidRow(Reason.SECOND_VALUE)
        self.wh[slot], self.row_of[slot] = wh, row
        if is_estimated:
            self.est |= 1 << slot

    def is_repeated(self, label: int) -> bool:
        """Note the order of the fall day's rows; return whether `label` is one of the repeated hour."""
        self.rises += (label > self.last_label) - (label < self.last_label)
        self.last_label = label
        return label in REPEATED_LABELS

    def place_repeated(self, reject: Reject) -> None:
        """Store the rows of the repeated hour in their slots; call `reject` for those that have none."""
        slots = find_slots(self.repeated, is_descending=self.rises < 0)
        for row, slot in zip(self.repeated, slots, strict=True):
            if not row.is_valid:
                continue
            if slot is None:
                reject(row.number, Reason.REPEATED_HOUR, row.line)
                continue
            try:
                self.put(slot, row.wh, row.is_estimated, (row.number, row.line))
            except InvalidRow as invalid:
                reject(row.number, invalid.reason, row.line)
        self.repeated = []

    def continue_second_hour(self, present_mask: int) -> None:
        """Move rows to the second hour where the file had the first one before; `present_mask`: the slots it had."""
        for slot in REPEATED_LABELS[:4]:
            second = slot + 4
            row = self.row_of[slot]
            if row and present_mask >> slot & 1 and not (present_mask >> second & 1 or self.row_of[second]):
                self.put(second, self.wh[slot], bool(self.est >> slot & 1), row)
                self.remove(slot)


@dataclass(slots=True)
class PrintedDay:
    """A StagedDay that was read at once: `text` has the bytes that SMT prints for it, `lines` the number of each line.

    `irregular_rows` are those that differ from SMT's, by their index. They are in `text` but none of their content is
    in `est` and `elements`.
    """

    esiid: str
    day: date
    channel: int
    revision_at: datetime
    slots: int
    est: int
    elements: bytes
    text: bytes
    lines: Sequence[int]
    irregular_rows: dict[int, bytes]

    @property
    def present_mask(self) -> int:
        all_slots = ALL_SLOTS[self.slots]
        return all_slots & ~sum(1 << slot for slot in self._irregular_slots()) if self.irregular_rows else all_slots

    def rows(self) -> Iterable[tuple[int, bytes]]:
        texts = enumerate(self._texts())
        return ((self.lines[row], text) for row, text in texts if row not in self.irregular_rows)

    def irregular_lines(self) -> list[tuple[int, bytes]]:
        """Return the line number and the text of each irregular row."""
        return [(self.lines[row], text) for row, text in self.irregular_rows.items()]

    def as_rows(self) -> DayOfRows:
        day = DayOfRows(self.esiid, self.day, self.channel, self.revision_at, self.slots, self.est)
        texts = self._texts()
        day.wh = unpack_elements(self.elements)
        day.row_of = [(self.lines[row], texts[row]) for row in rows_of_slots(self.slots)]
        for slot in self._irregular_slots():
            day.remove(slot)
        return day

    def _texts(self) -> list[bytes]:
        """The text of every row, irregular ones included, without line ends."""
        texts = self.text.split(b"\n")[:-1]
        return [text.removesuffix(b"\r") for text in texts] if b"\r" in self.text else texts

    def _irregular_slots(self) -> list[int]:
        printed = SHAPES[self.slots].rows
        return [slot for slot in (printed[row].slot for row in self.irregular_rows) if slot is not None]


@cache
def rows_of_slots(slots: int) -> list[int]:
    """Return the index of the printed row of each slot."""
    rows = {printed.slot: row for row, printed in enumerate(SHAPES[slots].rows)}
    return [rows[slot] for slot in range(slots)]


def copy_row(premise_id: int, day: StagedDay) -> bytes:
    """Pack a row of binary COPY: premise_id, day, channel, revision_at, est, wh, present (NULL: all slots)."""
    elements, mask = day.elements, day.present_mask
    return b"".join(
        (
            _pack_key(7, premise_id, day, day.revision_at),
            _bytea(day.est, day.slots) if day.est else NULL_ELEMENT,
            _LENGTH.pack(HEAD.size + len(elements)),
            array_head(day.slots, may_have_null=True),
            elements,
            NULL_ELEMENT if mask == ALL_SLOTS[day.slots] else _bytea(mask, day.slots),
        )
    )


def copy_seen_row(premise_id: int, day: StagedDay, revision_at: datetime, present_mask: int, outcome: int) -> bytes:
    """Pack a row of binary COPY: premise_id, day, channel, revision_at, present, outcome."""
    return _pack_key(6, premise_id, day, revision_at) + _pack_outcome(present_mask, day.slots, outcome)


def _pack_key(fields: int, premise_id: int, day: StagedDay, revision_at: datetime) -> bytes:
    days = day.day.toordinal() - _EPOCH_DAY
    return _KEY.pack(fields, 4, premise_id, 4, days, 2, day.channel, 8, _microseconds(revision_at))


@lru_cache(maxsize=4096)
def _microseconds(revision_at: datetime) -> int:
    since_epoch = revision_at - _EPOCH
    return (since_epoch.days * 86_400 + since_epoch.seconds) * 1_000_000


@lru_cache(maxsize=64)
def _pack_outcome(present_mask: int, slots: int, outcome: int) -> bytes:
    return _bytea(present_mask, slots) + _OUTCOME.pack(2, outcome)


def _bytea(bits: int, slots: int) -> bytes:
    size = (slots + 7) // 8
    return _LENGTH.pack(size) + bits.to_bytes(size, "little")


def parse_watt_hours(kwh: bytes) -> int:
    """Return the watt-hours of a number of kWh without surrounding spaces; InvalidRow for anything else."""
    match = _NUMBER.fullmatch(kwh)
    if not match and (match := _LONG_NUMBER.fullmatch(kwh)):
        thousandths = float(match[2]) * 1000
        if abs(thousandths - round(thousandths)) > _EXACT:
            raise InvalidRow(Reason.KWH)
        carry, rest = divmod(round(thousandths), 1000)
        if len(match[1].lstrip(b"0")) > 4:
            raise InvalidRow(Reason.KWH_LIMIT)
        return parse_watt_hours(b"%d.%03d" % (int(match[1] or b"0") + carry, rest))
    if not match or kwh == b".":
        raise InvalidRow(Reason.KWH)
    whole, decimals = match[1] or b"0", match[2] or b""
    if len(whole.lstrip(b"0")) > 4 or (wh := int(whole) * 1000 + int(decimals.ljust(3, b"0"))) > _WH_LIMIT:
        raise InvalidRow(Reason.KWH_LIMIT)
    return wh

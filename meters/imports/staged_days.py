"""The readings that a file gives for one ESIID, day and direction, and their row of binary COPY."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Protocol

from meters.imports.results import InvalidRow, Reason
from meters.usage.days import SECOND_PASS, SECOND_PASS_BEGINS, SHAPES
from meters.usage.int4_array import ELEMENT, HEAD, NULL_ELEMENT, array_head, unpack_elements

_WH_LIMIT = 9_999_000
_NUMBER = re.compile(rb"(?=[.0-9])([0-9]*)(?:\.([0-9]{0,3}))?")

_KEY = struct.Struct(">hiiiiihiq")  # field count; premise_id, day, channel, revision_at, each after its length
_LENGTH = struct.Struct(">i")
ALL_SLOTS = {slots: (1 << slots) - 1 for slots in SHAPES}  # the present_mask of a complete day
_EPOCH_DAY, _EPOCH = date(2000, 1, 1), datetime(2000, 1, 1, tzinfo=UTC)


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


@dataclass(slots=True)
class DayOfRows:
    """A StagedDay that was read row by row.

    Per slot: watt-hours in `wh`, and in `row_of` the line number and the text of its row, None if there is none.
    """

    esiid: str
    day: date
    channel: int
    revision_at: datetime
    slots: int
    est: int = 0
    wh: list[int | None] = field(init=False)
    row_of: list[tuple[int, bytes] | None] = field(init=False)
    last_slot: int = -1
    is_second_pass: bool = False

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

    def fall_slot(self, slot: int) -> int:
        """Return `slot`, or its repetition if the row `02:00,01:15` came before or the times went back."""
        if slot == SECOND_PASS_BEGINS:
            self.is_second_pass = True
        elif slot in SECOND_PASS and (self.is_second_pass or slot < self.last_slot):
            self.is_second_pass = True
            slot = SECOND_PASS[slot]
        self.last_slot = slot
        return slot


@dataclass(slots=True)
class PrintedDay:
    """A StagedDay that was read at once: `text`, from line `first_line` on, has the bytes that SMT prints for it.

    `irregular_rows` are the indexes of rows that differ from SMT's. They are in `text` but none of their content is in
    `est` and `elements`.
    """

    esiid: str
    day: date
    channel: int
    revision_at: datetime
    slots: int
    est: int
    elements: bytes
    text: bytes
    first_line: int
    irregular_rows: tuple[int, ...] = ()

    @property
    def present_mask(self) -> int:
        all_slots = ALL_SLOTS[self.slots]
        return all_slots & ~sum(1 << slot for slot in self._irregular_slots()) if self.irregular_rows else all_slots

    def rows(self) -> Iterable[tuple[int, bytes]]:
        texts = enumerate(self._texts())
        return ((self.first_line + row, text) for row, text in texts if row not in self.irregular_rows)

    def irregular_lines(self) -> list[tuple[int, bytes]]:
        """Return the line number and the text of each irregular row."""
        texts = self._texts()
        return [(self.first_line + row, texts[row]) for row in self.irregular_rows]

    def as_rows(self) -> DayOfRows:
        day = DayOfRows(self.esiid, self.day, self.channel, self.revision_at, self.slots, self.est)
        texts = self._texts()
        day.wh = unpack_elements(self.elements)
        day.row_of = [(self.first_line + row, texts[row]) for row in rows_of_slots(self.slots)]
        day.last_slot, day.is_second_pass = self.slots - 1, True
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
    since_epoch = day.revision_at - _EPOCH
    revision_us = (since_epoch.days * 86_400 + since_epoch.seconds) * 1_000_000
    elements, mask = day.elements, day.present_mask
    return b"".join(
        (
            _KEY.pack(7, 4, premise_id, 4, (day.day - _EPOCH_DAY).days, 2, day.channel, 8, revision_us),
            _bytea(day.est, day.slots) if day.est else NULL_ELEMENT,
            _LENGTH.pack(HEAD.size + len(elements)),
            array_head(day.slots, may_have_null=True),
            elements,
            NULL_ELEMENT if mask == ALL_SLOTS[day.slots] else _bytea(mask, day.slots),
        )
    )


def _bytea(bits: int, slots: int) -> bytes:
    size = (slots + 7) // 8
    return _LENGTH.pack(size) + bits.to_bytes(size, "little")


def parse_watt_hours(kwh: bytes) -> int:
    """Return the watt-hours of a number of kWh without surrounding spaces; InvalidRow for anything else."""
    match = _NUMBER.fullmatch(kwh)
    if not match or kwh == b".":
        raise InvalidRow(Reason.KWH)
    whole, decimals = match[1] or b"0", match[2] or b""
    if len(whole.lstrip(b"0")) > 4 or (wh := int(whole) * 1000 + int(decimals.ljust(3, b"0"))) > _WH_LIMIT:
        raise InvalidRow(Reason.KWH_LIMIT)
    return wh

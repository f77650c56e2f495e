"""What a file says of one ESIID, day and direction, on its way into storage."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache

from meters.imports.results import Reason
from meters.usage.days import SECOND_PASS, SECOND_PASS_BEGINS, SHAPES
from meters.usage.int4_array import ELEMENT, HEAD, NULL_ELEMENT, head, of_elements

_KWH_LIMIT = 9_999_000  # watt-hours
_NUMBER = re.compile(rb"(?=[.0-9])([0-9]*)(?:\.([0-9]{0,3}))?")

_HEAD = struct.Struct(">hiiiiihiq")  # fields; premise_id, day, channel, revision_at, each after its length
_LENGTH = struct.Struct(">i")
_EPOCH_DAY, _EPOCH = date(2000, 1, 1), datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Block:
    """Rows that stood together in the file, read one by one.

    `wh` as in UsageDay; `est` and `given` have a bit per slot (slot i: bit i); `lines` is the line that gave each slot,
    0 where none did, and `texts` what it said.
    """

    esiid: str
    day: date
    channel: int
    revision_at: datetime
    slots: int
    wh: list[int | None] = field(init=False)
    lines: list[int] = field(init=False)
    texts: list[bytes] = field(init=False)
    est: int = 0
    last: int = -1
    second_pass: bool = False

    def __post_init__(self) -> None:
        self.wh = [None] * self.slots
        self.lines = [0] * self.slots
        self.texts = [b""] * self.slots

    @property
    def given(self) -> int:
        return sum(1 << slot for slot, line in enumerate(self.lines) if line)

    @property
    def whole(self) -> bool:
        """Whether the file gave every slot, be it a blank."""
        return 0 not in self.lines

    @property
    def elements(self) -> bytes:
        return b"".join([NULL_ELEMENT if wh is None else ELEMENT.pack(4, wh) for wh in self.wh])

    def rows(self) -> Iterator[tuple[int, bytes]]:
        """Line and text of each row."""
        return ((line, text) for line, text in zip(self.lines, self.texts, strict=True) if line)

    def by_slot(self) -> Block:
        return self

    def take_out(self, slot: int) -> None:
        self.wh[slot], self.lines[slot], self.texts[slot] = None, 0, b""
        self.est &= ~(1 << slot)

    def on_fall_day(self, slot: int) -> int:
        """`slot`, or its repetition an hour later: after the row `02:00,01:15`, or when the times went back."""
        if slot == SECOND_PASS_BEGINS:
            self.second_pass = True
        elif slot in SECOND_PASS and (self.second_pass or slot < self.last):
            self.second_pass = True
            slot = SECOND_PASS[slot]
        self.last = slot
        return slot


@dataclass(slots=True)
class WholeDay:
    """A day as SMT prints it, taken at once: `text`, from line `first_line` on, proven byte by byte.

    `strays` are the rows that are something else, counted from 0; nothing is known of their slots here.
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
    strays: tuple[int, ...] = ()

    @property
    def whole(self) -> bool:
        return not self.strays

    @property
    def given(self) -> int:
        """As a block's: a bit for each slot that the day's own rows gave."""
        return (1 << self.slots) - 1 & ~sum(1 << slot for slot in self._stray_slots())

    def rows(self) -> Iterator[tuple[int, bytes]]:
        """Line and text of each row but the strays."""
        return ((self.first_line + row, text) for row, text in enumerate(self._texts()) if row not in self.strays)

    def stray_rows(self) -> list[tuple[int, bytes]]:
        if not self.strays:  # most days, by far: they are not split into lines
            return []
        texts = self._texts()
        return [(self.first_line + row, texts[row]) for row in self.strays]

    def by_slot(self) -> Block:
        """The same, as if it had been read row by row."""
        block = self._behind_all_rows()
        block.est = self.est
        texts, rows = self._texts(), rows_of_slots(self.slots)
        block.wh = of_elements(self.elements)
        block.lines = [self.first_line + row for row in rows]
        block.texts = [texts[row] for row in rows]
        for slot in self._stray_slots():
            block.take_out(slot)
        return block

    def with_room(self) -> Block:
        """A block without readings that has room for another row where this day has: a row can be tried on it."""
        block = self._behind_all_rows()
        block.lines = [self.first_line] * self.slots
        for slot in self._stray_slots():
            block.lines[slot] = 0
        return block

    def _behind_all_rows(self) -> Block:
        block = Block(self.esiid, self.day, self.channel, self.revision_at, self.slots)
        block.last, block.second_pass = self.slots - 1, True
        return block

    def _texts(self) -> list[bytes]:
        """The rows, strays too, without line ends."""
        texts = self.text.split(b"\n")[:-1]
        return [text.removesuffix(b"\r") for text in texts] if b"\r" in self.text else texts

    def _stray_slots(self) -> list[int]:
        printed = SHAPES[self.slots].rows
        return [slot for slot in (printed[row].slot for row in self.strays) if slot is not None]


@cache
def rows_of_slots(slots: int) -> list[int]:
    """Which row of a day, counted from 0, prints each slot."""
    rows = {printed.slot: row for row, printed in enumerate(SHAPES[slots].rows)}
    return [rows[slot] for slot in range(slots)]


def staged(premise_id: int, block: Block | WholeDay) -> bytes:
    """The block as a row of binary COPY: premise_id, day, channel, revision_at, est, wh, given (NULL: all slots)."""
    since_epoch = block.revision_at - _EPOCH
    moment = (since_epoch.days * 86_400 + since_epoch.seconds) * 1_000_000
    elements = block.elements
    return b"".join(
        (
            _HEAD.pack(7, 4, premise_id, 4, (block.day - _EPOCH_DAY).days, 2, block.channel, 8, moment),
            _bytea(block.est, block.slots) if block.est else NULL_ELEMENT,
            _LENGTH.pack(HEAD.size + len(elements)),
            head(block.slots, may_have_null=True),
            elements,
            NULL_ELEMENT if block.whole else _bytea(block.given, block.slots),
        )
    )


def _bytea(bits: int, slots: int) -> bytes:
    size = (slots + 7) // 8
    return _LENGTH.pack(size) + bits.to_bytes(size, "little")


def watt_hours(kwh: bytes) -> int | Reason:
    """The watt-hours in a number of kWh without spaces around it."""
    found = _NUMBER.fullmatch(kwh)
    if not found or kwh == b".":
        return Reason.KWH
    whole, decimals = found[1] or b"0", found[2] or b""
    if len(whole.lstrip(b"0")) > 4:
        return Reason.KWH_LIMIT
    wh = int(whole) * 1000 + int(decimals.ljust(3, b"0"))
    return wh if wh <= _KWH_LIMIT else Reason.KWH_LIMIT

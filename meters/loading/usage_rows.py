"""Rows of a usage CSV -> blocks: the readings of one ESIID, day and direction, with every rule a row must pass (D2).

A `Dialect` is what differs between layouts: the header's names and how a date, a revision and a direction are written.
Storage and rules know nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from operator import itemgetter

from meters.days import CENTRAL, FALL, SECOND_PASS, SECOND_PASS_BEGINS, SHAPES, slots_on
from meters.identifiers import normal_esiid
from meters.interval_csv import COLUMNS
from meters.loading.files import Line, text_fields
from meters.loading.results import Reason
from meters.models import Channel
from meters.usage import FIRST_DAY, last_possible_day

Reject = Callable[[int, Reason], None]

_NO_SLOT = -1
_KWH_LIMIT = 9_999_000  # watt-hours
_KEPT_VALUES = 20_000
_NUMBER = re.compile(rb"(?=[.0-9])([0-9]*)(?:\.([0-9]{0,3}))?")
_TIME = re.compile(rb"([0-9]{1,2}):([0-9]{2})")
_US_DATE = re.compile(r"(?P<month>[0-9]{2})/(?P<day>[0-9]{2})/(?P<year>[0-9]{4})")
_US_MOMENT = re.compile(_US_DATE.pattern + r" (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})")


@dataclass
class Block:
    """The rows of one ESIID, day and direction that stood together in the file.

    `wh` as in UsageDay; `est` and `given` have a bit per slot (slot i: bit i); `lines` is the line that gave each slot.
    """

    esiid: str
    day: date
    channel: int
    revision_at: datetime
    slots: int
    wh: list[int | None] = field(init=False)
    lines: list[int] = field(init=False)
    est: int = 0
    last: int = -1
    second_pass: bool = False

    def __post_init__(self) -> None:
        self.wh = [None] * self.slots
        self.lines = [0] * self.slots

    @property
    def given(self) -> int:
        return sum(1 << slot for slot, line in enumerate(self.lines) if line)

    @property
    def whole(self) -> bool:
        """Whether the file gave every slot, be it a blank."""
        return 0 not in self.lines

    def take_out(self, slot: int) -> None:
        self.wh[slot], self.lines[slot] = None, 0
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


@dataclass(frozen=True)
class Dialect:
    """A layout. The readers give a value or the reason why the text is none; texts come without surrounding spaces."""

    name: str
    columns: frozenset[str]
    day: Callable[[str], date | Reason]
    revision: Callable[[str], datetime | Reason]
    directions: dict[str, int]


def _us_day(text: str) -> date | Reason:
    found = _US_DATE.fullmatch(text)
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"])) if found else Reason.DATE
    except ValueError:
        return Reason.DATE


def _us_moment(text: str) -> datetime | Reason:
    """A Central time. In the repeated hour the first pass is meant: nothing in the file tells."""
    found = _US_MOMENT.fullmatch(text)
    if not found:
        return Reason.REVISION
    parts = ("year", "month", "day", "hour", "minute", "second")
    try:
        moment = datetime(*(int(found[part]) for part in parts), tzinfo=CENTRAL)  # type: ignore[misc, arg-type]
    except ValueError:
        return Reason.REVISION
    return moment.astimezone(UTC) if FIRST_DAY <= moment.date() <= last_possible_day() else Reason.DATE_LIMITS


DIALECTS = (
    Dialect(
        name="Smart Meter Texas, 15 minutes",
        columns=frozenset(COLUMNS),
        day=_us_day,
        revision=_us_moment,
        directions={
            "Consumption": Channel.CONSUMPTION.value,
            "Surplus Generation": Channel.SURPLUS_GENERATION.value,
            "SurplusGeneration": Channel.SURPLUS_GENERATION.value,
        },
    ),
)


def dialect_of(names: list[str]) -> Dialect | None:
    """The layout whose header has these names, in any order."""
    if len(set(names)) != len(names):
        return None
    return next((dialect for dialect in DIALECTS if dialect.columns == set(names)), None)


# (start, end) as printed -> slot, by the number of slots of the day.
_SLOTS = {
    slots: {
        (row.start.encode(), row.end.encode()): _NO_SLOT if row.slot is None else row.slot
        for row in reversed(shape.rows)  # the first pass of a label that comes twice
    }
    for slots, shape in SHAPES.items()
}


class RowReader:
    """Reads the rows of one file. `reject(line, reason)` is told of each row that breaks a rule."""

    def __init__(self, names: list[str], dialect: Dialect, reject: Reject) -> None:
        self.dialect = dialect
        self.reject = reject
        self._header = [name.encode() for name in names]
        self.rows = 0
        self.blocks: dict[tuple[str, date, int], Block] = {}
        self._revisions: dict[tuple[str, date], datetime] = {}
        self._values: dict[bytes, int | Reason] = {}
        at = names.index
        self._head = itemgetter(at(COLUMNS[0]), at(COLUMNS[1]), at(COLUMNS[2]), at(COLUMNS[7]))
        self._times = itemgetter(at(COLUMNS[3]), at(COLUMNS[4]))
        self._reading = itemgetter(at(COLUMNS[5]), at(COLUMNS[6]))

    def batches(self, numbered: Iterator[Line], blocks: int, rows: int) -> Iterator[list[Block]]:
        """The file's blocks, about `blocks` at a time, cut where one day ends; never more than `rows` rows."""
        last_head: tuple[bytes, ...] = ()
        block: Block | Reason = Reason.COLUMNS
        in_batch = 0
        for number, line in numbered:
            if in_batch >= rows:  # hardly a row of these was good
                yield self._take()
                in_batch, last_head = 0, ()
            if not line and line is not None:
                continue
            in_batch += 1
            self.rows += 1
            fields = self._fields(line)
            if isinstance(fields, Reason):
                self.reject(number, fields)
                continue
            head = self._head(fields)
            if head != last_head:
                if self._is_header(fields):  # files that were joined
                    self.rows -= 1
                    continue
                if len(self.blocks) >= blocks and head[:2] != last_head[:2]:
                    yield self._take()
                    in_batch = 1
                block, last_head = self._block(head), head
            if isinstance(block, Reason):
                self.reject(number, block)
            elif reason := self._put(block, number, fields):
                self.reject(number, reason)
        yield self._take()

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

    def _take(self) -> list[Block]:
        blocks = [block for block in self.blocks.values() if any(block.lines)]
        self.blocks, self._revisions = {}, {}
        return blocks

    def _block(self, head: tuple[bytes, ...]) -> Block | Reason:
        try:
            typed_esiid, typed_day, typed_revision, direction = (field.decode().strip() for field in head)
        except UnicodeDecodeError:
            return Reason.NOT_TEXT
        esiid = normal_esiid(typed_esiid)
        if esiid is None:
            return Reason.ESIID
        day = self.dialect.day(typed_day)
        if isinstance(day, Reason):
            return day
        if not FIRST_DAY <= day <= last_possible_day():
            return Reason.DATE_LIMITS
        revision_at = self.dialect.revision(typed_revision)
        if isinstance(revision_at, Reason):
            return revision_at
        channel = self.dialect.directions.get(direction)
        if channel is None:
            return Reason.DIRECTION
        if self._revisions.setdefault((esiid, day), revision_at) != revision_at:
            return Reason.SECOND_REVISION
        block = self.blocks.get((esiid, day, channel))
        if block is None:
            block = self.blocks[esiid, day, channel] = Block(esiid, day, channel, revision_at, slots_on(day))
        return block

    def _put(self, block: Block, number: int, fields: list[bytes]) -> Reason | None:
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
        block.lines[slot] = number
        return None

    def _value(self, kwh: bytes) -> int | Reason:
        value = _watt_hours(kwh)
        if len(self._values) < _KEPT_VALUES:
            self._values[kwh] = value
        return value


def _watt_hours(kwh: bytes) -> int | Reason:
    found = _NUMBER.fullmatch(kwh)
    if not found or kwh == b".":
        return Reason.KWH
    whole, decimals = found[1] or b"0", found[2] or b""
    if len(whole.lstrip(b"0")) > 4:
        return Reason.KWH_LIMIT
    wh = int(whole) * 1000 + int(decimals.ljust(3, b"0"))
    return wh if wh <= _KWH_LIMIT else Reason.KWH_LIMIT


def _why_no_slot(start: bytes, end: bytes) -> Reason:
    """Why these labels name no interval of the day."""
    if any((start, end) in slots for slots in _SLOTS.values()):
        return Reason.NO_SUCH_TIME
    for text in (start, end):
        found = _TIME.fullmatch(text)
        if not found or int(found[1]) > 23 or int(found[2]) > 59:
            return Reason.TIME
    return Reason.OFF_QUARTER

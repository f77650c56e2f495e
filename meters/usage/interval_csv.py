"""SMT's 15-minute CSV, byte for byte (R3, docs/file-formats.md). Written here and nowhere else.

A day is one `%` of a template that is made once per shape and direction: the year's 35,040 lines take about ten
milliseconds, a hundredth of what a line at a time costs.

The clean variant has SMT's eight columns and three more: the interval's start in UTC, the offset of Central time from
UTC at that moment, and the day in ISO form. It leaves out the four rows of the spring day that never happened, so that
every row is one moment and every moment one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from meters.models import FlowDirection
from meters.usage.days import CENTRAL, CLOCKS_CHANGE, INTERVAL, ORDINARY, SHAPES, day_start, slots_on
from meters.usage.reader import UNDATED

COLUMNS = (
    "ESIID",
    "USAGE_DATE",
    "REVISION_DATE",
    "USAGE_START_TIME",
    "USAGE_END_TIME",
    "USAGE_KWH",
    "ESTIMATED_ACTUAL",
    "CONSUMPTION_SURPLUSGENERATION",
)
HEADER = ",".join(COLUMNS).encode() + b"\n"
CLEAN_COLUMNS = (*COLUMNS, "START_UTC", "UTC_OFFSET", "USAGE_DATE_ISO")
CLEAN_HEADER = ",".join(CLEAN_COLUMNS).encode() + b"\n"

# Words of the file, not of the page: never translated.
CHANNEL_LABELS = {
    FlowDirection.CONSUMPTION.value: b"Consumption",
    FlowDirection.SURPLUS_GENERATION.value: b"Surplus Generation",
}

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_KEPT_TEXTS = 10_000  # a house on a hot day: 10 kWh in a quarter hour


def kwh_text(wh: int) -> str:
    """Watt-hours as SMT prints kWh: `.145` `.14` `.1` `1` `1.234` `0`."""
    whole, thousandths = divmod(wh, 1000)
    if not thousandths:
        return str(whole)
    return f"{whole or ''}.{thousandths:03}".rstrip("0")


class _Texts(dict[int | None, bytes]):
    """A slot's watt-hours -> its kWh and flag columns; None is a missing interval, blank in both."""

    def __init__(self, flag: str) -> None:
        super().__init__({None: b","})
        self.flag = flag

    def __missing__(self, wh: int | None) -> bytes:
        assert wh is not None
        text = f"{kwh_text(wh)},{self.flag}".encode()
        if wh < _KEPT_TEXTS:
            self[wh] = text
        return text


_ACTUAL, _ESTIMATED = _Texts("A"), _Texts("E")


def day_template(slots: int, begin: bytes, tail: bytes, lead: bytes = b"") -> bytes:
    """The rows of a day, with `%b` for kWh and flag of each slot.

    `begin` begins each row, its ESIID, date and revision; `tail` ends it, its direction and line end; `lead` stands
    before each time, where a layout has a space there.
    """
    return begin.join(_after_beginnings(slots, tail, lead))


@lru_cache(maxsize=64)
def _after_beginnings(slots: int, tail: bytes, lead: bytes) -> list[bytes]:
    rows = (
        b"%b%b,%b%b,%b%b"
        % (lead, row.start.encode(), lead, row.end.encode(), b"," if row.slot is None else b"%b", tail)
        for row in SHAPES[slots].rows
    )
    return [b"", *rows]


_TAILS = {channel: b",%b\n" % label for channel, label in CHANNEL_LABELS.items()}


def revision_text(revision_at: datetime) -> str:
    """The moment as SMT prints it, Central; nothing where the readings came without a revision."""
    if revision_at == UNDATED:
        return ""
    at = revision_at.astimezone(CENTRAL).isoformat(" ", "seconds")
    return f"{at[5:7]}/{at[8:10]}/{at[:4]} {at[11:19]}"


def _beginning(esiid: str, day: date, revision_at: datetime) -> bytes:
    on = day.isoformat()
    return f"'{esiid},{on[5:7]}/{on[8:]}/{on[:4]},{revision_text(revision_at)},".encode()


def _texts(wh: Sequence[int | None], est: bytes | None) -> Iterable[bytes]:
    if est is None:
        return map(_ACTUAL.__getitem__, wh)
    bits = int.from_bytes(est, "little")
    return ((_ESTIMATED if bits >> slot & 1 else _ACTUAL)[value] for slot, value in enumerate(wh))


def render_day(
    esiid: str, day: date, revision_at: datetime, channel: int, wh: Sequence[int | None], est: bytes | None
) -> bytes:
    """The printed rows of one day and direction, each ended by LF; the same bytes for the same usage, always (R3).

    `wh` has a value of watt-hours per slot of the day, None where none was read; `est` as in UsageDay. ValueError if
    `wh` has not as many slots as the day.
    """
    _check_slots(day, wh)
    return day_template(len(wh), _beginning(esiid, day, revision_at), _TAILS[channel]) % tuple(_texts(wh, est))


@lru_cache(maxsize=16)
def _clean_template(slots: int, channel: int, offset: timedelta) -> bytes:
    """The rows of days that begin at `offset` from UTC: `@` stands for their common beginning, `%b` for kWh and flag of
    each slot, `&` for the day in ISO form, `#` and `$` for the UTC dates on which it begins and ends."""
    label = CHANNEL_LABELS[channel]
    lines = []
    for row in SHAPES[slots].rows:
        if row.slot is None:
            continue
        days, minutes = divmod((row.slot * INTERVAL - offset) // _MINUTE, 24 * 60)
        now = offset if row.slot < CLOCKS_CHANGE else offset + (ORDINARY - slots) * INTERVAL
        utc = f"{'$' if days else '#'}T{minutes // 60:02}:{minutes % 60:02}:00Z,-{-now // _HOUR:02}:00,&".encode()
        lines.append(b"@%b,%b,%%b,%b,%b\n" % (row.start.encode(), row.end.encode(), label, utc))
    return b"".join(lines)


def render_clean_day(
    esiid: str, day: date, revision_at: datetime, channel: int, wh: Sequence[int | None], est: bytes | None
) -> bytes:
    """As `render_day`, in the clean variant: a row for each slot that the day really had, with its start in UTC."""
    _check_slots(day, wh)
    begin = day_start(day)
    offset = begin.astimezone(CENTRAL).utcoffset()
    assert offset is not None
    rows = _clean_template(len(wh), channel, offset)
    for sign, text in (
        (b"&", day.isoformat()),
        (b"#", begin.date().isoformat()),
        (b"$", (begin.date() + timedelta(days=1)).isoformat()),
    ):
        rows = rows.replace(sign, text.encode())
    return rows.replace(b"@", _beginning(esiid, day, revision_at)) % tuple(_texts(wh, est))


def _check_slots(day: date, wh: Sequence[int | None]) -> None:
    if len(wh) != slots_on(day):
        raise ValueError(f"{day} has {slots_on(day)} quarter hours, not {len(wh)}.")

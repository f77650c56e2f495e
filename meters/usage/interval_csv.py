"""SMT's 15-minute CSV, byte for byte (R3, docs/file-formats.md). All such files are written here.

A day is one `%` of a template that is made once per shape and direction. So a year of 35,040 lines takes about ten
milliseconds, a hundredth of what writing line by line takes.

The clean variant has three more columns: the interval's start in UTC, the UTC offset of Central time at that moment,
and the day in ISO form. It leaves out the four rows of the spring day that do not exist, so that each row is a distinct
moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from lib.central_time import CENTRAL, ONE_DAY
from meters.models import FlowDirection
from meters.usage.days import CLOCKS_CHANGE, INTERVAL, ORDINARY, SHAPES, day_start, slots_on
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

# Part of the file format, so never translated.
CHANNEL_LABELS = {
    FlowDirection.CONSUMPTION.value: b"Consumption",
    FlowDirection.SURPLUS_GENERATION.value: b"Surplus Generation",
}

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_CACHED_WH = 10_000  # a house on a hot day uses 10 kWh in a quarter hour


def format_kwh(wh: int) -> str:
    """Format watt-hours as SMT prints kWh: `.145` `.14` `.1` `1` `1.234` `0`."""
    whole, thousandths = divmod(wh, 1000)
    if not thousandths:
        return str(whole)
    return f"{whole or ''}.{thousandths:03}".rstrip("0")


class _PrintedReadings(dict[Any, bytes]):
    """A slot's watt-hours -> its kWh and flag columns, both blank for None."""

    def __init__(self, flag: str) -> None:
        super().__init__({None: b","})
        self.flag = flag

    def __missing__(self, wh: int) -> bytes:
        text = f"{format_kwh(wh)},{self.flag}".encode()
        if wh < _CACHED_WH:
            self[wh] = text
        return text


_ACTUAL, _ESTIMATED = _PrintedReadings("A"), _PrintedReadings("E")


def day_template(slots: int, begin: bytes, tail: bytes, lead: bytes = b"") -> bytes:
    """Return the rows of a day, with `%b` for kWh and flag of each slot.

    Each row has `begin` (ESIID, date, revision) before its times, `lead` before each time, and `tail` (direction and
    line end) after its flag.
    """
    return begin.join(_rows_without_begin(slots, tail, lead))


@lru_cache(maxsize=64)
def _rows_without_begin(slots: int, tail: bytes, lead: bytes) -> list[bytes]:
    rows = (
        b"%b%b,%b%b,%b%b"
        % (lead, row.start.encode(), lead, row.end.encode(), b"," if row.slot is None else b"%b", tail)
        for row in SHAPES[slots].rows
    )
    return [b"", *rows]


_TAILS = {channel: b",%b\n" % label for channel, label in CHANNEL_LABELS.items()}


def format_revision(revision_at: datetime) -> str:
    """Format the moment in Central time as SMT does; empty for UNDATED."""
    if revision_at == UNDATED:
        return ""
    at = revision_at.astimezone(CENTRAL).isoformat(" ", "seconds")
    return f"{at[5:7]}/{at[8:10]}/{at[:4]} {at[11:19]}"


def _row_begin(esiid: str, day: date, revision_at: datetime) -> bytes:
    on = day.isoformat()
    return f"'{esiid},{on[5:7]}/{on[8:]}/{on[:4]},{format_revision(revision_at)},".encode()


def _print_readings(day: date, wh: Sequence[int | None], est: bytes | None) -> tuple[bytes, ...]:
    """Return kWh and flag of each slot. ValueError if `wh` has another number of slots than the day."""
    if len(wh) != slots_on(day):
        raise ValueError(f"{day} has {slots_on(day)} quarter hours, not {len(wh)}.")
    if est is None:
        return tuple(map(_ACTUAL.__getitem__, wh))
    bits = int.from_bytes(est, "little")
    return tuple((_ESTIMATED if bits >> slot & 1 else _ACTUAL)[value] for slot, value in enumerate(wh))


def render_day(
    esiid: str, day: date, revision_at: datetime, channel: int, wh: Sequence[int | None], est: bytes | None
) -> bytes:
    """Print one day and direction; the same usage always gives the same bytes (R3).

    `wh` has watt-hours per slot, None where none was read; `est` as in UsageDay. ValueError if `wh` has another number
    of slots than the day.
    """
    readings = _print_readings(day, wh, est)
    return day_template(len(wh), _row_begin(esiid, day, revision_at), _TAILS[channel]) % readings


@lru_cache(maxsize=16)
def _clean_template(slots: int, channel: int, offset: timedelta) -> bytes:
    """Return the rows of days that start at `offset` from UTC.

    `@` is the placeholder of their common begin, `%b` of kWh and flag, `&` of the day in ISO form, `#` and `$` of the
    UTC dates on which the day starts and ends.
    """
    label = CHANNEL_LABELS[channel]
    lines = []
    for row in SHAPES[slots].rows:
        if row.slot is None:
            continue
        days, minutes = divmod((row.slot * INTERVAL - offset) // _MINUTE, 24 * 60)
        utc_offset = offset if row.slot < CLOCKS_CHANGE else offset + (ORDINARY - slots) * INTERVAL
        start = f"{'$' if days else '#'}T{minutes // 60:02}:{minutes % 60:02}:00Z"
        utc = f"{start},-{-utc_offset // _HOUR:02}:00,&".encode()
        lines.append(b"@%b,%b,%%b,%b,%b\n" % (row.start.encode(), row.end.encode(), label, utc))
    return b"".join(lines)


def render_clean_day(
    esiid: str, day: date, revision_at: datetime, channel: int, wh: Sequence[int | None], est: bytes | None
) -> bytes:
    """Print one day and direction in the clean variant: a row for each slot of the day, with its start in UTC."""
    readings = _print_readings(day, wh, est)
    start = day_start(day)
    rows = _clean_template(len(wh), channel, datetime(day.year, day.month, day.day, tzinfo=UTC) - start)
    for placeholder, text in (
        (b"&", day.isoformat()),
        (b"#", start.date().isoformat()),
        (b"$", (start.date() + ONE_DAY).isoformat()),
    ):
        rows = rows.replace(placeholder, text.encode())
    return rows.replace(b"@", _row_begin(esiid, day, revision_at)) % readings

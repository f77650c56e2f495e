"""Read a report's stored file back: the same readings for every other format, whatever is loaded later (R8).

Only files that csv_layouts wrote are read here. Files of others are read by meters/imports.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from agreements.models import ReportType
from lib.central_time import CENTRAL
from meters.usage.days import CLOCKS_CHANGE, SPRING, slots_on
from meters.usage.interval_csv import CHANNEL_LABELS
from meters.usage.reader import UNDATED, DayReadings
from reports.gzip_stream import decompress
from reports.usage_totals import UsageTotal

_CHANNELS = {label: channel for channel, label in CHANNEL_LABELS.items()}
_TIMES = len(b"00:00,00:15,")
_FIRST_TIMES = b",00:00,00:15,"  # once per day and direction
_BLANK_ROWS = slice(CLOCKS_CHANGE, CLOCKS_CHANGE + 4)  # of the spring day: the hour that does not exist
_CACHED_WH = 10_000


class _ReadReadings(dict[bytes, int | None]):
    """The end of a 15-minute row, from its kWh on -> watt-hours, None for a blank one."""

    def __missing__(self, row_end: bytes) -> int | None:
        kwh = row_end[: row_end.index(b",")].decode()
        wh = parse_kwh(kwh) if kwh else None
        if wh is None or wh < _CACHED_WH:
            self[row_end] = wh
        return wh


_READINGS = _ReadReadings()


def parse_kwh(text: str) -> int:
    """Return the watt-hours that format_kwh printed."""
    whole, _point, thousandths = text.partition(".")
    return int(whole or 0) * 1000 + int(thousandths.ljust(3, "0"))


def read_days(gzipped: bytes, channel: int | None = None) -> Iterator[DayReadings]:
    """Yield the days of a stored 15-minute file as stream_usage yielded them, of one direction if `channel` is given.

    A revision in the hour that the fall day repeats is taken as one of the first of the two hours.
    """
    for rows in _day_blocks(gzipped):
        esiid, day_text, revision, _rest = rows.split(b",", 3)
        label = rows[rows.rindex(b",", 0, -1) + 1 : -1]
        row_channel = _CHANNELS[label]
        if channel not in (None, row_channel):
            continue
        row_begin = b"%b,%b,%b," % (esiid, day_text, revision)
        row_ends = rows.split(row_begin)[1:]
        day = _parse_day(day_text.decode())
        if slots_on(day) == SPRING:
            del row_ends[_BLANK_ROWS]
        est = None
        if b",E," in rows:
            bits = sum(1 << slot for slot, row_end in enumerate(row_ends) if b",E," in row_end)
            est = bits.to_bytes((len(row_ends) + 7) // 8, "little")
        wh = [_READINGS[row_end[_TIMES:]] for row_end in row_ends]
        yield DayReadings(day, row_channel, _parse_revision(revision.decode()), est, wh)


def _day_blocks(gzipped: bytes) -> Iterator[bytes]:
    """Yield the rows of each day and direction."""
    rest, has_header = b"", True
    for chunk in decompress(gzipped):
        rest += chunk
        begin = rest.index(b"\n") + 1 if has_header else 0
        has_header = False
        # A block ends where the next one has its first row.
        while (next_row := rest.find(_FIRST_TIMES, begin + 100)) > 0:
            end = rest.rindex(b"\n", begin, next_row) + 1
            yield rest[begin:end]
            begin = end
        rest = rest[begin:]
    if rest:
        yield rest


def read_totals(gzipped: bytes, report_type: str, channel: int | None) -> Iterator[UsageTotal]:
    """Yield the rows of a stored daily or monthly file, of one direction if `channel` is given."""
    is_monthly = report_type == ReportType.MONTHLY
    text = b"".join(decompress(gzipped)).decode()  # a row per day or month at most
    for line in text.splitlines()[1:]:
        if is_monthly:
            _esiid, first, last, revision, kwh, kw, flag, direction, expected, present = line.split(",")
        else:
            _esiid, first, revision, _start, _end, kwh, flag, direction, expected, present = line.split(",")
            last, kw = first, ""
        row_channel = _CHANNELS[direction.encode()]
        if channel in (None, row_channel):
            yield UsageTotal(
                first=_parse_day(first),
                last=_parse_day(last),
                channel=row_channel,
                revision_at=_parse_revision(revision),
                wh=parse_kwh(kwh),
                peak_w=parse_kwh(kw) if kw else None,
                is_estimated=flag == "E",
                expected=int(expected),
                present=int(present),
            )


def _parse_day(text: str) -> date:
    return date(int(text[6:]), int(text[:2]), int(text[3:5]))


def _parse_revision(text: str) -> datetime:
    if not text:
        return UNDATED
    at = datetime.fromisoformat(f"{text[6:10]}-{text[:2]}-{text[3:5]}T{text[11:]}")
    return at.replace(tzinfo=CENTRAL).astimezone(UTC)

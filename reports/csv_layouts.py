"""The CSV layouts of FORMATS.md: the same stream of days, written by interval, by day or by month (R3).

Every layout is bytes out of `DayReadings`s in constant memory: nothing here holds more than two days or two months.
A layout that the form may offer stands in LAYOUTS, and nowhere else.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from agreements.models import ReportType
from meters.usage import interval_csv
from meters.usage.interval_csv import CHANNEL_LABELS, kwh_text
from meters.usage.reader import DayReadings
from reports.coverage import estimated_slots
from reports.period import Period

DAILY_HEADER = (
    b"ESIID,USAGE_DATE,REVISION_DATE,START_READING,END_READING,USAGE_KWH,ESTIMATED_ACTUAL,"
    b"CONSUMPTION_SURPLUSGENERATION\n"
)
MONTHLY_HEADER = (
    b"ESIID,START_DATE,END_DATE,REVISION_DATE,ACTUAL_KWH,METERED_KW,ESTIMATED_ACTUAL,CONSUMPTION_SURPLUSGENERATION\n"
)
# Kilowatts of a 15-minute interval are four times its kilowatt-hours.
INTERVALS_PER_HOUR = 4


class Layout(NamedTuple):
    """`slug` stands in the file's name; `rows(esiid, period, days)` yields blocks of whole lines."""

    slug: str
    header: bytes
    rows: Callable[[str, Period, Iterable[DayReadings]], Iterator[bytes]]


def layout_of(report_type: str, *, with_utc: bool = False) -> Layout:
    """The layout of a value of ReportType; `with_utc`: its clean variant, which only intervals have."""
    assert not with_utc or report_type == ReportType.INTERVAL  # the constraint utc_columns_only_for_intervals
    return CLEAN if with_utc else LAYOUTS[report_type]


def csv_chunks(layout: Layout, esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """The whole file in chunks, the header first. `days` are those of `period`, ordered by day, then channel."""
    yield layout.header
    yield from layout.rows(esiid, period, days)


def interval_rows(esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """One row per 15 minutes, byte for byte as Smart Meter Texas shows it."""
    for usage in days:
        yield interval_csv.render_day(esiid, usage.day, usage.revision_at, usage.channel, usage.wh, usage.est)


def clean_interval_rows(esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """One row per 15 minutes that really were, each also with its start in UTC."""
    for usage in days:
        yield interval_csv.render_clean_day(esiid, usage.day, usage.revision_at, usage.channel, usage.wh, usage.est)


def daily_rows(esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """One row per day and direction. No register readings are loaded: START_READING and END_READING stay blank."""
    for usage in days:
        total = _Total(usage.channel)
        total.add(usage)
        yield (f"'{esiid},{_date(usage.day)},{total.revision},,,{total.kwh},{total.flag},{total.direction}\n").encode()


def monthly_rows(esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """One row per calendar month, or part of one in the period, and direction; none where the month has no data."""
    month: date | None = None
    totals: dict[int, _Total] = {}

    def flush() -> Iterator[bytes]:
        for channel in sorted(totals):
            assert month is not None
            total = totals[channel]
            first = max(month, period.first)
            last = min(month.replace(day=monthrange(month.year, month.month)[1]), period.last)
            yield (
                f"'{esiid},{_date(first)},{_date(last)},{total.revision},{total.kwh},{total.kw},{total.flag},"
                f"{total.direction}\n"
            ).encode()

    for usage in days:
        if usage.day.replace(day=1) != month:
            yield from flush()
            month, totals = usage.day.replace(day=1), {}
        totals.setdefault(usage.channel, _Total(usage.channel)).add(usage)
    yield from flush()


LAYOUTS: dict[str, Layout] = {
    ReportType.INTERVAL: Layout("15min", interval_csv.HEADER, interval_rows),
    ReportType.DAILY: Layout("daily", DAILY_HEADER, daily_rows),
    ReportType.MONTHLY: Layout("monthly", MONTHLY_HEADER, monthly_rows),
}
CLEAN = Layout("15min-utc", interval_csv.CLEAN_HEADER, clean_interval_rows)


@dataclass
class _Total:
    """Several days of one direction as one row: kWh and flag are blank where nothing was read at all."""

    channel: int
    wh: int = 0
    peak_wh: int | None = None  # None: nothing was read
    has_estimated: bool = False
    revision_at: datetime | None = None

    def add(self, usage: DayReadings) -> None:
        read = [wh for wh in usage.wh if wh is not None]
        self.wh += sum(read)
        self.peak_wh = max(read + [self.peak_wh or 0]) if read else self.peak_wh
        self.has_estimated = self.has_estimated or any(estimated_slots(usage))
        self.revision_at = max(usage.revision_at, self.revision_at or usage.revision_at)

    @property
    def kwh(self) -> str:
        return "" if self.peak_wh is None else kwh_text(self.wh)

    @property
    def kw(self) -> str:
        return "" if self.peak_wh is None else kwh_text(self.peak_wh * INTERVALS_PER_HOUR)

    @property
    def flag(self) -> str:
        return "" if self.peak_wh is None else "E" if self.has_estimated else "A"

    @property
    def revision(self) -> str:
        return interval_csv.revision_text(self.revision_at) if self.revision_at else ""

    @property
    def direction(self) -> str:
        return CHANNEL_LABELS[self.channel].decode()


def _date(day: date) -> str:
    return f"{day:%m/%d/%Y}"

"""The CSV layouts of a report: the same days written by interval, by day or by month (R3).

Each layout turns `DayReadings` into bytes in constant memory: at most two days or two months at a time. LAYOUTS lists
every layout that the form offers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from agreements.models import ReportType
from lib.central_time import last_of_month
from meters.usage import interval_csv
from meters.usage.interval_csv import CHANNEL_LABELS, format_kwh, format_revision
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
INTERVALS_PER_HOUR = 4  # the kilowatts of an interval are four times its kilowatt-hours


class CsvLayout(NamedTuple):
    """`slug` is part of the file's name; `rows(esiid, period, days)` yields blocks of complete lines."""

    slug: str
    header: bytes
    rows: Callable[[str, Period, Iterable[DayReadings]], Iterator[bytes]]


def csv_layout(report_type: str, *, with_utc: bool = False) -> CsvLayout:
    """Return the layout of a value of ReportType; `with_utc`: its clean variant, which only intervals have."""
    assert not with_utc or report_type == ReportType.INTERVAL  # the constraint utc_columns_only_for_intervals
    return CLEAN_LAYOUT if with_utc else LAYOUTS[report_type]


def csv_chunks(layout: CsvLayout, esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """Yield the whole file in chunks, the header first. `days` are those of `period`, ordered by day, then channel."""
    yield layout.header
    yield from layout.rows(esiid, period, days)


def interval_rows(esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """Yield one row per 15 minutes, byte for byte as Smart Meter Texas prints it."""
    for usage in days:
        yield interval_csv.render_day(esiid, usage.day, usage.revision_at, usage.channel, usage.wh, usage.est)


def clean_interval_rows(esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """Yield one row per 15 minutes that exist on the clock, each also with its start in UTC."""
    for usage in days:
        yield interval_csv.render_clean_day(esiid, usage.day, usage.revision_at, usage.channel, usage.wh, usage.est)


def daily_rows(esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """Yield one row per day and direction. No register readings are loaded: their two columns stay blank."""
    for usage in days:
        total = RowTotal(usage.channel)
        total.add(usage)
        revision, kwh, _kw, flag, direction = total.cells
        yield f"'{esiid},{_us_date(usage.day)},{revision},,,{kwh},{flag},{direction}\n".encode()


def monthly_rows(esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """Yield one row per calendar month of the period, or its part, and direction; none for a month without data."""
    for month, month_days in groupby(days, lambda usage: usage.day.replace(day=1)):
        totals: dict[int, RowTotal] = {}
        for usage in month_days:
            totals.setdefault(usage.channel, RowTotal(usage.channel)).add(usage)
        first, last = max(month, period.first), min(last_of_month(month), period.last)
        for _channel, total in sorted(totals.items()):
            yield f"'{esiid},{_us_date(first)},{_us_date(last)},{','.join(total.cells)}\n".encode()


LAYOUTS: dict[str, CsvLayout] = {
    ReportType.INTERVAL: CsvLayout("15min", interval_csv.HEADER, interval_rows),
    ReportType.DAILY: CsvLayout("daily", DAILY_HEADER, daily_rows),
    ReportType.MONTHLY: CsvLayout("monthly", MONTHLY_HEADER, monthly_rows),
}
CLEAN_LAYOUT = CsvLayout("15min-utc", interval_csv.CLEAN_HEADER, clean_interval_rows)


@dataclass
class RowTotal:
    """Several days of one direction as one row."""

    channel: int
    wh: int = 0
    peak_wh: int | None = None  # None: no reading at all
    has_estimated: bool = False
    revision_at: datetime | None = None

    def add(self, usage: DayReadings) -> None:
        readings = [wh for wh in usage.wh if wh is not None]
        if readings:
            self.wh += sum(readings)
            self.peak_wh = max(*readings, self.peak_wh or 0)
            self.has_estimated = self.has_estimated or any(estimated_slots(usage))
        self.revision_at = max(usage.revision_at, self.revision_at or usage.revision_at)

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """Revision, kWh, highest kW, flag and direction; kWh, kW and flag are blank without any reading."""
        revision = format_revision(self.revision_at) if self.revision_at else ""
        direction = CHANNEL_LABELS[self.channel].decode()
        if self.peak_wh is None:
            return revision, "", "", "", direction
        kw = format_kwh(self.peak_wh * INTERVALS_PER_HOUR)
        return revision, format_kwh(self.wh), kw, "E" if self.has_estimated else "A", direction


def _us_date(day: date) -> str:
    return f"{day:%m/%d/%Y}"

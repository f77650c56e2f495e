"""The CSV layouts of a report: the same days written by interval, by day or by month (R3).

Each layout turns `DayReadings` into bytes in constant memory: at most two days or two months at a time. LAYOUTS lists
every layout that the form offers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from agreements.models import ReportType
from agreements.period import Period
from meters.usage import interval_csv
from meters.usage.interval_csv import CHANNEL_LABELS, format_kwh, format_revision
from meters.usage.reader import DayReadings
from reports.usage_totals import UsageTotal, daily_totals, monthly_totals

DAILY_HEADER = (
    b"ESIID,USAGE_DATE,REVISION_DATE,START_READING,END_READING,USAGE_KWH,ESTIMATED_ACTUAL,"
    b"CONSUMPTION_SURPLUSGENERATION,EXPECTED_INTERVALS,PRESENT_INTERVALS\n"
)
MONTHLY_HEADER = (
    b"ESIID,START_DATE,END_DATE,REVISION_DATE,ACTUAL_KWH,METERED_KW,ESTIMATED_ACTUAL,CONSUMPTION_SURPLUSGENERATION,"
    b"EXPECTED_INTERVALS,PRESENT_INTERVALS\n"
)


class CsvLayout(NamedTuple):
    """`slug` is part of the file's name; `rows(esiid, period, days)` yields blocks of complete lines."""

    slug: str
    header: bytes
    rows: Callable[[str, Period, Iterable[DayReadings]], Iterator[bytes]]


def csv_layout(report_type: str, *, with_utc: bool = False) -> CsvLayout:
    """Return the layout of a value of ReportType; `with_utc`: its clean variant, which only intervals have."""
    assert not with_utc or report_type == ReportType.INTERVAL
    return CLEAN_LAYOUT if with_utc else LAYOUTS[report_type]


def csv_chunks(layout: CsvLayout, esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """Yield the whole file in chunks, the header first. `days` are those of `period`, ordered by day, then channel."""
    yield layout.header
    yield from layout.rows(esiid, period, days)


def interval_rows(
    render: Callable[..., bytes], esiid: str, _period: Period, days: Iterable[DayReadings]
) -> Iterator[bytes]:
    """Yield one row per 15 minutes, as the function `render` of interval_csv writes a day."""
    for usage in days:
        yield render(esiid, usage.day, usage.revision_at, usage.channel, usage.wh, usage.est)


def daily_rows(esiid: str, _period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """Yield one row per day and direction with readings. No register readings are loaded: their columns stay blank."""
    for total in daily_totals(days):
        cells = f"{format_revision(total.revision_at)},,,{format_kwh(total.wh)},{_row_end(total)}"
        yield f"'{esiid},{total.first:%m/%d/%Y},{cells}".encode()


def monthly_rows(esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """Yield one row per direction with readings and calendar month of the period, or its part."""
    for total in monthly_totals(period, days):
        numbers = f"{format_kwh(total.wh)},{format_kwh(total.peak_w or 0)}"
        cells = f"{format_revision(total.revision_at)},{numbers},{_row_end(total)}"
        yield f"'{esiid},{total.first:%m/%d/%Y},{total.last:%m/%d/%Y},{cells}".encode()


def _row_end(total: UsageTotal) -> str:
    """Return the last columns of a daily and of a monthly row."""
    flag, direction = "E" if total.is_estimated else "A", CHANNEL_LABELS[total.channel].decode()
    return f"{flag},{direction},{total.expected},{total.present}\n"


LAYOUTS: dict[str, CsvLayout] = {
    ReportType.INTERVAL: CsvLayout("15min", interval_csv.HEADER, partial(interval_rows, interval_csv.render_day)),
    ReportType.DAILY: CsvLayout("daily", DAILY_HEADER, daily_rows),
    ReportType.MONTHLY: CsvLayout("monthly", MONTHLY_HEADER, monthly_rows),
}
CLEAN_LAYOUT = CsvLayout("15min-utc", interval_csv.CLEAN_HEADER, partial(interval_rows, interval_csv.render_clean_day))

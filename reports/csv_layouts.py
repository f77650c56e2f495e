"""The CSV layouts of a report: the same days written by interval, by day or by month (R3).

Each layout turns `DayReadings` into bytes in constant memory: at most two days or two months at a time. LAYOUTS lists
every layout that the form offers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
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


def interval_rows(
    render: Callable[..., bytes], esiid: str, _period: Period, days: Iterable[DayReadings]
) -> Iterator[bytes]:
    """Yield one row per 15 minutes, as the function `render` of interval_csv writes a day."""
    for usage in days:
        yield render(esiid, usage.day, usage.revision_at, usage.channel, usage.wh, usage.est)


def daily_rows(esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """Yield one row per day and direction. No register readings are loaded: their two columns stay blank."""
    for usage in days:
        revision, kwh, _kw, flag, direction = total_cells([usage])
        yield f"'{esiid},{usage.day:%m/%d/%Y},{revision},,,{kwh},{flag},{direction}\n".encode()


def monthly_rows(esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """Yield one row per calendar month of the period, or its part, and direction; none for a month without data."""
    for month, month_days in groupby(days, lambda usage: usage.day.replace(day=1)):
        first, last = max(month, period.first), min(last_of_month(month), period.last)
        by_channel = attrgetter("channel")
        for _channel, channel_days in groupby(sorted(month_days, key=by_channel), by_channel):
            cells = ",".join(total_cells(list(channel_days)))
            yield f"'{esiid},{first:%m/%d/%Y},{last:%m/%d/%Y},{cells}\n".encode()


def total_cells(days: Sequence[DayReadings]) -> tuple[str, str, str, str, str]:
    """Return revision, kWh, highest kW, flag and direction of days of one direction; blanks if there is no reading."""
    revision = format_revision(max(usage.revision_at for usage in days))
    direction = CHANNEL_LABELS[days[0].channel].decode()
    readings = [wh for usage in days for wh in usage.wh if wh is not None]
    if not readings:
        return revision, "", "", "", direction
    flag = "E" if any(any(estimated_slots(usage)) for usage in days) else "A"
    return revision, format_kwh(sum(readings)), format_kwh(max(readings) * INTERVALS_PER_HOUR), flag, direction


LAYOUTS: dict[str, CsvLayout] = {
    ReportType.INTERVAL: CsvLayout("15min", interval_csv.HEADER, partial(interval_rows, interval_csv.render_day)),
    ReportType.DAILY: CsvLayout("daily", DAILY_HEADER, daily_rows),
    ReportType.MONTHLY: CsvLayout("monthly", MONTHLY_HEADER, monthly_rows),
}
CLEAN_LAYOUT = CsvLayout("15min-utc", interval_csv.CLEAN_HEADER, partial(interval_rows, interval_csv.render_clean_day))

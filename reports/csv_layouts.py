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
from agreements.period import Period
from lib.central_time import days_between, last_of_month
from meters.usage import interval_csv
from meters.usage.days import slots_on
from meters.usage.interval_csv import CHANNEL_LABELS, format_kwh, format_revision
from meters.usage.reader import DayReadings
from reports.coverage import estimated_slots

DAILY_HEADER = (
    b"ESIID,USAGE_DATE,REVISION_DATE,START_READING,END_READING,USAGE_KWH,ESTIMATED_ACTUAL,"
    b"CONSUMPTION_SURPLUSGENERATION,EXPECTED_INTERVALS,PRESENT_INTERVALS\n"
)
MONTHLY_HEADER = (
    b"ESIID,START_DATE,END_DATE,REVISION_DATE,ACTUAL_KWH,METERED_KW,ESTIMATED_ACTUAL,CONSUMPTION_SURPLUSGENERATION,"
    b"EXPECTED_INTERVALS,PRESENT_INTERVALS\n"
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
    """Yield one row per day and direction with readings. No register readings are loaded: their columns stay blank."""
    for usage in days:
        if total := total_of([usage]):
            cells = f"{total.revision},,,{total.kwh},{total.flag},{total.direction}"
            yield f"'{esiid},{usage.day:%m/%d/%Y},{cells},{slots_on(usage.day)},{total.present}\n".encode()


def monthly_rows(esiid: str, period: Period, days: Iterable[DayReadings]) -> Iterator[bytes]:
    """Yield one row per direction with readings and calendar month of the period, or its part."""
    for month, month_days in groupby(days, lambda usage: usage.day.replace(day=1)):
        first, last = max(month, period.first), min(last_of_month(month), period.last)
        expected = sum(slots_on(day) for day in days_between(first, last))
        by_channel = attrgetter("channel")
        for _channel, channel_days in groupby(sorted(month_days, key=by_channel), by_channel):
            if total := total_of(list(channel_days)):
                cells = f"{total.revision},{total.kwh},{total.highest_kw},{total.flag},{total.direction}"
                yield f"'{esiid},{first:%m/%d/%Y},{last:%m/%d/%Y},{cells},{expected},{total.present}\n".encode()


class UsageTotal(NamedTuple):
    """The readings of days of one direction, as a row prints them; `present` counts 15-minute intervals."""

    revision: str
    kwh: str
    highest_kw: str
    flag: str
    direction: str
    present: int


def total_of(days: Sequence[DayReadings]) -> UsageTotal | None:
    """Return the total of `days`, which have one direction; None if there is no reading (R4: they are missing)."""
    readings = [wh for usage in days for wh in usage.wh if wh is not None]
    if not readings:
        return None
    return UsageTotal(
        revision=format_revision(max(usage.revision_at for usage in days)),
        kwh=format_kwh(sum(readings)),
        highest_kw=format_kwh(max(readings) * INTERVALS_PER_HOUR),
        flag="E" if any(any(estimated_slots(usage)) for usage in days) else "A",
        direction=CHANNEL_LABELS[days[0].channel].decode(),
        present=len(readings),
    )


LAYOUTS: dict[str, CsvLayout] = {
    ReportType.INTERVAL: CsvLayout("15min", interval_csv.HEADER, partial(interval_rows, interval_csv.render_day)),
    ReportType.DAILY: CsvLayout("daily", DAILY_HEADER, daily_rows),
    ReportType.MONTHLY: CsvLayout("monthly", MONTHLY_HEADER, monthly_rows),
}
CLEAN_LAYOUT = CsvLayout("15min-utc", interval_csv.CLEAN_HEADER, partial(interval_rows, interval_csv.render_clean_day))

"""The layouts of docs/file-formats.md once more, slowly and by other means: clock arithmetic, csv.writer, Decimal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from meters.usage.reader import DayReadings

CENTRAL = ZoneInfo("America/Chicago")
QUARTER = timedelta(minutes=15)
LABELS = ["Consumption", "Surplus Generation"]


def format_kwh(wh: int) -> str:
    text = format((Decimal(wh) / 1000).normalize(), "f")
    return text.removeprefix("0") if text != "0" else text


def central_text(at: datetime) -> str:
    return at.astimezone(CENTRAL).strftime("%m/%d/%Y %H:%M:%S")


def us_date(day: date) -> str:
    return day.strftime("%m/%d/%Y")


def flags_of(one: DayReadings) -> list[str | None]:
    """A, E or, for a missing reading, None: slot by slot."""
    bits = "".join(f"{byte:08b}"[::-1] for byte in one.est or b"").ljust(100, "0")
    return [None if wh is None else "E" if bits[slot] == "1" else "A" for slot, wh in enumerate(one.wh)]


def write_csv(header: str, rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONE)
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue().encode()


def interval_csv(esiid: str, days: Iterable[DayReadings]) -> bytes:
    """By walking the wall clock and asking of each quarter hour whether it exists, once or twice."""
    rows = []
    for one in days:
        begin = [f"'{esiid}", us_date(one.day), central_text(one.revision_at)]
        readings = {}
        start = datetime(one.day.year, one.day.month, one.day.day, tzinfo=CENTRAL).astimezone(UTC)
        for slot, (wh, flag) in enumerate(zip(one.wh, flags_of(one), strict=True)):
            readings[start + slot * QUARTER] = (wh, flag)

        def row(at: datetime, fold: int, label: str | None = None, one=one, begin=begin, readings=readings) -> None:
            local = at.replace(tzinfo=CENTRAL, fold=fold)
            exists = local.astimezone(UTC).astimezone(CENTRAL).replace(tzinfo=None) == at
            wh, flag = readings[local.astimezone(UTC)] if exists else (None, None)
            kwh = "" if wh is None else format_kwh(wh)
            end = at + QUARTER
            rows.append([*begin, label or f"{at:%H:%M}", f"{end:%H:%M}", kwh, flag or "", LABELS[one.channel]])

        wall = datetime(one.day.year, one.day.month, one.day.day)
        quarters = [wall + n * QUARTER for n in range(96)]
        for at in quarters:
            row(at, fold=0)
            if at.hour == 1 and at.minute == 45 and len(one.wh) == 100:
                for again in (q for q in quarters if q.hour == 1):
                    row(again, fold=1, label="02:00" if again.minute == 0 else None)
    header = (
        "ESIID,USAGE_DATE,REVISION_DATE,USAGE_START_TIME,USAGE_END_TIME,USAGE_KWH,ESTIMATED_ACTUAL,"
        "CONSUMPTION_SURPLUSGENERATION"
    )
    return write_csv(header, rows)


def sums_of(days: list[DayReadings]) -> tuple[str, str, str, str]:
    """Revision, kWh, highest kW, flag."""
    values = [wh for one in days for wh in one.wh if wh is not None]
    flags = {flag for one in days for flag in flags_of(one)}
    revision = central_text(max(one.revision_at for one in days))
    if not values:
        return revision, "", "", ""
    return revision, format_kwh(sum(values)), format_kwh(max(values) * 4), "E" if "E" in flags else "A"


def daily_csv(esiid: str, days: Iterable[DayReadings]) -> bytes:
    rows = []
    for one in days:
        revision, kwh, _kw, flag = sums_of([one])
        present = sum(wh is not None for wh in one.wh)
        if present:
            row = [f"'{esiid}", us_date(one.day), revision, "", "", kwh, flag, LABELS[one.channel]]
            rows.append([*row, str(len(one.wh)), str(present)])
    header = (
        "ESIID,USAGE_DATE,REVISION_DATE,START_READING,END_READING,USAGE_KWH,ESTIMATED_ACTUAL,"
        "CONSUMPTION_SURPLUSGENERATION,EXPECTED_INTERVALS,PRESENT_INTERVALS"
    )
    return write_csv(header, rows)


def quarters_of(day: date) -> int:
    """By the clock: midnights of two days, in UTC."""
    start, end = (datetime(one.year, one.month, one.day, tzinfo=CENTRAL) for one in (day, day + timedelta(1)))
    return (end.astimezone(UTC) - start.astimezone(UTC)) // QUARTER


def monthly_csv(esiid: str, first: date, last: date, days: Iterable[DayReadings]) -> bytes:
    rows = []
    ordered = sorted(days, key=lambda one: (one.day.year, one.day.month, one.channel, one.day))
    for (year, month, channel), some in groupby(ordered, lambda one: (one.day.year, one.day.month, one.channel)):
        in_month = [day for n in range((last - first).days + 1) if (day := first + timedelta(n)).month == month]
        in_month = [day for day in in_month if day.year == year]
        month_days = list(some)
        revision, kwh, kw, flag = sums_of(month_days)
        present = sum(wh is not None for one in month_days for wh in one.wh)
        if present:
            row = [f"'{esiid}", us_date(in_month[0]), us_date(in_month[-1]), revision, kwh, kw, flag, LABELS[channel]]
            rows.append([*row, str(sum(map(quarters_of, in_month))), str(present)])
    header = (
        "ESIID,START_DATE,END_DATE,REVISION_DATE,ACTUAL_KWH,METERED_KW,ESTIMATED_ACTUAL,CONSUMPTION_SURPLUSGENERATION,"
        "EXPECTED_INTERVALS,PRESENT_INTERVALS"
    )
    return write_csv(header, rows)

"""The chart of a report's period on the third party's page, and its table of values (T11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe

from agreements.models import ReportType
from lib.central_time import last_of_month
from meters.models import FlowDirection
from reports.coverage import UsageCount
from reports.models import DIRECTIONS, Report
from reports.usage_chart import Amounts, ChartColumn, draw_chart

PLOT = 140  # pixels
MOST_DAYS_NAMED = 31  # columns; under more, only months have labels
FEW_MONTHS = 6  # of more, every second has its label only on a wide screen
EDGE = 0.96  # of the width: a label that begins later would leave the picture
GAPS_NAMED = 5
TENTH = Decimal("0.1")


def draw_report(report: Report, day_counts: Mapping[str, Sequence[Sequence[int]]]) -> dict[str, Any] | None:
    """Return what reports/third_party/totals.html shows of a report's file; None for a single day or month.

    A monthly report has a column for each month, as its file has a row; every other one a column for each day.
    """
    is_monthly = report.agreement.shared.report_type == ReportType.MONTHLY
    amounts = list(_amounts_by_day(report.first_day, day_counts))
    columns = list(_month_columns(amounts) if is_monthly else _day_columns(amounts))
    if len(columns) < 2:
        return None
    channels = list(columns[0].amounts)
    first = channels[0]
    totals = {channel: sum((column.amounts[channel] for column in columns), UsageCount()) for channel in channels}
    return {
        "is_monthly": is_monthly,
        "chart": draw_chart(columns, plot=PLOT),
        "highest": max(columns, key=lambda column: column.amounts[first].wh) if totals[first].present else None,
        "highest_kwh": max(column.amounts[first].kwh for column in columns),
        "directions": [DIRECTIONS[channel.label] for channel in channels],
        "rows": _table_rows(columns),
        "totals": [_kwh(total) for total in totals.values()],
        "partial_count": sum(_is_partial(column) for column in columns),
        "gaps": [(name, runs[:GAPS_NAMED], len(runs) > GAPS_NAMED) for name, runs in report.missing],
    }


def _amounts_by_day(first: date, day_counts: Mapping[str, Sequence[Sequence[int]]]) -> Iterator[tuple[date, Amounts]]:
    channels = {channel.label: channel for channel in FlowDirection}
    for number, counts in enumerate(zip(*day_counts.values(), strict=True)):
        amounts = zip(day_counts, counts, strict=True)
        yield first + timedelta(days=number), {channels[label]: UsageCount(*count) for label, count in amounts}


def _day_columns(days: Sequence[tuple[date, Amounts]]) -> Iterator[ChartColumn]:
    are_named = len(days) <= MOST_DAYS_NAMED
    month_count = len(days) // 30
    for place, (day, amounts) in enumerate(days):
        tick, is_minor = "", False
        if are_named and place % 7 == 0:
            tick = date_format(day, "M j")
        elif not are_named and day.day == 1 and place < EDGE * len(days):
            tick, is_minor = date_format(day, "M"), month_count > FEW_MONTHS and day.month % 2 == 0
        yield ChartColumn(date_format(day, "D, M j, Y"), tick, is_minor, amounts)


def _month_columns(days: Sequence[tuple[date, Amounts]]) -> Iterator[ChartColumn]:
    for first, month in groupby(days, lambda pair: pair[0].replace(day=1)):
        parts = list(month)
        begin, end = parts[0][0], parts[-1][0]
        name = date_format(first, "F Y")
        if (begin, end) != (first, last_of_month(first)):
            name = f"{name}, {begin.day}–{end.day}" if begin != end else f"{name}, {begin.day}"
        amounts = {channel: sum((part[channel] for _day, part in parts), UsageCount()) for channel in parts[0][1]}
        yield ChartColumn(name, date_format(first, "M"), False, amounts)


def _is_partial(column: ChartColumn) -> bool:
    return any(amount.missing and amount.present for amount in column.amounts.values())


def _table_rows(columns: Sequence[ChartColumn]) -> SafeString:
    """Return the body of the table: a loop in the template takes ten times as long for a year's days."""
    rows = []
    for column in columns:
        cells = "".join(f'<td class="num">{_kwh(amount)}</td>' for amount in column.amounts.values())
        rows.append(f'<tr><th scope="row">{column.name}</th>{cells}<td>{column.readings}</td></tr>')
    return mark_safe("".join(rows))  # numbers, dates and our own words only


def _kwh(amount: UsageCount) -> str:
    """Return the amount in tenths of a kWh, as pages show energy; the file has three decimals."""
    return f"{amount.kwh.quantize(TENTH, ROUND_HALF_UP):,}" if amount.present else "–"

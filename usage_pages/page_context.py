"""What the page of usage shows: one span of one meter, its numbers and chart, and the links to other spans (C5)."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from agreements.models import ReportType
from meters.usage.days import FALL, SPRING, slots_on
from reports.models import DIRECTIONS
from usage_pages.calendar_span import CalendarSpan, SpanKind
from usage_pages.customer_meters import CustomerMeter, read_usage
from usage_pages.forms import DownloadForm, SpanForm
from usage_pages.usage_chart import draw_chart
from usage_pages.usage_columns import EnergyAmount, add_amounts, directions_of, usage_columns


def page_context(meter: CustomerMeter, query: QueryDict) -> dict[str, Any]:
    """Return the context of usage_pages/page.html: only `meter` if it has no readings, otherwise also

    * `form` (SpanForm), `span`, `usage` (SpanUsage), `before`, `after` and `kinds`: the span and those around it,
    * `chart` (UsageChart), `highest` (its highest UsageColumn), `rows` (UsageColumns with a row in the table),
    * `directions` (their names), `totals` ((name, EnergyAmount) of each), `counts` (the EnergyAmount of all together),
    * `clocks`: a sentence on a day on which clocks change,
    * `download` (DownloadForm) and `download_url`.

    `query` names a span as CalendarSpan.query does; by default it is the month of the latest readings, which is also
    shown if `form` refuses the span.
    """
    if not meter.first or not meter.last:
        return {"meter": meter}
    span = CalendarSpan.around(SpanKind.MONTH, meter.last)
    initial = {"view": span.kind, "day": meter.newest_day_in(span)}
    form = SpanForm(initial | query.dict() if query.keys() & initial.keys() else None, meter=meter, initial=initial)
    if form.is_valid():
        span = form.span()
    usage = read_usage(meter, span)
    columns = usage_columns(usage)
    directions = [DIRECTIONS[channel.label] for channel in directions_of(usage)]
    totals = add_amounts(column.amounts for column in columns).values()
    newest_day = meter.newest_day_in(span)
    clocks = {
        SPRING: _("Clocks went forward on this day. It has 23 hours. The hour from 2:00 AM to 3:00 AM does not exist."),
        FALL: _(
            "Clocks went back on this day. It has 25 hours. The hour from 1:00 AM to 2:00 AM occurs "
            "twice, as CDT and as CST."
        ),
    }
    days = {"type": ReportType.INTERVAL, "first": max(span.first, meter.first), "last": newest_day}
    return {
        "meter": meter,
        "form": form,
        "usage": usage,
        "span": span,
        "directions": directions,
        "rows": [column for column in columns if column.readings],
        "totals": list(zip(directions, totals, strict=True)),
        "counts": sum(totals, EnergyAmount()),
        "chart": draw_chart(columns),
        "highest": max(columns, key=lambda column: next(iter(column.amounts.values())).wh),
        "clocks": clocks.get(slots_on(span.first), "") if span.kind is SpanKind.DAY else "",
        "kinds": [CalendarSpan.around(kind, newest_day) for kind in SpanKind],
        "before": span.before() if span.first > meter.first else None,
        "after": span.after() if span.last < meter.last else None,
        "download": DownloadForm(None, meter=meter, initial=days),
        "download_url": reverse("usage_csv", args=[meter.claim.pk]),
    }

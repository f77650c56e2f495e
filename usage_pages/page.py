"""What the page of usage shows: one span of one meter, its figures, its chart, and the ways to others (C5)."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from agreements.models import ReportType
from meters.usage.days import FALL, SPRING, slots_on
from reports.models import DIRECTIONS
from usage_pages.chart import chart
from usage_pages.figures import Amount, channels_of, figures_of, totals
from usage_pages.forms import DownloadForm, ShownForm
from usage_pages.spans import Span, SpanKind
from usage_pages.usage import OwnMeter, read


def page_of(meter: OwnMeter, asked: QueryDict) -> dict[str, Any]:
    """The context of the page; only `meter` where nothing is on record.

    `asked` names a span as Span.query does; without a day it is the one with the newest readings, without a kind their
    month. One that cannot be shown is refused by `form`, and that month is shown meanwhile.
    """
    if not meter.first or not meter.last:
        return {"meter": meter}
    span = Span.around(SpanKind.MONTH, meter.last)
    newest = _fields(span, meter)
    named = asked.dict() if asked.keys() & newest.keys() else None
    form = ShownForm(named and newest | named, meter=meter, initial=newest)
    if form.is_valid():
        span = form.span()
    shown = read(meter, span)
    figures, names = figures_of(shown), [DIRECTIONS[channel.label] for channel in channels_of(shown)]
    whole = totals(figures)
    return {
        "meter": meter,
        "form": form,
        "shown": shown,
        "span": span,
        "directions": names,
        "rows": [figure for figure in figures if figure.readings],
        "totals": list(zip(names, whole.values(), strict=True)),
        "counts": sum(whole.values(), Amount()),
        "chart": chart(figures),
        "highest": max(figures, key=lambda figure: next(iter(figure.amounts.values())).wh),
        "clocks": _clocks(span),
        "kinds": [Span.around(kind, _newest_in(span, meter)) for kind in SpanKind],
        "before": span.before() if span.first > meter.first else None,
        "after": span.after() if span.last < meter.last else None,
        "download": DownloadForm(None, meter=meter, initial=_days(span, meter)),
        "download_url": reverse("usage_csv", args=[meter.holding.pk]),
    }


def _newest_in(span: Span, meter: OwnMeter) -> Any:
    assert meter.first and meter.last
    return max(min(span.last, meter.last), meter.first)


def _fields(span: Span, meter: OwnMeter) -> dict[str, Any]:
    return {"view": span.kind, "day": _newest_in(span, meter)}


def _days(span: Span, meter: OwnMeter) -> dict[str, Any]:
    assert meter.first
    return {"type": ReportType.INTERVAL, "first": max(span.first, meter.first), "last": _newest_in(span, meter)}


def _clocks(span: Span) -> str:
    """What a day on which clocks change has of its own."""
    slots = slots_on(span.first) if span.kind is SpanKind.DAY else 0
    if slots == SPRING:
        return _("Clocks went forward on this day. It has 23 hours: there is no time from 2:00 AM to 3:00 AM.")
    if slots == FALL:
        return _("Clocks went back on this day. It has 25 hours: the hour from 1:00 AM comes twice, as CDT and as CST.")
    return ""

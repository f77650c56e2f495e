"""My Smart Meters and Usage, for the customer who holds the meters (C5)."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import signed_in
from agreements.models import ReportType
from customers.esiid_claims import name_meter
from customers.models import ClaimDispute, EsiidClaim, customer_of
from lib.central_time import ONE_DAY
from meters.usage.days import slots_on
from reports.coverage import UsageCount
from reports.file_responses import file_response
from reports.formats import FileFormat
from reports.models import DIRECTIONS
from reports.usage_chart import draw_chart
from usage_pages.calendar_usage import CalendarSpan, SpanKind, read_usage, usage_columns
from usage_pages.customer_meters import CustomerMeter, current_claims, load_meters, usage_file
from usage_pages.forms import DownloadForm, MeterNameForm, SpanForm

PAGE_SIZE = 25
LINKED = 12  # meters that the page of usage links to; My Smart Meters has the others


@login_required
@require_safe
@never_cache
def my_meters(request: HttpRequest) -> HttpResponse:
    claims = _claims(request).prefetch_related("premise__meters")
    page = Paginator(claims, PAGE_SIZE).get_page(request.GET.get("page"))
    disputes = ClaimDispute.objects.visible_to(signed_in(request)).select_related("claim__premise__tdsp")
    context = {"page": page, "meters": load_meters(page.object_list), "disputes": disputes}
    return render(request, "usage_pages/meters.html", context)


@login_required
@never_cache
def meter_name(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the customer give a meter a name, which no one else sees."""
    claim = get_object_or_404(_claims(request), pk=pk)
    form = MeterNameForm(request.POST or None, initial={"name": claim.meter_name})
    if form.is_valid():
        name_meter(claim, form.cleaned_data["name"])
        messages.success(request, _("Name saved.") if form.cleaned_data["name"] else _("Name removed."))
        return redirect("my_meters")
    (meter,) = load_meters([claim])
    return render(request, "usage_pages/name.html", {"meter": meter, "form": form})


@login_required
@require_safe
@never_cache
def usage(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Show the usage of the claim `pk`, or of the first one; lead a customer without any to add a meter."""
    claims = _claims(request)
    linked = list(claims[: LINKED + 1])
    if pk is None and not linked:
        return render(request, "usage_pages/no_meter.html")
    claim = next((claim for claim in linked if pk in (claim.pk, None)), None) or get_object_or_404(claims, pk=pk)
    (meter,) = load_meters([claim])
    return render(request, "usage_pages/page.html", usage_context(meter, request.GET) | {"linked": linked})


@login_required
@require_safe
@never_cache
def usage_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    (meter,) = load_meters([get_object_or_404(_claims(request), pk=pk)])
    form = DownloadForm(request.GET, meter=meter)
    if meter.first and form.is_valid():
        if file := usage_file(meter, **form.cleaned_data):
            return file_response(request, file)
        form.add_error(None, _("There are no readings for these days. Choose other days."))
    context = {"meter": meter, "form": form, "report_formats": list(FileFormat)}
    return render(request, "usage_pages/download.html", context)


def usage_context(meter: CustomerMeter, query: QueryDict) -> dict[str, Any]:
    """Return what usage_pages/page.html shows of `meter`; only `meter` if it has no readings.

    `query` names a span as CalendarSpan.query does; by default it is the month of the latest readings, which is also
    shown if the form refuses the span.
    """
    if not meter.first or not meter.last:
        return {"meter": meter}
    span = CalendarSpan.around(SpanKind.MONTH, meter.last)
    initial = {"view": span.kind, "day": meter.last}
    form = SpanForm(initial | query.dict() if query.keys() & initial.keys() else None, meter=meter, initial=initial)
    if form.is_valid():
        span = form.span()
    newest_day = max(min(span.last, meter.last), meter.first)
    coverage, days = read_usage(meter, span)
    columns = list(usage_columns(span, coverage, days))
    directions = [DIRECTIONS[channel.label] for channel in coverage.directions]
    totals = [sum((column.amounts[channel] for column in columns), UsageCount()) for channel in coverage.directions]
    file = {
        "type": ReportType.INTERVAL,
        "format": FileFormat.CSV,
        "first": max(span.first, meter.first),
        "last": newest_day,
    }
    return {
        "meter": meter,
        "form": form,
        "span": span,
        "kinds": [CalendarSpan.around(kind, newest_day) for kind in SpanKind],
        "before": CalendarSpan.around(span.kind, span.first - ONE_DAY) if span.first > meter.first else None,
        "after": CalendarSpan.around(span.kind, span.last + ONE_DAY) if span.last < meter.last else None,
        "begins_late": span.first < meter.first <= span.last,
        "slots": slots_on(span.first) if span.kind is SpanKind.DAY else None,
        "chart": draw_chart(columns, are_quarter_hours=span.kind is SpanKind.DAY),
        "decimals": "3g" if span.kind is SpanKind.DAY else "1g",  # of kWh; files have three
        "highest": max(columns, key=lambda column: next(iter(column.amounts.values())).wh),
        "rows": [column for column in columns if column.readings],
        "directions": directions,
        "totals": list(zip(directions, totals, strict=True)),
        "counts": sum(totals, UsageCount()),
        "download": DownloadForm(None, meter=meter, initial=file),
        "report_formats": list(FileFormat),
    }


def _claims(request: HttpRequest) -> QuerySet[EsiidClaim]:
    if customer_of(request.user) is None:
        raise Http404
    return current_claims(signed_in(request))

"""My Smart Meters and Usage, for the customer whose they are (C5)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import signed_in
from customers.models import Holding, customer_of
from reports.downloads import file_response
from usage_pages.download import own_file
from usage_pages.forms import DownloadForm
from usage_pages.page import page_of
from usage_pages.usage import on_record, own_holdings

PAGE = 25
LINKED = 12  # meters that the page of usage links to; the others stand in My Smart Meters


@login_required
@require_safe
@never_cache
def my_meters(request: HttpRequest) -> HttpResponse:
    holdings = _own(request).prefetch_related("premise__meters")
    page = Paginator(holdings, PAGE).get_page(request.GET.get("page"))
    return render(request, "usage_pages/meters.html", {"page": page, "meters": on_record(page.object_list)})


@login_required
@require_safe
@never_cache
def usage(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Of the meter asked for, or of the first one; a customer without any is led to add one."""
    linked = list(_own(request)[: LINKED + 1])
    holding = next((one for one in linked if pk in (one.pk, None)), None)
    if holding is None and pk is not None:
        holding = get_object_or_404(_own(request), pk=pk)
    if holding is None:
        return render(request, "usage_pages/no_meter.html")
    (meter,) = on_record([holding])
    return render(request, "usage_pages/page.html", page_of(meter, request.GET) | {"linked": linked})


@login_required
@require_safe
@never_cache
def usage_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    (meter,) = on_record([get_object_or_404(_own(request), pk=pk)])
    form = DownloadForm(request.GET, meter=meter)
    if meter.first and form.is_valid():
        if file := own_file(meter, **form.cleaned_data):
            return file_response(request, file, file.gzipped)
        form.add_error(None, _("There are no readings on these days. Choose others."))
    return render(request, "usage_pages/download.html", {"meter": meter, "form": form})


def _own(request: HttpRequest) -> QuerySet[Holding]:
    if customer_of(request.user) is None:
        raise Http404
    return own_holdings(signed_in(request))

"""My Smart Meters and Usage, for the customer who holds the meters (C5)."""

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
from customers.models import EsiidClaim, customer_of
from reports.file_responses import file_response
from usage_pages.customer_meters import current_claims, load_meters
from usage_pages.forms import DownloadForm
from usage_pages.page_context import page_context
from usage_pages.usage_file import write_usage_file

PAGE_SIZE = 25
LINKED = 12  # meters that the page of usage links to; My Smart Meters has the others


@login_required
@require_safe
@never_cache
def my_meters(request: HttpRequest) -> HttpResponse:
    claims = _claims(request).prefetch_related("premise__meters")
    page = Paginator(claims, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "usage_pages/meters.html", {"page": page, "meters": load_meters(page.object_list)})


@login_required
@require_safe
@never_cache
def usage(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Show the usage of the claim `pk`, or of the first one; lead a customer without any to add a meter."""
    linked = list(_claims(request)[: LINKED + 1])
    claim = next((claim for claim in linked if pk in (claim.pk, None)), None)
    if claim is None and pk is not None:
        claim = get_object_or_404(_claims(request), pk=pk)
    if claim is None:
        return render(request, "usage_pages/no_meter.html")
    (meter,) = load_meters([claim])
    return render(request, "usage_pages/page.html", page_context(meter, request.GET) | {"linked": linked})


@login_required
@require_safe
@never_cache
def usage_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    (meter,) = load_meters([get_object_or_404(_claims(request), pk=pk)])
    form = DownloadForm(request.GET, meter=meter)
    if meter.first and form.is_valid():
        file_name, file = write_usage_file(meter, **form.cleaned_data)
        if file:
            return file_response(request, file_name, file.size, file.gzipped)
        form.add_error(None, _("There are no readings on these days. Choose other days."))
    return render(request, "usage_pages/download.html", {"meter": meter, "form": form})


def _claims(request: HttpRequest) -> QuerySet[EsiidClaim]:
    if customer_of(request.user) is None:
        raise Http404
    return current_claims(signed_in(request))

"""Who has my data: every request that the customer answered, and who downloaded which report (C11)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.states import Status
from agreements.views.customer import own_agreements

PAGE_SIZE = 25


@login_required
@require_safe
@never_cache
def shared_data(request: HttpRequest) -> HttpResponse:
    answered = own_agreements(request).filter(status__in=[Status.COMPLETE, Status.REJECTED])
    related = answered.select_related("report", "premise", "tdsp", "consent_review")
    downloads = related.prefetch_related("report__downloads__by").order_by("-ended_at", "-number")
    page = Paginator(downloads, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "usage_pages/shared_data.html", {"page": page})

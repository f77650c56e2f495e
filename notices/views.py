"""The notices that concern the person who looks (T2)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import signed_in
from notices.actions import mark_read
from notices.models import Notice

PAGE = 20


@login_required
@never_cache
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """Newest first, those that the user has not opened yet are marked."""
    user = signed_in(request)
    found = Notice.objects.visible_to(user).with_read_mark(user).select_related("tdsp").defer("text", "text_es")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(request, "notices/list.html", {"page": page})


@login_required
@never_cache
@require_safe
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """One notice; opening it makes it read."""
    found = get_object_or_404(Notice.objects.visible_to(request.user).select_related("tdsp"), pk=pk)
    if request.method == "GET":
        mark_read(found, by=signed_in(request))
    return render(request, "notices/detail.html", {"notice": found})

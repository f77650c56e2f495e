"""The notices for the signed-in user (T2)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import signed_in
from notices.models import Notice

PAGE_SIZE = 20


@login_required
@never_cache
@require_safe
def notice_list(request: HttpRequest) -> HttpResponse:
    """List the notices, newest first; those not opened yet are marked."""
    user = signed_in(request)
    notices = Notice.objects.visible_to(user).with_is_read(user).select_related("tdsp").defer("text", "text_es")
    page = Paginator(notices, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "notices/list.html", {"page": page})


@login_required
@never_cache
@require_safe
def notice_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a notice and mark it as read."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user).select_related("tdsp"), pk=pk)
    if request.method == "GET":
        notice.mark_read(by=signed_in(request))
    return render(request, "notices/detail.html", {"notice": notice})

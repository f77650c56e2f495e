"""Home, help and what every page knows about the person looking at it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from accounts.models import customer_of, membership_of


def portal_context(request: HttpRequest) -> dict[str, Any]:
    """`membership` and `customer` of the user, `mailbox` where sent mail can be read in development."""
    user = getattr(request, "user", None)
    membership = membership_of(user) if user else None
    return {
        "site_name": settings.SITE_NAME,
        "membership": membership,
        # A third party's user acts for the company; not asking saves each of their pages a query.
        "customer": customer_of(user) if user and not membership else None,
        "mailbox": bool(settings.MAILBOX_DIR),
        "second_factor_required": settings.SECOND_FACTOR_REQUIRED,
    }


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Each role's first page."""
    if membership_of(request.user):
        return HttpResponseRedirect(reverse("agreements"))
    if customer_of(request.user):
        return HttpResponseRedirect(reverse("customer_agreements"))
    if request.user.is_staff:
        return HttpResponseRedirect(reverse("admin:index"))
    return render(request, "home/no_role.html")


class HelpPage(TemplateView):
    """A page of help. The numbers in its words are the settings' own, so that they stay true."""

    extra_context = {
        "origin": settings.PORTAL_ORIGIN,
        "invitation_days": settings.AGREEMENT_INVITATION_PERIOD.days,
        "limit": settings.AGREEMENT_LIMIT_PER_ESIID,
        "limit_days": settings.AGREEMENT_LIMIT_WINDOW.days,
        "report_days": settings.REPORT_RETENTION.days,
        "email_days": settings.EMAIL_BODY_RETENTION.days,
    }


@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200 while this process can ask the database, 503 else; says nothing about anybody."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # every kind of failure means the same to a load balancer
        return JsonResponse({"database": "unreachable"}, status=503)
    return JsonResponse({"database": "ok"})

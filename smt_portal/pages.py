"""Help and what every page knows about the person looking at it."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from accounts.models import User
from accounts.second_factor import lacks
from companies.models import CompanyLink, Membership, membership_of
from customers.models import customer_of
from notices.models import Notice


def portal_context(request: HttpRequest) -> dict[str, Any]:
    """`membership`, `customer`, `pending_approvals` and `unread_notices` of the user, and what differs in development.

    `inbox`: whether development's mail can be read. `second_factor_required`: off, the log-in page says so.
    `second_factor_missing`: the user goes nowhere else before one is set up (X3).
    """
    user = getattr(request, "user", None)
    membership = membership_of(user) if user else None
    counts = cache(lambda: _unread_and_awaiting(user, membership))
    return {
        "site_name": settings.SITE_NAME,
        "membership": membership,
        # A third party's user acts for the company; not asking saves each of their pages a query.
        "customer": customer_of(user) if user and not membership else None,
        # Called by the navigation and the home page.
        "pending_approvals": lambda: counts()[1],
        "unread_notices": lambda: counts()[0],
        "inbox": bool(settings.MAILBOX_DIR),
        "second_factor_required": settings.SECOND_FACTOR_REQUIRED,
        # Called by the page on which one is set up.
        "second_factor_missing": cache(lambda: user is not None and lacks(user)),
    }


def _unread_and_awaiting(user: Any, membership: Membership | None) -> tuple[int, int]:
    """Notices that the user should open and, for an administrator, requests to join: two counts, one question."""
    if not isinstance(user, User) or user.is_staff:  # staff write notices; they are not told about them
        return 0, 0
    unread = Notice.objects.unread_by(user)
    if membership is None or not membership.is_administrator:
        return unread.count(), 0
    requests = CompanyLink.objects.awaiting_approval().filter(company=membership.company_id)
    return User.objects.filter(pk=user.pk).values_list(_count(unread), _count(requests)).get()


def _count(rows: QuerySet[Any]) -> Coalesce:
    of_all = rows.order_by().values(all=Value(1)).annotate(n=Count("*")).values("n")
    return Coalesce(Subquery(of_all), 0)  # of no rows there is no group


class HelpPage(TemplateView):
    """A page of help. The numbers in its words are the settings' own, so that they stay true."""

    extra_context = {
        "origin": settings.PORTAL_ORIGIN,
        "invitation_days": settings.AGREEMENT_INVITATION_PERIOD.days,
        "limit": settings.AGREEMENT_LIMIT_PER_ESIID,
        "limit_days": settings.AGREEMENT_LIMIT_WINDOW.days,
        "report_days": settings.REPORT_RETENTION.days,
        "email_days": settings.EMAIL_BODY_RETENTION.days,
        "personal_days": settings.PERSONAL_DATA_RETENTION.days,
        "agreement_years": settings.AGREEMENT_RETENTION.days // 365,
        "meters_per_form": settings.AGREEMENT_METERS_PER_FORM,
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

"""Help pages, the health check, and what every page knows about its user."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import csrf
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from accounts.models import User
from accounts.second_factor import lacks_second_factor
from agreements.models import unknown_company_rule
from agreements.views.unsent_forms import keep_unsent_form
from companies.models import CompanyLink, membership_of
from customers.models import customer_of
from meters.models import Tdsp
from notices.models import Notice
from reports.formats import FileFormat


def portal_context(request: HttpRequest) -> dict[str, Any]:
    """Add the user's `membership`, `customer`, `pending_approvals` and `unread_notices`, and what differs locally.

    `inbox`: sent mail can be read in the browser. `second_factor_required`: if it is off, the sign-in page says so.
    `second_factor_missing`: the user can open no other page before setting one up (X3).
    """
    user = getattr(request, "user", None)
    membership = membership_of(user) if user else None

    @cache
    def unread_notices_and_join_requests() -> tuple[int, int]:
        if not isinstance(user, User) or user.is_staff:  # staff write notices, they do not read them here
            return 0, 0
        unread = Notice.objects.unread_by(user)
        if membership is None or not membership.is_administrator:
            return unread.count(), 0
        requests = CompanyLink.objects.open_join_requests().filter(company=membership.company_id)
        counts: tuple[int, int] = User.objects.filter(pk=user.pk).values_list(_count(unread), _count(requests)).get()
        return counts

    return {
        "site_name": settings.SITE_NAME,
        "membership": membership,
        # A third party's user acts for the company: no query for a customer on their pages.
        "customer": customer_of(user) if user and not membership else None,
        # Called by the navigation and the home page.
        "pending_approvals": lambda: unread_notices_and_join_requests()[1],
        "unread_notices": lambda: unread_notices_and_join_requests()[0],
        "inbox": bool(settings.MAILBOX_DIR),
        "second_factor_required": settings.SECOND_FACTOR_REQUIRED,
        # Called by the page on which one is set up.
        "second_factor_missing": cache(lambda: user is not None and lacks_second_factor(user)),
    }


def _count(rows: QuerySet[Any]) -> Coalesce:
    total = rows.order_by().values(all=Value(1)).annotate(n=Count("*")).values("n")
    return Coalesce(Subquery(total), 0)  # without rows there is no group


class HelpPage(TemplateView):
    """A help page. The numbers in its sentences come from the settings."""

    extra_context = {
        "origin": settings.PORTAL_ORIGIN,
        "invitation_days": settings.AGREEMENT_INVITATION_PERIOD.days,
        "limit": settings.AGREEMENT_LIMIT_PER_ESIID,
        "limit_days": settings.AGREEMENT_LIMIT_WINDOW.days,
        "latest_days": settings.REPORT_LATEST_DAYS,
        "report_formats": list(FileFormat),
        "data_wait_hours": settings.REPORT_DATA_WAIT // timedelta(hours=1),
        "report_days": settings.REPORT_RETENTION.days,
        "email_days": settings.EMAIL_BODY_RETENTION.days,
        "personal_days": settings.PERSONAL_DATA_RETENTION.days,
        "agreement_years": settings.AGREEMENT_RETENTION.days // 365,
        "meters_per_form": settings.AGREEMENT_METERS_PER_FORM,
        "utilities": Tdsp.objects.exclude(contact_phone="").all,  # the page calls it, at each visit
        **unknown_company_rule(),
    }


@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """Answer 200 while this process can query the database, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # to a load balancer, every failure means the same
        return JsonResponse({"database": "unreachable"}, status=503)
    return JsonResponse({"database": "ok"})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a form whose token is stale; a form for new agreements is kept for its user (T10)."""
    return keep_unsent_form(request) or csrf.csrf_failure(request, reason)

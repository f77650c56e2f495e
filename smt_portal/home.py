"""The home page of each role: what needs attention now, and where to begin (T2)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet, Window
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.models import User
from agreements.models import Agreement, AgreementQuerySet
from companies.models import Company, CompanyStanding, Membership, membership_of
from customers.models import Customer, customer_of
from meters.models import Meter
from notices.models import Notice
from notifications.models import Email
from reports.models import Report


@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Show the home page of the user's role, or what the portal is."""
    user = request.user
    if not isinstance(user, User):
        return render(request, "home/public.html")
    if membership := membership_of(user):
        return render(request, "home/third_party.html", third_party_context(user, membership))
    if customer := customer_of(user):
        return render(request, "home/customer.html", customer_context(user, customer))
    if user.is_staff:
        return render(request, "home/staff.html", staff_context(user))
    return render(request, "home/no_role.html")


def third_party_context(user: User, membership: Membership) -> dict[str, Any]:
    agreements = Agreement.objects.visible_to(user).filter(company=membership.company_id)
    may_download = membership.may_download and membership.company.is_active
    ready = Report.objects.filter(agreement__in=agreements).not_downloaded().select_related("agreement")
    reports, reports_count = _first_and_count(ready) if may_download else ([], 0)
    return {
        "company": membership.company,
        "may_initiate": membership.may_initiate and membership.company.is_active,
        "may_download": may_download,
        **_waiting(agreements),
        "reports": reports,
        "reports_count": reports_count,
        **_notices(user),
    }


def customer_context(user: User, customer: Customer) -> dict[str, Any]:
    agreements = Agreement.objects.visible_to(user).filter(customer=customer)
    meters = Meter.objects.filter(
        premise__claims__customer=customer, premise__claims__until=None, removed_on=None
    ).select_related("premise")
    return {
        "person": customer,
        **_waiting(agreements),
        "meters": list(meters.order_by("premise__esiid", "number")[:100]),
        **_notices(user),
    }


def staff_context(user: User) -> dict[str, Any]:
    agreements = Agreement.objects.visible_to(user)
    emails = Email.objects.failed()
    if not user.is_operator:
        emails = emails.filter(about__in=agreements.values("number"))
    companies = Company.objects.filter(standing=CompanyStanding.PENDING)
    return {
        "held": agreements.held_for_review().count(),
        "failed_reports": Report.objects.visible_to(user).failed().count(),
        "failed_emails": emails.count(),
        "companies": companies.count() if user.is_operator else None,
    }


def _waiting(agreements: AgreementQuerySet) -> dict[str, Any]:
    waiting, count = _first_and_count(agreements.open_soonest_first())
    return {"waiting": waiting, "waiting_count": count}


def _notices(user: User) -> dict[str, Any]:
    # The navigation shows the count too: with it in the page's own context nothing is counted twice.
    unread, count = _first_and_count(Notice.objects.unread_by(user).select_related("tdsp"), limit=3)
    return {"notices": unread, "unread_notices": count}


def _first_and_count(rows: QuerySet[Any], limit: int = 5) -> tuple[list[Any], int]:
    """Return the first `limit` of `rows` and the number of all of them, in one query."""
    first = list(rows.annotate(total=Window(Count("*")))[:limit])
    return first, first[0].total if first else 0

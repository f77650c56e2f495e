"""Home, for each role: what waits for this person now, and where to begin (T2)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet, Window
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.models import User
from agreements.models import Agreement
from companies.models import Company, CompanyState, Membership, membership_of
from customers.models import Customer, customer_of
from meters.models import Meter
from notices.models import Notice
from notifications.models import Email
from reports.models import Report

SHOWN = 5


@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """The visitor's role decides; a stranger reads what the portal is."""
    user = request.user
    if not isinstance(user, User):
        return render(request, "home/public.html")
    if membership := membership_of(user):
        return render(request, "home/third_party.html", _third_party(user, membership))
    if customer := customer_of(user):
        return render(request, "home/customer.html", _customer(user, customer))
    if user.is_staff:
        return render(request, "home/staff.html", _staff(user))
    return render(request, "home/no_role.html")


def _third_party(user: User, membership: Membership) -> dict[str, Any]:
    own = Agreement.objects.visible_to(user).filter(company=membership.company_id)
    waiting, waiting_count = _first(own.open_soonest_first())
    may_download = membership.may_download and membership.company.is_active
    ready = Report.objects.filter(agreement__in=own).to_be_fetched().select_related("agreement")
    reports, reports_count = _first(ready) if may_download else ([], 0)
    return {
        "company": membership.company,
        "may_initiate": membership.may_initiate and membership.company.is_active,
        "may_download": may_download,
        "waiting": waiting,
        "waiting_count": waiting_count,
        "reports": reports,
        "reports_count": reports_count,
        **_notices(user),
    }


def _customer(user: User, customer: Customer) -> dict[str, Any]:
    own = Agreement.objects.visible_to(user).filter(customer=customer)
    waiting, waiting_count = _first(own.open_soonest_first())
    held = Meter.objects.filter(
        premise__holdings__customer=customer, premise__holdings__until=None, removed_on=None
    ).select_related("premise")
    return {
        "person": customer,
        "waiting": waiting,
        "waiting_count": waiting_count,
        "meters": list(held.order_by("premise__esiid", "number")[:100]),
        **_notices(user),
    }


def _staff(user: User) -> dict[str, Any]:
    agreements = Agreement.objects.visible_to(user)
    emails = Email.objects.failed()
    if not user.is_operator:
        emails = emails.filter(about__in=agreements.values("number"))
    companies = Company.objects.filter(standing=CompanyState.PENDING) if user.is_operator else None
    return {
        "held": agreements.held_for_review().count(),
        "failed_reports": Report.objects.visible_to(user).failed().count(),
        "failed_emails": emails.count(),
        "companies": companies.count() if companies is not None else None,
    }


def _notices(user: User) -> dict[str, Any]:
    # The navigation shows the count, too: with it in the page's own context nothing is counted twice.
    unread, count = _first(Notice.objects.unread_by(user).select_related("tdsp"), 3)
    return {"notices": unread, "unread_notices": count}


def _first(rows: QuerySet[Any], shown: int = SHOWN) -> tuple[list[Any], int]:
    """The first of `rows` and how many there are in all, in one query."""
    found = list(rows.annotate(in_all=Window(Count("*")))[:shown])
    return found, found[0].in_all if found else 0

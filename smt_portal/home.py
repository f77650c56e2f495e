"""The home page of each role: what needs attention now, and where to begin (T2)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q, QuerySet, Window
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.models import User
from agreements.models import Agreement, unknown_company_rule
from agreements.views.drafts import list_drafts
from companies.models import Membership, membership_of
from customers.models import Customer, customer_of
from notices.models import Notice
from reports.third_party.dashboard import dashboard_context
from smt_portal.staff_home import staff_home
from usage_pages.latest_usage import latest_usage

MOST_WITH_USAGE = 5  # meters whose usage home shows


@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Show the home page of the user's role, or what the portal is."""
    user = request.user
    if not isinstance(user, User):
        return render(request, "home/public.html")
    if membership := membership_of(user):
        return third_party_home(request, user, membership)
    if customer := customer_of(user):
        return customer_home(request, user, customer)
    return staff_home(request, user) if user.is_staff else render(request, "home/no_role.html")


def third_party_home(request: HttpRequest, user: User, membership: Membership) -> HttpResponse:
    company = membership.company
    may_initiate = membership.may_initiate and company.is_active and not company.requests_paused_at
    context = {"company": company, "may_initiate": may_initiate} | unknown_company_rule() | _notices(user)
    context["drafts"] = list_drafts(user) if may_initiate else []
    if membership.may_view:
        context |= dashboard_context(user, company.pk)
    return render(request, "home/third_party.html", context)


def customer_home(request: HttpRequest, user: User, customer: Customer) -> HttpResponse:
    is_present = Q(premise__meters__removed_on=None)
    numbers = ArrayAgg("premise__meters__number", filter=is_present, default=[], order_by="premise__meters__number")
    # Which requests the customer sees follows from the claims, too; ended ones included.
    every_claim = customer.claims.with_visibility().annotate(meter_numbers=numbers).order_by("premise__esiid")
    current = [claim for claim in every_claim if claim.until is None]
    context = {"person": customer, "claims": current[:100], "usage": latest_usage(current[:MOST_WITH_USAGE])}
    waiting = Agreement.objects.of_customer(customer, every_claim).open_soonest_first().select_related("company")
    context["waiting"], context["waiting_count"] = _first_and_count(waiting)
    context |= _notices(user)
    return render(request, "home/customer.html", context)


def _notices(user: User) -> dict[str, Any]:
    # The navigation shows the count too: with it in the page's own context nothing is counted twice.
    unread, unread_count = _first_and_count(Notice.objects.unread_by(user).select_related("tdsp"), limit=3)
    return {"notices": unread, "unread_notices": unread_count}


def _first_and_count(rows: QuerySet[Any], limit: int = 5) -> tuple[list[Any], int]:
    """Return the first `limit` of `rows` and the number of all of them, in one query."""
    first = list(rows.annotate(total=Window(Count("*")))[:limit])
    return first, first[0].total if first else 0

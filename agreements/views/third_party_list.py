"""The third party's page of all its agreements: a list while it is short, else a search (SPEC 3.1)."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from agreements import listing
from agreements.forms.search import SearchForm
from agreements.listing import Tally, Wanted
from agreements.models import Agreement, AgreementQuerySet
from agreements.permissions import why_not
from agreements.search import Search
from agreements.views.third_party import own_agreements, third_party_page
from companies.views.member_page import MemberRequest

LISTED_AT_ONCE = PAGE = 25
# What an address asks for that wants the list, however long it is.
_LIST_WORDS = {"show", "status", "report", "sort", "page"}


@third_party_page
def agreements(request: MemberRequest) -> HttpResponse:
    """The list of 25 agreements or fewer; of more, the search, or the list when it is asked for (T1, T3).

    A search is posted, because 100 items and more have room there, and comes back as an address to keep or pass on.
    """
    form = _form(request)
    if form.is_bound and not form.is_valid():
        return _render(request, {"form": form, "problems": form.problems(), "searches": True})
    search = form.search() if form.is_bound else None
    if search and request.method == "POST":
        return redirect(f"{reverse('agreements')}?{search.query_string}")
    return _render(request, _listed(request, search))


def _form(request: HttpRequest) -> SearchForm:
    asked = request.POST if request.method == "POST" else request.GET
    return SearchForm(asked if request.method == "POST" or {"by", "items"} & asked.keys() else None)


def _render(request: MemberRequest, context: dict[str, Any]) -> HttpResponse:
    context["why_not_initiate"] = why_not(request.user, "may_initiate")
    return render(request, "agreements/third_party/list.html", context)


def _listed(request: MemberRequest, search: Search | None) -> dict[str, Any]:
    wanted = Wanted.of(request.GET)
    found = listing.found(own_agreements(request), search)
    tally = listing.tally(found, wanted, search)
    is_long = search is None and tally.all > LISTED_AT_ONCE
    lists = not is_long or bool(_LIST_WORDS & request.GET.keys())
    context = {
        "form": SearchForm(initial={"by": search.by, "items": search.text} if search else None),
        "search": search,
        "searches": search is not None or not lists,
        "is_long": is_long,
        "tally": tally,
        "statuses": listing.status_choices(tally),
    }
    return context | (_list(request, found, wanted, tally) if lists and tally.all else {})


def _list(request: MemberRequest, found: AgreementQuerySet, wanted: Wanted, tally: Tally) -> dict[str, Any]:
    page = _page(request, wanted.ordered(wanted.narrowed(listing.with_report_state(found.with_overdue()))), tally)
    return {
        "lists": True,
        "page": page,
        "rows": listing.list_rows(page),
        "columns": listing.columns(wanted),
        "wanted": wanted,
        "report_states": listing.REPORT_STATES.values(),
        "sorts": listing.SORTS.items(),
    }


def _page(request: HttpRequest, found: AgreementQuerySet, tally: Tally) -> Page[Agreement]:
    paginator = Paginator(found, PAGE)
    paginator.count = tally.shown  # counted already: one query less
    return paginator.get_page(request.GET.get("page"))

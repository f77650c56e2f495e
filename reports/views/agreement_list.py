"""The third party's page of all its agreements: the list while it is short, otherwise a search (T1, T3)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from agreements.forms.search import SearchForm
from agreements.permissions import why_not
from agreements.search import Search
from agreements.views.third_party import own_agreements, third_party_page
from companies.views.base import MemberRequest
from reports.agreement_list import PAGE_SIZE, ListOptions, count_agreements, list_context

# A query with one of these asks for the list, even if it is long.
LIST_PARAMETERS = {"show", "status", "report", "sort", "page"}


@third_party_page
def agreement_list(request: MemberRequest) -> HttpResponse:
    """Show the agreements, or the result of a search.

    A search is posted, because 100 items do not fit every URL, and redirects to a URL that can be kept or shared.
    """
    data = request.POST if request.method == "POST" else request.GET
    form = SearchForm(data if request.method == "POST" or {"by", "items"} & data.keys() else None)
    problems = form.error_links()
    search = form.search() if form.is_bound and not problems else None
    if search and request.method == "POST":
        return redirect(f"{reverse('agreements')}?{search.query_string}")
    context = {"form": form, "problems": problems, "searches": True} if problems else page_context(request, search)
    context["why_not_initiate"] = why_not(request.user, "may_initiate")
    return render(request, "reports/third_party/agreement_list.html", context)


def page_context(request: MemberRequest, search: Search | None) -> dict[str, Any]:
    """Return what the page shows of the company's agreements, or of those that match `search`."""
    agreements = own_agreements(request)
    if search:
        agreements = agreements.filter(search.condition())
    options = ListOptions.from_query(request.GET)
    counts = count_agreements(agreements, options, search)
    is_long = search is None and counts.all > PAGE_SIZE
    lists = not is_long or bool(LIST_PARAMETERS & request.GET.keys())
    context = {
        "form": SearchForm(initial={"by": search.by, "items": search.text} if search else None),
        "search": search,
        "searches": search is not None or not lists,
        "is_long": is_long,
        "counts": counts,
    }
    if lists and counts.all:
        context |= list_context(agreements, options, counts, request.GET.get("page"))
    return context

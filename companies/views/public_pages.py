"""Decorators of the public pages that lead into a company, all in English (T2, T13)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.language import for_companies
from companies.links import LinkProblem, LinkRefused, open_link
from companies.models import CompanyLink, CompanyLinkKind


def new_user_page(view: Callable[..., Any]) -> Callable[..., Any]:
    """Show the page to people without an account; a signed-in user reads what to do instead."""

    @for_companies
    @sensitive_post_parameters("password1", "password2")
    @never_cache
    @wraps(view)
    def page(request: HttpRequest) -> Any:
        if request.user.is_authenticated:
            return render(request, "companies/signed_in.html")
        return view(request)

    return page


def link_page(kind: CompanyLinkKind) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Pass the link behind the token to the view; a link that opens nothing gets a page with the next steps.

    A GET shows a page and changes nothing, because mail scanners follow links; a POST acts.
    """

    def decorate(view: Callable[[HttpRequest, str, CompanyLink], HttpResponse]) -> Callable[..., HttpResponse]:
        @for_companies
        @sensitive_post_parameters("password1", "password2")
        @never_cache
        @wraps(view)
        def page(request: HttpRequest, token: str) -> HttpResponse:
            try:
                response = view(request, token, open_link(token, kind))
            except LinkRefused as refusal:
                context = {"kind": kind, "reason": refusal.problem}
                status = 404 if refusal.problem == LinkProblem.UNKNOWN else 410
                response = render(request, "companies/link_over.html", context, status=status)
            response["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return page

    return decorate

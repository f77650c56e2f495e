"""The public pages on the way into a company: register it, be invited, ask to join (T13).

A one-time link's GET shows a page and changes nothing, for mail scanners follow links; its POST acts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts.models import User, signed_in
from companies import invitations, links, registration
from companies.forms.company import AcceptForm, JoinForm, RegisterForm
from companies.links import LinkRefused, Refused
from companies.models import CompanyLink, CompanyLinkKind
from companies.views.member_page import typed
from companies.wording import permission_words
from lib.client_address import client_network

STATUS = {"unknown": 404}  # else 410: it was here


def one_time_page(kind: CompanyLinkKind) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page behind a link of `kind`: never cached, and one that opens nothing has a page with the next steps."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @never_cache
        @wraps(view)
        def page(request: HttpRequest, token: str) -> HttpResponse:
            try:
                response = view(request, token)
            except LinkRefused as refusal:
                context = {"kind": kind, "reason": refusal.reason}
                status = STATUS.get(refusal.reason, 410)
                response = render(request, "companies/link_over.html", context, status=status)
            response["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return page

    return decorate


# --- Register a company -------------------------------------------------------------------------------------------


def newcomers_page(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """For people without an account; who is signed in reads what to do instead."""

    @sensitive_post_parameters("password1", "password2")
    @never_cache
    @wraps(view)
    def page(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            return render(request, "companies/signed_in.html")
        return view(request)

    return page


@newcomers_page
def company_register(request: HttpRequest) -> HttpResponse:
    """The company's profile and its first user on one page; the next page is the same whatever was sent."""
    form = RegisterForm(typed(request))
    if request.method == "POST" and form.is_valid():
        try:
            registration.register(
                form.profile(),
                form.newcomer(phone=str(form.cleaned_data["user_phone"])),
                email=form.cleaned_data["user_email"],
                language=get_language() or "en",
                network_address=client_network(request),
            )
            return redirect("company_register_sent")
        except Refused as refused:
            form.refuse(refused)
    return render(request, "companies/register.html", {"form": form})


@require_safe
def company_register_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "companies/register_sent.html", {"days": settings.COMPANY_CONFIRMATION_PERIOD.days})


@one_time_page(CompanyLinkKind.REGISTRATION)
def company_confirm(request: HttpRequest, token: str) -> HttpResponse:
    found = links.open_link(token, CompanyLinkKind.REGISTRATION)
    if request.method != "POST":
        return render(request, "companies/confirm.html", found.answers)
    company = registration.confirm(token)
    page = "registered" if company else "not_registered"
    return render(request, f"companies/{page}.html", {"company": company}, status=200 if company else 409)


# --- Take an invitation -------------------------------------------------------------------------------------------


@sensitive_post_parameters("password1", "password2")
@one_time_page(CompanyLinkKind.INVITATION)
def company_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """A form for a newcomer; one button for somebody who has an account with the invited email."""
    found = links.open_link(token, CompanyLinkKind.INVITATION)
    if User.objects.filter(email__iexact=found.email).exists():
        return _with_account(request, token, found)
    form = AcceptForm(typed(request), admission=found)
    if request.method == "POST" and form.is_valid():
        try:
            invitations.accept(token, form.newcomer())
            messages.success(request, _("Your account is ready. Sign in with your user id or email."))
            return redirect("account_login")
        except Refused as refused:
            form.refuse(refused)
    return _invitation(request, found, form=form)


def _with_account(request: HttpRequest, token: str, found: CompanyLink) -> HttpResponse:
    own = request.user.is_authenticated and signed_in(request).email.lower() == found.email.lower()
    problem = ""
    if request.method == "POST" and own:
        try:
            invitations.accept_as(token, signed_in(request))
            messages.success(request, _("You are a user of %s now.") % found.company)
            return redirect("home")
        except Refused as refused:
            problem = str(refused)
    return _invitation(request, found, own=own, has_account=True, problem=problem)


def _invitation(request: HttpRequest, found: CompanyLink, **context: Any) -> HttpResponse:
    permissions = permission_words(found.permissions)
    everything = {"admission": found, "company": found.company, "permissions": permissions, **context}
    return render(request, "companies/invitation.html", everything)


# --- Ask to join --------------------------------------------------------------------------------------------------


@newcomers_page
def company_join(request: HttpRequest) -> HttpResponse:
    """The next page is the same whether the company is here or not."""
    form = JoinForm(typed(request))
    if request.method == "POST" and form.is_valid():
        try:
            invitations.ask(**form.request(), language=get_language() or "en", network_address=client_network(request))
            return redirect("company_join_sent")
        except Refused as refused:
            form.refuse(refused)
    return render(request, "companies/join.html", {"form": form})


@require_safe
def company_join_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "companies/join_sent.html", {"days": settings.COMPANY_CONFIRMATION_PERIOD.days})


@one_time_page(CompanyLinkKind.REQUEST)
def company_join_confirm(request: HttpRequest, token: str) -> HttpResponse:
    links.open_link(token, CompanyLinkKind.REQUEST)
    if request.method == "POST":
        invitations.confirm_request(token)
        return render(request, "companies/join_confirmed.html")
    return render(request, "companies/join_confirm.html")

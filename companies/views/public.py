"""The public pages that lead into a company: registration, invitation and request to join (T2, T13)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts.language import for_companies
from accounts.models import User, signed_in
from companies import invitations, join_requests, registration, shared_mailbox
from companies.forms import CompanyRegistrationForm, InvitationAcceptanceForm, JoinRequestForm
from companies.links import LinkProblem, LinkRefused, open_link
from companies.models import CompanyLink, CompanyLinkKind
from companies.wording import describe_permissions
from lib.action_forms import ActionFormView
from lib.client_address import client_network
from lib.link_tokens import noindex
from lib.refusals import Refused


def public_page(view: Callable[..., Any]) -> Callable[..., Any]:
    """Render the page in English and uncached, and keep passwords out of error reports."""
    return for_companies(sensitive_post_parameters("password1", "password2")(never_cache(view)))


@method_decorator(public_page, name="dispatch")
class NewUserView(ActionFormView):
    """A form for people without an account; a signed-in user reads what to do instead."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return render(request, "companies/signed_in.html")
        return super().dispatch(request, *args, **kwargs)


class CompanyRegistrationView(NewUserView):
    """The company's profile and its first user; the next page is the same whether either is known."""

    form_class = CompanyRegistrationForm
    template_name = "companies/register.html"
    success_url = reverse_lazy("company_register_sent")

    def perform(self, form: Any) -> str:
        email, language, network = form.cleaned_data["user_email"], get_language() or "en", client_network(self.request)
        registration.register_company(
            form.cleaned_data, form.new_user(), email=email, language=language, network=network
        )
        return ""


class JoinRequestView(NewUserView):
    """The form; the next page is the same whether the company is registered or not."""

    form_class = JoinRequestForm
    template_name = "companies/join.html"
    success_url = reverse_lazy("company_join_sent")

    def perform(self, form: Any) -> str:
        join_requests.request_to_join(
            form.cleaned_data["company"],
            first_name=form.cleaned_data["first_name"],
            last_name=form.cleaned_data["last_name"],
            email=form.cleaned_data["user_email"],
            language=get_language() or "en",
            network=client_network(self.request),
        )
        return ""


@for_companies
@require_safe
def link_sent(request: HttpRequest, template: str) -> HttpResponse:
    """Say that a link was emailed; the page is the same whatever was entered."""
    return render(request, template, {"days": settings.COMPANY_CONFIRMATION_PERIOD.days})


def link_page(kind: CompanyLinkKind) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Pass the link behind the token to the view; a link that opens nothing gets a page with the next steps.

    A GET shows a page and changes nothing, because mail scanners follow links; a POST acts.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @public_page
        @noindex
        @wraps(view)
        def page(request: HttpRequest, token: str) -> HttpResponse:
            try:
                return view(request, token, open_link(token, kind))
            except LinkRefused as refusal:
                context = {"kind": kind, "reason": refusal.problem}
                status = 404 if refusal.problem == LinkProblem.UNKNOWN else 410
                return render(request, "companies/link_over.html", context, status=status)

        return page

    return decorate


@link_page(CompanyLinkKind.REGISTRATION)
def company_confirm(request: HttpRequest, token: str, link: CompanyLink) -> HttpResponse:
    if request.method != "POST":
        return render(request, "companies/confirm.html", link.answers)
    if company := registration.confirm_registration(token):
        return render(request, "companies/registered.html", {"company": company})
    return render(request, "companies/not_registered.html", status=409)


@link_page(CompanyLinkKind.JOIN_REQUEST)
def company_join_confirm(request: HttpRequest, token: str, link: CompanyLink) -> HttpResponse:
    if request.method != "POST":
        return render(request, "companies/join_confirm.html")
    join_requests.confirm_join_request(token)
    return render(request, "companies/join_confirmed.html")


@link_page(CompanyLinkKind.MAILBOX)
def company_mailbox_confirm(request: HttpRequest, token: str, link: CompanyLink) -> HttpResponse:
    """Confirm a company's shared mailbox; the reader doesn't need an account (T17)."""
    if request.method != "POST":
        return render(request, "companies/mailbox_confirm.html", {"link": link, "company": link.company})
    company = shared_mailbox.confirm_mailbox(token)
    return render(request, "companies/mailbox_confirmed.html", {"company": company})


@link_page(CompanyLinkKind.INVITATION)
def company_invitation(request: HttpRequest, token: str, invitation: CompanyLink) -> HttpResponse:
    """Accept an invitation: a form for a new user, a button for a person whose account has the invited email."""
    if User.objects.filter(email__iexact=invitation.email).exists():
        return _accept_with_account(request, token, invitation)
    form = InvitationAcceptanceForm(request.POST if request.method == "POST" else None, invitation=invitation)
    if request.method == "POST" and form.is_valid():
        try:
            invitations.accept_with_new_account(token, form.new_user())
            messages.success(request, _("Your account is ready. Sign in with your User ID or email."))
            return redirect("account_login")
        except Refused as refused:
            form.refuse(refused)
    return _render_invitation(request, invitation, form=form)


def _accept_with_account(request: HttpRequest, token: str, invitation: CompanyLink) -> HttpResponse:
    is_invited = request.user.is_authenticated and signed_in(request).email.lower() == invitation.email.lower()
    problem = ""
    if request.method == "POST" and is_invited:
        try:
            invitations.accept_with_account(token, signed_in(request))
            messages.success(request, _("You are now a user of %s.") % invitation.company)
            return redirect("home")
        except Refused as refused:
            problem = str(refused)
    return _render_invitation(request, invitation, own=is_invited, has_account=True, problem=problem)


def _render_invitation(request: HttpRequest, invitation: CompanyLink, **context: Any) -> HttpResponse:
    context["permissions"] = describe_permissions(invitation.permissions)
    context |= {"invitation": invitation, "company": invitation.company}
    return render(request, "companies/invitation.html", context)

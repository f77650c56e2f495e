"""Invitations: administrators send, resend and cancel them, and invited persons accept them (T2, T12, T13)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from accounts.models import User, signed_in
from companies import invitations
from companies.forms.users import InvitationAcceptanceForm, InvitationForm
from companies.models import CompanyLink, CompanyLinkKind
from companies.permissions import ONLY_APPROVED
from companies.views.base import CompanyButtonView, CompanyFormView, link_page
from companies.wording import describe_permissions
from lib.refusals import Refused


class InviteUserView(CompanyFormView):
    """Invite a person and choose what the person may do; only an approved company may."""

    form_class = InvitationForm
    template_name = "companies/invite.html"
    success_url = reverse_lazy("company_users")
    standings = ONLY_APPROVED
    initial = {"permissions": ["may_view"]}

    def perform(self, form: Any) -> str:
        email, permissions = form.cleaned_data["email"], form.cleaned_data["permissions"]
        invitations.invite_user(self.request.company, email, permissions, by=self.request.user)
        return _("Invitation sent to %s.") % email


class _InvitationButtonView(CompanyButtonView):
    http_method_names = ["post"]
    success_url = reverse_lazy("company_users")

    @cached_property
    def invitation(self) -> CompanyLink:
        return get_object_or_404(self.request.company.links.open_invitations(), pk=self.kwargs["pk"])


class InvitationResendView(_InvitationButtonView):
    """Send an invitation again."""

    def perform(self, form: Any) -> str:
        invitations.resend_invitation(self.invitation, by=self.request.user)
        return _("Invitation resent.")


class InvitationCancelView(_InvitationButtonView):
    """Cancel an invitation."""

    def perform(self, form: Any) -> str:
        invitations.cancel_invitation(self.invitation, by=self.request.user)
        return _("Invitation canceled.")


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

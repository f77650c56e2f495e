"""The public page of an invitation (T13)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.models import User, signed_in
from companies import invitations
from companies.forms.users import InvitationAcceptanceForm
from companies.models import CompanyLink, CompanyLinkKind
from companies.views.base import link_page
from companies.wording import describe_permissions
from lib.refusals import Refused


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

"""A third party's own pages: My Profile, Company Profile, Manage Users, Pending Approvals (T2, T13)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from companies import invitations, members, profile
from companies.forms.company import InviteForm, MemberProfileForm, PermissionsForm, ProfileForm, RenameForm
from companies.forms.credentials import RefusableForm
from companies.links import Refused
from companies.models import CompanyLink, Membership
from companies.views.member_page import MemberRequest, administrator_page, member_page, typed
from companies.wording import history, permission_words


@member_page
def member_profile(request: MemberRequest) -> HttpResponse:
    """Name and phone; page 2 of a new agreement is filled from them (T8)."""
    user = request.user
    initial = {name: getattr(user, name) for name in members.OWN_PROFILE}
    form = MemberProfileForm(typed(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        members.change_own_profile(user, form.cleaned_data)
        messages.success(request, _("Your profile is saved."))
        return redirect("member_profile")
    context = {"form": form, "permissions": permission_words(request.membership)}
    return render(request, "companies/member_profile.html", context)


# --- Company Profile ----------------------------------------------------------------------------------------------


@member_page
def company(request: MemberRequest) -> HttpResponse:
    """Every user sees the profile and who administers the company; administrators also what happened to it."""
    events = request.company.events.select_related("by", "about").order_by("-at", "-pk")[:50]
    administers = request.membership.is_administrator
    context = {
        "company": request.company,
        "may_edit": administers and request.company.standing in profile.NOT_SUSPENDED,
        "history": history(events) if administers else [],
        "administrators": request.company.memberships.administrators().select_related("user"),
    }
    return render(request, "companies/company.html", context)


@administrator_page
def company_edit(request: MemberRequest) -> HttpResponse:
    """What customers and the operator are told about the company; the legal name and DUNS have a page of their own."""
    profile.acting_administrator(request.user, request.company)
    form = ProfileForm(typed(request), company=request.company)
    context = {"form": form, "company": request.company}

    def save() -> str:
        changed = profile.change_profile(request.company, form.profile(), by=request.user)
        return _("The company profile is saved.") if changed else _("Nothing has changed.")

    return _done(request, form, save, "company") or render(request, "companies/company_edit.html", context)


@administrator_page
def company_rename(request: MemberRequest) -> HttpResponse:
    """Ask the operator for another legal name or DUNS: what was approved is not changed by the company itself."""
    profile.acting_administrator(request.user, request.company)
    form = RenameForm(typed(request), company=request.company)
    context = {"form": form, "company": request.company}

    def ask() -> str:
        profile.ask_to_rename(request.company, **form.cleaned_data, by=request.user)
        return _("The operator was asked. You get an email when the change is made.")

    return _done(request, form, ask, "company") or render(request, "companies/company_rename.html", context)


# --- Manage Users -------------------------------------------------------------------------------------------------


@administrator_page
def company_users(request: MemberRequest) -> HttpResponse:
    """The company's users with their permissions, and the invitations that wait."""
    found = request.company.memberships.current().select_related("user").order_by("user__last_name", "user__pk")
    invited = request.company.links.invited().with_delivery()
    context = {
        "members": [(member, permission_words(member)) for member in found],
        "invitations": [(one, permission_words(one.permissions)) for one in invited],
        "company": request.company,
    }
    return render(request, "companies/users.html", context)


@administrator_page
def company_user(request: MemberRequest, pk: int) -> HttpResponse:
    """One user's permissions."""
    member = _member(request, pk)
    form = PermissionsForm.of(member, typed(request))

    def save() -> str:
        changed = members.change_permissions(member, form.cleaned_data["permissions"], by=request.user)
        return _("The permissions are saved.") if changed else _("Nothing has changed.")

    context = {"form": form, "member": member, "company": request.company}
    return _done(request, form, save, "company_users") or render(request, "companies/user.html", context)


@administrator_page
def company_user_remove(request: MemberRequest, pk: int) -> HttpResponse:
    """GET asks whether it is meant, POST removes."""
    member = _member(request, pk)
    if request.method == "POST":
        return _act(request, lambda: members.remove(member, by=request.user), _("The user is removed."))
    return render(request, "companies/user_remove.html", {"member": member, "company": request.company})


@administrator_page
def company_invite(request: MemberRequest) -> HttpResponse:
    """Whom to invite, and what the person may do. Nobody is invited before an operator has approved the company."""
    profile.acting_administrator(request.user, request.company, standings=profile.ONLY_APPROVED)
    form = InviteForm(typed(request), initial={"permissions": ["may_view"]})

    def send() -> str:
        email, permissions = form.cleaned_data["email"], form.cleaned_data["permissions"]
        invitations.invite(request.company, email, permissions, by=request.user)
        return _("The invitation is on its way to %s.") % email

    context = {"form": form, "company": request.company}
    return _done(request, form, send, "company_users") or render(request, "companies/invite.html", context)


@administrator_page
@require_POST
def company_invitation_resend(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(request.company.links.invited(), pk=pk)
    return _act(request, lambda: invitations.send_again(found, by=request.user), _("The invitation was sent again."))


@administrator_page
@require_POST
def company_invitation_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(request.company.links.invited(), pk=pk)
    return _act(request, lambda: invitations.cancel(found, by=request.user), _("The invitation is canceled."))


# --- Pending Approvals --------------------------------------------------------------------------------------------


@administrator_page
def company_approvals(request: MemberRequest) -> HttpResponse:
    """Those who ask to join, oldest first."""
    context = {"requests": request.company.links.awaiting_approval(), "company": request.company}
    return render(request, "companies/approvals.html", context)


@administrator_page
def company_approval(request: MemberRequest, pk: int) -> HttpResponse:
    """One request to join: choose the permissions and approve, or decline."""
    found = _request(request, pk)
    form = PermissionsForm(typed(request), initial={"permissions": ["may_view"]})

    def approve() -> str:
        invitations.approve(found, form.cleaned_data["permissions"], by=request.user)
        return _("Approved. The person gets an email with a link to the account.")

    context = {"form": form, "admission": found, "company": request.company}
    page = _done(request, form, approve, "company_approvals")
    return page or render(request, "companies/approval.html", context)


@administrator_page
@require_POST
def company_approval_decline(request: MemberRequest, pk: int) -> HttpResponse:
    found = _request(request, pk)
    done = _("Declined. The person is told by email.")
    return _act(request, lambda: invitations.decline(found, by=request.user), done, "company_approvals")


def _member(request: MemberRequest, pk: int) -> Membership:
    return get_object_or_404(request.company.memberships.current().select_related("user"), pk=pk)


def _request(request: MemberRequest, pk: int) -> CompanyLink:
    return get_object_or_404(request.company.links.awaiting_approval(), pk=pk)


def _done(request: MemberRequest, form: RefusableForm, save: Callable[[], str], then: str) -> HttpResponse | None:
    # None: the form is shown, for the first time or with what is wrong.
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        messages.success(request, save())
    except Refused as refused:
        form.refuse(refused)
        return None
    return redirect(then)


def _act(request: MemberRequest, action: Callable[[], Any], done: str, then: str = "company_users") -> HttpResponse:
    try:
        action()
        messages.success(request, done)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(then)

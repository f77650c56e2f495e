"""The pages of a company's users: profiles, Manage Users, invitations and Pending Approvals (T2, T12, T13)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from companies import invitations, join_requests, members, profile, shared_mailbox
from companies.forms import (
    CompanyContactForm,
    CompanyRenameForm,
    InvitationForm,
    MemberProfileForm,
    PermissionsForm,
    SharedMailboxForm,
)
from companies.models import CompanyLink, Membership
from companies.permissions import (
    ANY_STANDING,
    NOT_SUSPENDED,
    ONLY_APPROVED,
    require_administrator,
)
from companies.views.base import CompanyButtonView, CompanyFormView, MemberRequest, member_page
from companies.wording import describe_permissions, timeline_entries
from lib.action_forms import ActionFormView


@method_decorator(member_page, name="dispatch")
class MemberProfileView(ActionFormView):
    """Name and phone, which fill in page 2 of a new agreement (T8)."""

    request: MemberRequest
    form_class = MemberProfileForm
    template_name = "companies/member_profile.html"
    success_url = reverse_lazy("member_profile")

    def get_initial(self) -> dict[str, Any]:
        return {field: getattr(self.request.user, field) for field in members.OWN_PROFILE}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        permissions = describe_permissions(self.request.membership.permissions)
        return super().get_context_data(permissions=permissions, **kwargs)

    def perform(self, form: Any) -> str:
        members.change_own_profile(self.request.user, form.cleaned_data)
        return _("Profile saved.")


@member_page
def company_detail(request: MemberRequest) -> HttpResponse:
    """Show the profile and the administrators to every user, and the history to administrators."""
    company, is_administrator = request.company, request.membership.is_administrator
    events = company.events.select_related("by", "about").order_by("-at", "-pk")[:50]
    context = {
        "company": company,
        "may_edit": is_administrator and company.standing in NOT_SUSPENDED,
        "may_set_mailbox": is_administrator,
        "history": timeline_entries(events) if is_administrator else [],
        "administrators": company.memberships.administrators().select_related("user"),
    }
    return render(request, "companies/company.html", context)


class CompanyEditView(CompanyFormView):
    """Change what customers and the operators see of the company, except the legal name and DUNS."""

    form_class = CompanyContactForm
    template_name = "companies/company_edit.html"
    success_url = reverse_lazy("company")
    standings = NOT_SUSPENDED

    def get_initial(self) -> dict[str, Any]:
        return {field: getattr(self.request.company, field) for field in profile.EDITABLE}

    def perform(self, form: Any) -> str:
        is_changed = profile.change_profile(self.request.company, form.cleaned_data, by=self.request.user)
        return _("Company profile saved.") if is_changed else _("Nothing has changed.")


class CompanyRenameView(CompanyFormView):
    """Ask the operators for another legal name or DUNS."""

    form_class = CompanyRenameForm
    template_name = "companies/company_rename.html"
    success_url = reverse_lazy("company")
    standings = NOT_SUSPENDED

    def get_initial(self) -> dict[str, Any]:
        return {field: getattr(self.request.company, field) for field in profile.REVIEWED}

    def perform(self, form: Any) -> str:
        profile.request_rename(self.request.company, **form.cleaned_data, by=self.request.user)
        return _("Request sent to the operator. We'll email you when the change is made.")


class SharedMailboxView(CompanyFormView):
    """Enter the address that gets the emails about the company's agreements, or remove it (T17)."""

    form_class = SharedMailboxForm
    template_name = "companies/mailbox.html"
    success_url = reverse_lazy("company_mailbox")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_send = self.request.company.standing in ONLY_APPROVED
        return super().get_context_data(
            waiting=self.request.company.links.open_mailboxes().last(), may_send=may_send, **kwargs
        )

    def perform(self, form: Any) -> str:
        email = form.cleaned_data["email"]
        shared_mailbox.request_mailbox(self.request.company, email, by=self.request.user)
        message = _("We've sent a link to %s. It becomes the shared mailbox when someone opens it and confirms.")
        return str(message % email)


class SharedMailboxRemovalView(CompanyButtonView):
    """Remove the shared mailbox, or cancel the confirmation of one."""

    http_method_names = ["post"]
    success_url = reverse_lazy("company_mailbox")

    def perform(self, form: Any) -> str:
        is_removed = shared_mailbox.remove_mailbox(self.request.company, by=self.request.user)
        return _("Shared mailbox removed.") if is_removed else _("The link no longer works.")


@member_page
def company_users(request: MemberRequest) -> HttpResponse:
    """List the company's users with their permissions, and the open invitations."""
    require_administrator(request.user, request.company, ANY_STANDING)
    memberships = request.company.memberships.current().select_related("user").order_by("user__last_name", "user__pk")
    open_invitations = request.company.links.open_invitations().with_is_expired().with_is_undelivered()
    context = {
        "members": [(member, describe_permissions(member.permissions)) for member in memberships],
        "invitations": [(invitation, describe_permissions(invitation.permissions)) for invitation in open_invitations],
        "company": request.company,
    }
    return render(request, "companies/users.html", context)


class _MemberView(CompanyFormView):
    success_url = reverse_lazy("company_users")

    @cached_property
    def member(self) -> Membership:
        memberships = self.request.company.memberships.current().select_related("user")
        return get_object_or_404(memberships, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(member=self.member, **kwargs)


class MemberPermissionsView(_MemberView):
    """Change a user's permissions."""

    form_class = PermissionsForm
    template_name = "companies/user.html"

    def get_initial(self) -> dict[str, Any]:
        return {"permissions": sorted(self.member.permissions)}

    def perform(self, form: Any) -> str:
        permissions = form.cleaned_data["permissions"]
        is_changed = members.change_permissions(self.member, permissions, by=self.request.user)
        return _("Permissions saved.") if is_changed else _("Nothing has changed.")


class MemberRemovalView(_MemberView, CompanyButtonView):
    """Remove a user; GET asks for confirmation."""

    template_name = "companies/user_remove.html"

    def perform(self, form: Any) -> str:
        members.remove_member(self.member, by=self.request.user)
        return _("User removed.")


class InviteUserView(CompanyFormView):
    """Invite a person and choose what the person may do; only an approved company may."""

    form_class = InvitationForm
    template_name = "companies/invite.html"
    success_url = reverse_lazy("company_users")
    standings = ONLY_APPROVED
    initial = {"permissions": ["may_view"]}

    def perform(self, form: Any) -> str:
        invitations.invite_user(self.request.company, **form.cleaned_data, by=self.request.user)
        return str(_("Invitation sent to %s.") % form.cleaned_data["email"])


class _InvitationButtonView(CompanyButtonView):
    success_url = reverse_lazy("company_users")

    @cached_property
    def invitation(self) -> CompanyLink:
        return get_object_or_404(self.request.company.links.open_invitations(), pk=self.kwargs["pk"])


class InvitationResendView(_InvitationButtonView):
    """Send an invitation again."""

    http_method_names = ["post"]

    def perform(self, form: Any) -> str:
        invitations.resend_invitation(self.invitation, by=self.request.user)
        return _("Invitation resent.")


class InvitationCancelView(_InvitationButtonView):
    """Cancel an invitation; GET asks for confirmation."""

    template_name = "companies/invitation_cancel.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(invitation=self.invitation, **kwargs)

    def perform(self, form: Any) -> str:
        invitations.cancel_invitation(self.invitation, by=self.request.user)
        return _("Invitation canceled.")


@member_page
def company_approvals(request: MemberRequest) -> HttpResponse:
    """List the requests to join, oldest first."""
    require_administrator(request.user, request.company, ANY_STANDING)
    context = {"join_requests": request.company.links.open_join_requests(), "company": request.company}
    return render(request, "companies/approvals.html", context)


class _JoinRequestView(CompanyFormView):
    success_url = reverse_lazy("company_approvals")

    @cached_property
    def join_request(self) -> CompanyLink:
        return get_object_or_404(self.request.company.links.open_join_requests(), pk=self.kwargs["pk"])


class JoinRequestApprovalView(_JoinRequestView):
    """Choose a person's permissions and approve the request to join."""

    form_class = PermissionsForm
    template_name = "companies/approval.html"
    initial = {"permissions": ["may_view"]}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(join_request=self.join_request, **kwargs)

    def perform(self, form: Any) -> str:
        permissions = form.cleaned_data["permissions"]
        join_requests.approve_join_request(self.join_request, permissions, by=self.request.user)
        return _("Request approved. We've emailed the person a link to create an account.")


class JoinRequestDeclineView(_JoinRequestView, CompanyButtonView):
    """Decline a request to join."""

    http_method_names = ["post"]

    def perform(self, form: Any) -> str:
        join_requests.decline_join_request(self.join_request, by=self.request.user)
        return _("Request declined. We've emailed the person.")

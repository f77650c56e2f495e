"""Manage Users: permissions and removal (T2, T12)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from companies import members
from companies.forms.users import PermissionsForm
from companies.models import Membership
from companies.views.base import CompanyButtonView, CompanyFormView, MemberRequest, administrator_page
from companies.wording import describe_permissions


@administrator_page
def company_users(request: MemberRequest) -> HttpResponse:
    """List the company's users with their permissions, and the open invitations."""
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

"""A third party's pages about itself: My Profile and Company Profile (T2, T13)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from companies import members, profile
from companies.forms.company import CompanyContactForm, CompanyRenameForm
from companies.forms.users import MemberProfileForm
from companies.permissions import NOT_SUSPENDED
from companies.views.base import CompanyFormView, MemberRequest, member_page
from companies.wording import describe_permissions, timeline_entries
from lib.action_form_view import ActionFormView


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

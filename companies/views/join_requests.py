"""Pending Approvals: people who ask to join the company (T2, T13)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from companies import join_requests
from companies.forms.users import PermissionsForm
from companies.models import CompanyLink
from companies.views.base import CompanyButtonView, CompanyFormView, MemberRequest, administrator_page


@administrator_page
def company_approvals(request: MemberRequest) -> HttpResponse:
    """List the requests to join, oldest first."""
    context = {"join_requests": request.company.links.open_join_requests(), "company": request.company}
    return render(request, "companies/approvals.html", context)


class JoinRequestApprovalView(CompanyFormView):
    """Choose a person's permissions and approve the request to join."""

    form_class = PermissionsForm
    template_name = "companies/approval.html"
    success_url = reverse_lazy("company_approvals")
    initial = {"permissions": ["may_view"]}

    @cached_property
    def join_request(self) -> CompanyLink:
        return get_object_or_404(self.request.company.links.open_join_requests(), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(join_request=self.join_request, **kwargs)

    def perform(self, form: Any) -> str:
        permissions = form.cleaned_data["permissions"]
        join_requests.approve_join_request(self.join_request, permissions, by=self.request.user)
        return _("Request approved. We've emailed the person a link to create an account.")


class JoinRequestDeclineView(CompanyButtonView):
    """Decline a request to join."""

    http_method_names = ["post"]
    success_url = reverse_lazy("company_approvals")

    def perform(self, form: Any) -> str:
        join_request = get_object_or_404(self.request.company.links.open_join_requests(), pk=self.kwargs["pk"])
        join_requests.decline_join_request(join_request, by=self.request.user)
        return _("Request declined. We've emailed the person.")

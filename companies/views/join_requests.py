"""Requests to join: people ask on public pages, administrators answer under Pending Approvals (T2, T13)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from companies import join_requests
from companies.forms.users import JoinRequestForm, PermissionsForm
from companies.models import CompanyLink, CompanyLinkKind
from companies.views.base import (
    CompanyButtonView,
    CompanyFormView,
    MemberRequest,
    administrator_page,
    link_page,
    new_user_page,
)
from lib.action_form_view import ActionFormView
from lib.client_address import client_network


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


@method_decorator(new_user_page, name="dispatch")
class JoinRequestView(ActionFormView):
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


@link_page(CompanyLinkKind.JOIN_REQUEST)
def company_join_confirm(request: HttpRequest, token: str, link: CompanyLink) -> HttpResponse:
    if request.method != "POST":
        return render(request, "companies/join_confirm.html")
    join_requests.confirm_join_request(token)
    return render(request, "companies/join_confirmed.html")

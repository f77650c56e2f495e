"""The public pages on which a person asks to join a company (T13)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import get_language

from companies import join_requests
from companies.forms.users import JoinRequestForm
from companies.models import CompanyLink, CompanyLinkKind
from companies.views.base import link_page, new_user_page
from lib.action_form_view import ActionFormView
from lib.client_address import client_network


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

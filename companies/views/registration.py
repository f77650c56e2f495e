"""The public pages that register a company (T13)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import get_language

from companies import registration
from companies.forms.company import CompanyRegistrationForm
from companies.models import CompanyLink, CompanyLinkKind
from companies.views.base import link_page, new_user_page
from lib.action_form_view import ActionFormView
from lib.client_address import client_network


@method_decorator(new_user_page, name="dispatch")
class CompanyRegistrationView(ActionFormView):
    """The company's profile and its first user; the next page is the same whether either is known."""

    form_class = CompanyRegistrationForm
    template_name = "companies/register.html"
    success_url = reverse_lazy("company_register_sent")

    def perform(self, form: Any) -> str:
        registration.register_company(
            form.cleaned_data,
            form.new_user(phone=str(form.cleaned_data["user_phone"])),
            email=form.cleaned_data["user_email"],
            language=get_language() or "en",
            network=client_network(self.request),
        )
        return ""


@link_page(CompanyLinkKind.REGISTRATION)
def company_confirm(request: HttpRequest, token: str, link: CompanyLink) -> HttpResponse:
    if request.method != "POST":
        return render(request, "companies/confirm.html", link.answers)
    company = registration.confirm_registration(token)
    page = "registered" if company else "not_registered"
    return render(request, f"companies/{page}.html", {"company": company}, status=200 if company else 409)

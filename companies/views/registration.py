"""The public pages that register a company (T13)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.language import for_companies
from companies import registration
from companies.forms.profile import CompanyRegistrationForm
from companies.models import CompanyLink, CompanyLinkKind
from companies.views.public_pages import link_page, new_user_page
from lib.action_form_view import ActionFormView
from lib.client_address import client_network


@method_decorator(new_user_page, name="dispatch")
class CompanyRegistrationView(ActionFormView):
    """The company's profile and its first user; the next page is the same whether either is known."""

    form_class = CompanyRegistrationForm
    template_name = "companies/register.html"
    success_url = reverse_lazy("company_register_sent")

    def perform(self, form: CompanyRegistrationForm) -> str:  # type: ignore[override]
        registration.register_company(
            form.cleaned_data,
            form.new_user(phone=str(form.cleaned_data["user_phone"])),
            email=form.cleaned_data["user_email"],
            language=get_language() or "en",
            network=client_network(self.request),
        )
        return ""


@for_companies
@require_safe
def company_register_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "companies/register_sent.html", {"days": settings.COMPANY_CONFIRMATION_PERIOD.days})


@link_page(CompanyLinkKind.REGISTRATION)
def company_confirm(request: HttpRequest, token: str, link: CompanyLink) -> HttpResponse:
    if request.method != "POST":
        return render(request, "companies/confirm.html", link.answers)
    company = registration.confirm_registration(token)
    page = "registered" if company else "not_registered"
    return render(request, f"companies/{page}.html", {"company": company}, status=200 if company else 409)

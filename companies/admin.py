"""Third parties for operators (D1, T13)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import signed_in
from companies import profile, wording
from companies.checks import check_company, similar_companies
from companies.membership_admin import MembershipAdmin, MembershipInline
from companies.models import Company, CompanyEvent, CompanyStanding, compare_fields
from companies.registration import change_standing
from companies.request_pauses import resume_requests
from lib.admin_columns import short_time, status_tag
from lib.admin_search import SearchKind, by_email, find_by
from lib.digits import bare_digits
from lib.name_scripts import lookalike_scripts
from lib.review_reasons import ReasonField
from lib.scoped_admin import EDIT, NOTHING, RolePermissions, ScopedAdmin

__all__ = ["CompanyAdmin", "MembershipAdmin"]


class CompanyActionForm(ActionForm):
    """The list's actions, with the reason that a suspension needs."""

    reason = forms.CharField(
        label=_("Reason for the suspension or refusal (the company will see it):"), max_length=500, required=False
    )


class StandingForm(forms.Form):
    """The two buttons of the page that decides about a company; a refusal or suspension needs a reason."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only for a refusal or suspension. The company will see it."),
    )

    def __init__(self, company: Company, *args: Any) -> None:
        super().__init__(*args)
        if company.is_suspended:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        decision = self.data.get("decision")
        if decision not in (CompanyStanding.APPROVED, CompanyStanding.SUSPENDED):
            raise ValidationError(_("Select one of the buttons."))
        self.cleaned_data["decision"] = CompanyStanding(decision)
        if decision == CompanyStanding.SUSPENDED and not self.cleaned_data.get("reason"):
            self.add_error("reason", _("Enter a reason. The company will see it."))
        elif decision == CompanyStanding.APPROVED:
            self.cleaned_data["reason"] = ""  # typed and not needed
        return self.cleaned_data


class ResumeForm(forms.Form):
    """Why a company may send new requests again."""

    reason = ReasonField(help_text=_("The company will see it."))


class CompanyEventInline(RolePermissions, admin.TabularInline):
    """The company's history, read-only."""

    tdsp_may = NOTHING
    model = CompanyEvent
    fields = ["at", "kind", "by", "about", "what"]
    readonly_fields = ["what"]
    ordering = ["-at", "-pk"]
    max_num = 0
    verbose_name_plural = _("history")

    @admin.display(description=_("what"))
    def what(self, event: CompanyEvent) -> str:
        return ". ".join(wording.describe_event(event))


@admin.register(Company)
class CompanyAdmin(ScopedAdmin):
    operators_may = EDIT
    tdsp_may = NOTHING
    customer_data = False
    list_display = ["legal_name", "standing_tag", "duns", "city", "email", "registered"]
    list_filter = ["standing", ("requests_paused_at", admin.EmptyFieldListFilter)]
    search_kinds = (
        SearchKind(_("a DUNS number"), bare_digits, find_by("duns__startswith")),
        by_email("email"),
        # Of few rows: a search by words reads all names.
        SearchKind(_("a part of a company's name"), lambda typed: typed, find_by("legal_name__icontains")),
    )
    readonly_fields = ["standing", "standing_reason", "registered_at", "requests_paused_at", "has_sandbox"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    inlines = [MembershipInline, CompanyEventInline]
    actions = ["approve", "suspend"]
    action_form = CompanyActionForm
    change_form_template = "admin/companies/company/change_form.html"

    @admin.display(description=_("status"), ordering="standing")
    def standing_tag(self, company: Company) -> str:
        return status_tag(company.standing, company.get_standing_display())

    @admin.display(description=_("sandbox of the API"), boolean=True)
    def has_sandbox(self, company: Company) -> bool:
        """Return whether the company tries the API with test keys; its clients are listed with the others (V15)."""
        return company.pk is not None and Company.every.filter(sandbox_of=company).exists()

    @admin.display(description=_("registered"), ordering="registered_at")
    def registered(self, company: Company) -> str:
        return short_time(company.registered_at)

    def get_urls(self) -> list[URLPattern]:
        standing = self.admin_site.admin_view(self.standing_view)
        resume = self.admin_site.admin_view(self.resume_view)
        return [
            path("<int:pk>/standing/", standing, name="companies_company_standing"),
            path("<int:pk>/resume/", resume, name="companies_company_resume"),
            *super().get_urls(),
        ]

    def standing_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what to check about the company, or approve, refuse, suspend or reinstate it."""
        company: Company = self.get_object(request, str(pk))
        if not self.has_change_permission(request, company):
            raise PermissionDenied
        form = StandingForm(company, request.POST or None)
        if form.is_valid():
            companies = Company.objects.filter(pk=company.pk)
            self._change_standing(request, companies, form.cleaned_data["decision"], form.cleaned_data["reason"])
            return HttpResponseRedirect(reverse("admin:companies_company_change", args=[company.pk]))
        context = {"form": form, "original": company, "opts": self.opts, "checks": check_company(company)}
        context |= {"similar": similar_companies(company), "email_days": settings.EMAIL_BODY_RETENTION.days}
        return TemplateResponse(request, "admin/companies/company/standing.html", context)

    def resume_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for a reason, and let a company whose requests are paused send new ones again (C8)."""
        company: Company = self.get_object(request, str(pk))
        if not self.has_change_permission(request, company):
            raise PermissionDenied
        form = ResumeForm(request.POST or None)
        if company.requests_paused_at and not form.is_valid():
            context = {"form": form, "original": company, "opts": self.opts}
            return TemplateResponse(request, "admin/companies/company/resume.html", context)
        if form.is_valid() and resume_requests(company, by=signed_in(request), reason=form.cleaned_data["reason"]):
            self.log_change(request, company, "New requests allowed again.")
            self.message_user(request, _("The company can send new requests again."), messages.SUCCESS)
        else:
            self.message_user(request, _("New requests from this company aren't paused."), messages.WARNING)
        return HttpResponseRedirect(reverse("admin:companies_company_change", args=[company.pk]))

    def save_model(self, request: HttpRequest, obj: Company, form: Any, change: bool) -> None:
        """Record the change in the company's history; a new legal name or DUNS is also emailed."""
        before = Company.objects.get(pk=obj.pk) if change else None
        super().save_model(request, obj, form, change)
        if before:
            changed = {name: getattr(obj, name) for name in profile.PROFILE if name in form.changed_data}
            profile.record_profile_change(obj, compare_fields(before, changed), by=signed_in(request))

    def response_post_save_add(self, request: HttpRequest, obj: Company) -> HttpResponseRedirect:
        """Show the new company, to which users can now be added."""
        return HttpResponseRedirect(reverse("admin:companies_company_change", args=[obj.pk]))

    @admin.action(description=_("Approve: the company can create agreements"), permissions=["change"])
    def approve(self, request: HttpRequest, companies: QuerySet[Company]) -> None:
        """Approve from the list, but not names that may imitate others: their pages point out the letters (E3)."""
        unread = [company for company in companies if lookalike_scripts(company.legal_name)]
        if unread:
            text = _("Open the company to approve it. Its name has letters that look like others: %s")
            self.message_user(request, text % ", ".join(map(str, unread)), messages.ERROR)
        checked = companies.exclude(pk__in=[company.pk for company in unread])
        self._change_standing(request, checked, CompanyStanding.APPROVED)

    @admin.action(
        description=_(
            "Suspend or refuse: the company can't create, resend, withdraw, or download, and customers can't accept"
        ),
        permissions=["change"],
    )
    def suspend(self, request: HttpRequest, companies: QuerySet[Company]) -> None:
        reason = request.POST.get("reason", "").strip()[:500]
        if not reason:
            text = _("Nothing has changed. Enter a reason next to the action. The company will see it.")
            self.message_user(request, text, messages.ERROR)
            return
        self._change_standing(request, companies, CompanyStanding.SUSPENDED, reason)

    def _change_standing(
        self, request: HttpRequest, companies: QuerySet[Company], standing: CompanyStanding, reason: str = ""
    ) -> None:
        by = signed_in(request)
        changed = [company for company in companies if change_standing(company, standing, by=by, reason=reason)]
        for company in changed:
            self.log_change(request, company, f"{standing.value.capitalize()}.")
        if changed:
            names = ", ".join(f"{company}: {company.get_standing_display()}" for company in changed)
            self.message_user(request, names, messages.SUCCESS)
        if unchanged_count := companies.count() - len(changed):
            text = ngettext("%d company was not changed.", "%d companies were not changed.", unchanged_count)
            self.message_user(request, text % unchanged_count, messages.WARNING)

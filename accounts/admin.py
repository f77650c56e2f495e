"""Users and third parties for operators; customers also for the TDSP whose premises they hold (D1, T13)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import models
from django.db.models import Model, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import actions, companies, company_words, members
from accounts.admin_forms import CompanyActionForm, MembershipForm
from accounts.customer_admin import CustomerAdmin
from accounts.look_admin import StaffLookAdmin
from accounts.models import Company, CompanyEvent, Membership, User, signed_in
from accounts.second_factor_admin import SecondFactorLost
from meters.staff_admin import EDIT, NOTHING, ByRole, ScopedAdmin

__all__ = ["CompanyAdmin", "CustomerAdmin", "StaffLookAdmin", "UserAdmin"]


@admin.register(User)
class UserAdmin(ScopedAdmin, SecondFactorLost, DjangoUserAdmin):
    """Everybody who logs in. What a person may do hangs on the company, the customer or the TDSP."""

    operators_may = EDIT
    tdsp_may = NOTHING
    list_display = ["username", "email", "first_name", "last_name", "works_for", "is_staff", "is_active"]
    list_filter = ["is_staff", "is_superuser", "is_active", "tdsp"]
    list_select_related = ["membership__company", "customer", "tdsp"]
    search_fields = ["username", "first_name", "last_name", "email"]
    search_help_text = _("User id, name or email")
    add_fieldsets = (
        (
            None,
            {
                "fields": ("username", "email", "first_name", "last_name", "phone", "language"),
                "description": _("The person first. After it, make the customer or add it to a third party."),
            },
        ),
        (_("Password"), {"fields": ("usable_password", "password1", "password2")}),
    )
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "phone", "phone_extension", "language")}),
        (
            _("Staff"),
            {
                "fields": ("is_active", "is_staff", "tdsp", "is_supervisor", "is_superuser"),
                "description": _(
                    "Staff of a TDSP see its records only. Staff without a TDSP are operators and see all. "
                    "Superusers make and change staff."
                ),
            },
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )

    @admin.display(description=_("is"))
    def works_for(self, user: User) -> str:
        for name in ("membership", "customer", "tdsp"):
            if found := getattr(user, name, None):
                return str(found.company if isinstance(found, Membership) else found)
        return str(_("Operator")) if user.is_operator else ""

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look is shown no button for a new password."""
        return ("password",) if obj is not None and not self.has_change_permission(request, obj) else None

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        hidden = self.get_exclude(request, obj) or ()
        return [
            (title, options | {"fields": [name for name in options["fields"] if name not in hidden]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        if getattr(request.user, "is_superuser", False):
            return ("last_login", "date_joined")
        # Whoever cannot do everything must not be able to make somebody who can.
        return ("last_login", "date_joined", "is_staff", "tdsp", "is_supervisor", "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever cannot make staff cannot take over its accounts either, by a new password or email."""
        staff = obj is not None and obj.is_staff and obj != request.user
        return super().has_change_permission(request, obj) and (
            not staff or bool(getattr(request.user, "is_superuser", False))
        )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        return self._noted(request, "view", super().user_change_password(request, id, form_url))


class MembershipInline(ByRole, admin.StackedInline):
    operators_may = EDIT
    tdsp_may = NOTHING
    model = Membership
    form = MembershipForm
    autocomplete_fields = ["user"]
    fields = [
        ("user", "email"),
        ("is_administrator", "may_view", "may_initiate", "may_resend_or_withdraw", "may_download"),
        ("approved_at", "ended_at"),
    ]
    readonly_fields = ["email"]
    extra = 0
    verbose_name = _("user of this company")
    verbose_name_plural = _("users of this company")

    @admin.display(description=_("email"))
    def email(self, membership: Membership) -> str:
        return membership.user.email if membership.pk else ""


class CompanyEventInline(ByRole, admin.TabularInline):
    """What happened to the company; nobody edits it."""

    tdsp_may = NOTHING
    model = CompanyEvent
    fields = ["at", "kind", "by", "about", "what"]
    readonly_fields = ["what"]
    ordering = ["-at", "-pk"]
    max_num = 0
    verbose_name_plural = _("history")

    @admin.display(description=_("what"))
    def what(self, event: CompanyEvent) -> str:
        return ". ".join(company_words.changes_of(event))


@admin.register(Company)
class CompanyAdmin(ScopedAdmin):
    operators_may = EDIT
    tdsp_may = NOTHING
    customer_data = False
    list_display = ["legal_name", "duns", "standing", "city", "email", "registered_at"]
    list_filter = ["standing"]
    search_fields = ["legal_name", "duns", "email"]
    search_help_text = _("Company name, DUNS or email")
    readonly_fields = ["standing", "standing_reason"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    inlines = [MembershipInline, CompanyEventInline]
    actions = ["approve", "suspend"]
    action_form = CompanyActionForm
    change_form_template = "admin/accounts/company/change_form.html"

    def save_model(self, request: HttpRequest, obj: Company, form: Any, change: bool) -> None:
        """The company reads in its own history what the operator changed, and by email if it is what was approved."""
        before = Company.objects.get(pk=obj.pk) if change else None
        super().save_model(request, obj, form, change)
        if before:
            changed = {name: getattr(obj, name) for name in companies.PROFILE if name in form.changed_data}
            companies.record_operators_change(obj, companies.differences(before, changed), by=signed_in(request))

    def response_change(self, request: HttpRequest, obj: Company) -> HttpResponse:
        """The page's own buttons: what the operator sees on the page is saved, and it is what is approved."""
        only_this = Company.objects.filter(pk=obj.pk)
        if "_approve" in request.POST:
            self.approve(request, only_this)
        elif "_suspend" in request.POST:
            self.suspend(request, only_this)
        else:
            return super().response_change(request, obj)
        return HttpResponseRedirect(request.path)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """An operator who adds a person has approved it. What was changed is in the company's history."""
        for membership in formset.save(commit=False):
            before = Membership.objects.filter(pk=membership.pk).first()
            if before is None and membership.approved_at is None:
                membership.approved_at = Now()
            membership.save()
            members.record_operators_change(before, membership, by=signed_in(request))
        formset.save_m2m()

    @admin.action(description=_("Approve: may initiate agreements"), permissions=["change"])
    def approve(self, request: HttpRequest, companies: QuerySet[Company]) -> None:
        self._decide(request, companies, actions.approve, "Approved.")

    @admin.action(
        description=_("Suspend or refuse: stop initiations, resends and downloads at once"), permissions=["change"]
    )
    def suspend(self, request: HttpRequest, companies: QuerySet[Company]) -> None:
        reason = request.POST.get("reason", "").strip()[:500]
        if not reason:
            text = _("Nothing was done. Type the reason beside the action: the company reads it.")
            self.message_user(request, text, messages.ERROR)
            return
        self._decide(request, companies, partial(actions.suspend, reason=reason), "Suspended.")

    def _decide(
        self, request: HttpRequest, companies: QuerySet[Company], action: Callable[..., bool], log: str
    ) -> None:
        moved = [company for company in companies if action(company, by=request.user)]
        for company in moved:
            self.log_change(request, company, log)
        if moved:
            names = ", ".join(f"{company}: {company.get_standing_display()}" for company in moved)
            self.message_user(request, names, messages.SUCCESS)
        if left := companies.count() - len(moved):
            text = ngettext("%d company was left as it is.", "%d companies were left as they are.", left)
            self.message_user(request, text % left, messages.WARNING)

"""Users, third parties and customers, for operators only (D1, T13). TDSP staff have no business here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import models
from django.db.models import Model, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import actions
from accounts.admin_forms import CustomerForm, HoldingForm, HoldingFormSet, MembershipForm
from accounts.models import Company, Customer, Holding, Membership, User
from accounts.second_factor_admin import SecondFactorLost


class OperatorsOnly:
    """Mixin for an admin or inline: whoever is tied to one TDSP sees nothing of it."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_operator(request) and super().has_module_permission(request)  # type: ignore[misc]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_operator(request) and super().has_view_permission(request, obj)  # type: ignore[misc]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        arguments = (obj,) if isinstance(self, admin.options.InlineModelAdmin) else ()
        return _is_operator(request) and super().has_add_permission(request, *arguments)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_operator(request) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Agreements stand on these records: a user is made inactive, a company suspended, a holding ended."""
        return False


def _is_operator(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_operator", False))


@admin.register(User)
class UserAdmin(OperatorsOnly, SecondFactorLost, DjangoUserAdmin):
    """Everybody who logs in. What a person may do hangs on the company, the customer or the TDSP."""

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
                "fields": ("is_active", "is_staff", "tdsp", "is_superuser", "groups", "user_permissions"),
                "description": _(
                    "Staff of a TDSP see its records only. Staff without a TDSP are operators and see all."
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

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        if getattr(request.user, "is_superuser", False):
            return ("last_login", "date_joined")
        # Whoever cannot do everything must not be able to make somebody who can.
        return ("last_login", "date_joined", "is_staff", "tdsp", "is_superuser", "groups", "user_permissions")


class MembershipInline(OperatorsOnly, admin.TabularInline):
    model = Membership
    form = MembershipForm
    autocomplete_fields = ["user"]
    extra = 0
    verbose_name = _("user of this company")
    verbose_name_plural = _("users of this company")


@admin.register(Company)
class CompanyAdmin(OperatorsOnly, admin.ModelAdmin):
    list_display = ["legal_name", "duns", "standing", "city", "email", "registered_at"]
    list_filter = ["standing"]
    search_fields = ["legal_name", "duns", "email"]
    search_help_text = _("Company name, DUNS or email")
    readonly_fields = ["standing"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    inlines = [MembershipInline]
    actions = ["approve", "suspend"]

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """An operator who adds a person has approved it; who asked to join stays as it is."""
        for membership in formset.save(commit=False):
            if membership.pk is None and membership.approved_at is None:
                membership.approved_at = Now()
            membership.save()
        formset.save_m2m()

    @admin.action(description=_("Approve: may initiate agreements"), permissions=["change"])
    def approve(self, request: HttpRequest, companies: QuerySet[Company]) -> None:
        self._decide(request, companies, actions.approve, "Approved.")

    @admin.action(description=_("Suspend: stop initiations, resends and downloads at once"), permissions=["change"])
    def suspend(self, request: HttpRequest, companies: QuerySet[Company]) -> None:
        self._decide(request, companies, actions.suspend, "Suspended.")

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


class HoldingInline(OperatorsOnly, admin.TabularInline):
    model = Holding
    form = HoldingForm
    formset = HoldingFormSet
    fields = ["premise", "held_since", "until"]
    readonly_fields = ["held_since"]
    extra = 1
    verbose_name = _("ESIID that the customer holds")
    verbose_name_plural = _("ESIIDs that the customer holds")

    @admin.display(description=_("held since"))
    def held_since(self, holding: Holding) -> str:
        return formats.date_format(timezone.localtime(holding.since), "DATETIME_FORMAT") if holding.pk else ""


@admin.register(Customer)
class CustomerAdmin(OperatorsOnly, admin.ModelAdmin):
    """A registered customer: a user, its kind, and the ESIIDs it holds."""

    form = CustomerForm
    list_display = ["__str__", "kind", "user_id_of", "email_of", "holds"]
    list_filter = ["kind"]
    list_select_related = ["user"]
    search_fields = ["user__last_name", "user__email", "user__username", "company_name", "premises__esiid__startswith"]
    search_help_text = _("Last name, email, user id, company name or ESIID")
    autocomplete_fields = ["user"]
    inlines = [HoldingInline]
    fieldsets = (
        (
            None,
            {
                "fields": ("user", "kind", "company_name", "title", "middle_initial", "suffix"),
                "description": _(
                    "A customer logs in as a user: make the user first (+), with the name and email of the account. "
                    "Below, type the ESIIDs that the customer holds. A third party finds a registered customer by "
                    "ESIID, meter number and this email."
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return super().get_queryset(request).prefetch_related("holdings__premise")

    @admin.display(description=_("user id"), ordering="user__username")
    def user_id_of(self, customer: Customer) -> str:
        return customer.user.username

    @admin.display(description=_("email"), ordering="user__email")
    def email_of(self, customer: Customer) -> str:
        return customer.user.email

    @admin.display(description=_("holds"))
    def holds(self, customer: Customer) -> str:
        return ", ".join(str(holding.premise) for holding in customer.holdings.all() if holding.until is None)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        user = form.base_fields["user"]
        assert isinstance(user, forms.ModelChoiceField)
        user.help_text = _("Somebody who works for no third party and no TDSP.")
        return form

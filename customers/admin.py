"""Registered customers, for operators and for the TDSP of their premises, and users with their roles (D1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin import UserAdmin, by_person
from accounts.models import User
from customers.claim_admin import EsiidClaimAdmin
from customers.models import ClaimDecision, Customer, EsiidClaim
from lib.admin_search import SearchKind, by_email
from lib.phone_numbers import format_phone
from lib.scoped_admin import EDIT, RolePermissions, ScopedAdmin, is_operator, tdsp_of
from meters.admin_search import parse_esiid
from meters.identifiers import normalize_esiid
from meters.models import Premise

__all__ = ["CustomerAdmin", "EsiidClaimAdmin", "UserWithRoleAdmin"]

ADMIN_FIELDS = ("kind", "company_name", "title", "middle_initial", "suffix")


class PremiseField(forms.ModelChoiceField):
    """A premise, by its ESIID as people type or paste it."""

    widget = forms.TextInput(attrs={"size": 30})
    default_error_messages = {
        "invalid_choice": _("No premise has this ESIID. Check it, or load the TDSP's premises first.")
    }

    def prepare_value(self, value: Any) -> Any:
        """Return the ESIID for a premise's key; leave what was typed as it is."""
        return Premise.objects.get(pk=value).esiid if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        if value and normalize_esiid(value) is None:
            raise ValidationError(_("Enter an ESIID with 17 or 22 digits."))
        return super().to_python(value and normalize_esiid(value))


class EsiidClaimForm(forms.ModelForm):
    premise = PremiseField(Premise.objects.without_sandbox(), to_field_name="esiid", label="ESIID")

    class Meta:
        model = EsiidClaim
        fields = ["premise", "until"]
        labels = {"until": _("until (empty if current)")}

    def clean_until(self) -> datetime | None:
        until: datetime | None = self.cleaned_data["until"]
        if until is None and self.instance.decision == ClaimDecision.REFUSED:
            raise ValidationError(_("This claim was refused. Don't change its end date. Add the ESIID in a new row."))
        return until

    def save(self, commit: bool = True) -> EsiidClaim:
        """Confirm a new claim: the operator who enters it vouches for the customer."""
        if self.instance.pk is None:
            self.instance.decision, self.instance.decided_at = ClaimDecision.CONFIRMED, timezone.now()
        claim: EsiidClaim = super().save(commit)
        return claim


class EsiidClaimFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        """Refuse the same ESIID twice: Django checks each row against the database only."""
        super().clean()
        held: set[Premise] = set()
        for form in self.forms:
            premise = form.cleaned_data.get("premise") if form.is_valid() else None
            if premise is None or form.cleaned_data.get("until"):
                continue
            if premise in held:
                form.add_error("premise", _("This ESIID is already in the table. Remove one of the two."))
            held.add(premise)


class CustomerForm(forms.ModelForm):
    class Meta:
        model = Customer
        fields = ["user", *ADMIN_FIELDS]
        help_texts = {"user": _("Someone who does not work for a third party or a TDSP.")}

    def clean_user(self) -> User:
        user: User = self.cleaned_data["user"]
        if user.represents_organization:
            raise ValidationError(
                _("This user works for a third party or a TDSP. Create a separate user for the customer.")
            )
        return user


def visible_claims(request: HttpRequest) -> QuerySet[EsiidClaim]:
    """Return the claims that the staff member may see: of a customer of two TDSPs, each sees its own premises."""
    claims = EsiidClaim.objects.select_related("premise")
    return claims if is_operator(request) else claims.filter(premise__tdsp=tdsp_of(request))


class EsiidClaimInline(RolePermissions, admin.TabularInline):
    operators_may = EDIT
    model = EsiidClaim
    form = EsiidClaimForm
    formset = EsiidClaimFormSet
    fields = ["premise", "held_since", "until"]
    readonly_fields = ["held_since"]
    extra = 1
    verbose_name = _("ESIID of this customer")
    verbose_name_plural = _("ESIIDs of this customer")

    def get_queryset(self, request: HttpRequest) -> QuerySet[EsiidClaim]:
        return visible_claims(request)

    @admin.display(description=_("since"))
    def held_since(self, claim: EsiidClaim) -> str:
        return formats.date_format(timezone.localtime(claim.since), "DATETIME_FORMAT") if claim.pk else ""


def find_holders(request: HttpRequest, customers: QuerySet[Customer], esiid: str) -> QuerySet[Customer]:
    """Return the customers who have or had the ESIID; a TDSP's staff find only its own ESIIDs."""
    return customers.filter(pk__in=visible_claims(request).filter(premise__esiid__startswith=esiid).values("customer"))


BY_OWN_ESIID = SearchKind(_("an ESIID"), parse_esiid, find_holders)
NEW_CUSTOMER = _(
    "A customer signs in as a user. Create the user first (+), with the name and email of the account. Then enter the "
    "customer's ESIIDs below. A third party finds a registered customer by ESIID, meter number, and this email."
)


@admin.register(Customer)
class CustomerAdmin(ScopedAdmin):
    """A registered customer: a user, the kind of customer, and the ESIIDs."""

    operators_may = EDIT
    form = CustomerForm
    list_display = ["__str__", "kind", "user_id_of", "email_of", "esiids"]
    list_filter = ["kind"]
    list_select_related = ["user"]
    search_kinds = (BY_OWN_ESIID, by_email("user__email"), by_person("user"))
    autocomplete_fields = ["user"]
    inlines = [EsiidClaimInline]
    fieldsets = ((None, {"fields": ("user", *ADMIN_FIELDS), "description": NEW_CUSTOMER}),)

    def leave_out_sandbox(self, records: QuerySet[Any]) -> QuerySet[Any]:
        return records.filter(user__is_person=True)

    def limit_to_tdsp(self, request: HttpRequest, records: QuerySet[Any]) -> QuerySet[Any]:
        return records.filter(Exists(visible_claims(request).filter(customer=OuterRef("pk"), until=None)))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return super().get_queryset(request).prefetch_related(Prefetch("claims", visible_claims(request)))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if is_operator(request):
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": ["__str__", "user_id_of", "email_of", "phone_of", *ADMIN_FIELDS]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [] if is_operator(request) else ["__str__", "user_id_of", "email_of", "phone_of", *ADMIN_FIELDS]

    @admin.display(description=_("User ID"), ordering="user__username")
    def user_id_of(self, customer: Customer) -> str:
        return customer.user.username

    @admin.display(description=_("email"), ordering="user__email")
    def email_of(self, customer: Customer) -> str:
        return customer.user.email

    @admin.display(description=_("phone"))
    def phone_of(self, customer: Customer) -> str:
        return format_phone(customer.user.phone_with_extension)

    @admin.display(description=_("ESIIDs"))
    def esiids(self, customer: Customer) -> str:
        return ", ".join(str(claim.premise) for claim in customer.claims.all() if claim.until is None)


@admin.register(User)
class UserWithRoleAdmin(UserAdmin):
    list_display = ["username", "email", "first_name", "last_name", "role", "is_staff", "is_active"]
    list_select_related = ["membership__company", "customer", "tdsp"]

    @admin.display(description=_("role"))
    def role(self, user: User) -> str:
        if membership := getattr(user, "membership", None):
            return str(membership.company)
        role = getattr(user, "customer", None) or user.tdsp or (_("Operator") if user.is_operator else "")
        return str(role)

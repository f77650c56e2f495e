"""The admin of TDSPs, premises and meters (D1, D2). Usage has none: only imports write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet, URLField
from django.utils.translation import gettext_lazy as _

from lib.admin_search import SearchKind, find_by
from lib.phone_numbers import format_phone
from lib.scoped_admin import EDIT, RolePermissions, ScopedAdmin
from meters.admin_search import by_address, by_esiid, by_meter_number, parse_meter_number
from meters.form_fields import MeterNumberField
from meters.identifiers import mask_esiid
from meters.models import ElectricityProvider, Meter, Premise, Tdsp
from meters.upload_admin import UploadAdmin

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["ElectricityProviderAdmin", "UploadAdmin", "MeterAdmin", "PremiseAdmin", "TdspAdmin"]


class MeterAdminForm(forms.ModelForm):
    number = MeterNumberField(label=_("Meter number"))

    class Meta:
        model = Meter
        fields = ["premise", "number", "installed_on", "removed_on"]


class MeterInline(RolePermissions, admin.TabularInline):
    operators_may = tdsp_may = EDIT
    model = Meter
    form = MeterAdminForm
    extra = 0
    can_delete = False


@admin.register(Tdsp)
class TdspAdmin(ScopedAdmin):
    operators_may = EDIT
    tdsp_path = "pk"
    customer_data = False
    list_display = ["name", "duns", "phone", "website"]
    search_fields = ["name", "duns"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    @admin.display(description=_("customer line"), ordering="contact_phone")
    def phone(self, tdsp: Tdsp) -> str:
        return format_phone(tdsp.contact_phone)


@admin.register(ElectricityProvider)
class ElectricityProviderAdmin(ScopedAdmin):
    """The names that customers may enter for their electricity provider (X7)."""

    operators_may = EDIT
    customer_data = False
    list_display = ["name", "certificate_number"]
    search_fields = ["name", "certificate_number"]

    def limit_to_tdsp(self, request: HttpRequest, records: QuerySet[Any]) -> QuerySet[Any]:
        return records


class FixedValuesFilter(admin.SimpleListFilter):
    """Offers the values that ERCOT's extract has: those on record take the whole table to find."""

    values: ClassVar[tuple[str, ...]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, value) for value in self.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() in self.values else queryset


class StatusFilter(FixedValuesFilter):
    title, parameter_name = _("status"), "status"
    values = ("Active", "De-Energized", "Inactive")


class PremiseTypeFilter(FixedValuesFilter):
    title, parameter_name = _("premise type"), "premise_type"
    values = ("Residential", "Small Non-Residential", "Large Non-Residential")


@admin.register(Premise)
class PremiseAdmin(ScopedAdmin):
    """A premise is never deleted, because agreements and usage refer to it. The extract makes it Inactive."""

    operators_may = tdsp_may = EDIT
    tdsp_path = "tdsp"
    operators_filters = ("tdsp",)
    list_display = ["esiid", "whole_address", "status", "premise_type", "tdsp"]
    list_filter = ["tdsp", StatusFilter, PremiseTypeFilter]
    list_select_related = ["tdsp"]
    search_kinds = (by_esiid("esiid"), by_meter_number("pk"), by_address("pk"))
    inlines = [MeterInline]

    @admin.display(description=_("address"))
    def whole_address(self, premise: Premise) -> str:
        return premise.service_address

    def log_label(self, record: Premise) -> str:
        return mask_esiid(record.esiid)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["esiid", "tdsp"] if obj else []


@admin.register(Meter)
class MeterAdmin(ScopedAdmin):
    operators_may = tdsp_may = EDIT
    tdsp_path = "premise__tdsp"
    form = MeterAdminForm
    list_display = ["number", "esiid", "installed_on", "removed_on"]
    list_select_related = ["premise"]
    search_kinds = (
        by_esiid("premise__esiid"),
        SearchKind(_("a meter number"), parse_meter_number, find_by("number")),
        by_address("premise"),
    )
    autocomplete_fields = ["premise"]

    @admin.display(description="ESIID", ordering="premise__esiid")
    def esiid(self, meter: Meter) -> str:
        return meter.premise.esiid

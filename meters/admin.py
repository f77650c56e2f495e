"""TDSPs, premises and meters for staff (D1). Usage is not here: only its loader writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet, URLField
from django.utils.translation import gettext_lazy as _

from meters.identifiers import normal_esiid, normal_meter_number
from meters.models import Meter, Premise, Tdsp

if TYPE_CHECKING:
    from django.http import HttpRequest


def _own(request: HttpRequest, records: QuerySet[Any], tdsp: str) -> QuerySet[Any]:
    """Those of `records` whose TDSP, found along the path `tdsp`, is the staff member's; all for an operator (D1)."""
    own = getattr(request.user, "tdsp_id", None)
    return records if own is None else records.filter(**{tdsp: own})


class MeterForm(forms.ModelForm):
    class Meta:
        model = Meter
        fields = ["premise", "number", "installed_on", "removed_on"]

    def clean_number(self) -> str:
        number = normal_meter_number(self.cleaned_data["number"])
        if number is None:
            raise ValidationError(_("A meter number has 1 to 20 letters and digits. Correct it."))
        return number


class MeterInline(admin.TabularInline):
    model = Meter
    form = MeterForm
    extra = 0
    can_delete = False


@admin.register(Tdsp)
class TdspAdmin(admin.ModelAdmin):
    list_display = ["name", "duns", "contact_phone", "website"]
    search_fields = ["name", "duns"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tdsp]:
        return _own(request, super().get_queryset(request), "pk")


@admin.register(Premise)
class PremiseAdmin(admin.ModelAdmin):
    """A premise is never deleted: agreements and usage stand on it. The extract makes it Inactive."""

    list_display = ["esiid", "address", "city", "zip_code", "tdsp", "status", "service_since"]
    list_filter = ["tdsp", "status", "premise_type"]
    list_select_related = ["tdsp"]
    search_fields = ["esiid__startswith", "meters__number__startswith", "address__icontains"]
    search_help_text = _("ESIID, meter number or address")
    show_full_result_count = False  # millions
    inlines = [MeterInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Premise]:
        return _own(request, super().get_queryset(request), "tdsp")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An ESIID may be pasted as a spreadsheet shows it."""
        return super().get_search_results(request, queryset, normal_esiid(search_term) or search_term)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["esiid", "tdsp"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Meter)
class MeterAdmin(admin.ModelAdmin):
    form = MeterForm
    list_display = ["number", "esiid", "installed_on", "removed_on"]
    list_select_related = ["premise"]
    search_fields = ["number__startswith", "premise__esiid__startswith"]
    search_help_text = _("Meter number or ESIID")
    show_full_result_count = False
    autocomplete_fields = ["premise"]

    @admin.display(description="ESIID", ordering="premise__esiid")
    def esiid(self, meter: Meter) -> str:
        return meter.premise.esiid

    def get_queryset(self, request: HttpRequest) -> QuerySet[Meter]:
        return _own(request, super().get_queryset(request), "premise__tdsp")

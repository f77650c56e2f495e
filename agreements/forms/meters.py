"""The rows of meters on page 1: three at first, twenty at most (T4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from agreements.request_data import MeterRow
from lib.action_forms import ShowsRefusals
from lib.refusals import Problem
from meters.form_fields import EsiidField, MeterNumberField

ROWS_AT_FIRST = 3
# A browser must neither suggest nor store the customer's data, which is not the user's own.
_PRIVATE = {"autocomplete": "off"}


class MeterRowForm(ShowsRefusals):
    """One meter by its ESIID and number. An empty row is left out; a half-filled one is an error."""

    problem: Problem | None = None  # why the rules refused this row

    required_messages = {
        "esiid": _("Enter the ESIID, or clear this row."),
        "meter_number": _("Enter the meter number, or clear this row."),
    }

    esiid = EsiidField(
        label="ESIID", widget=forms.TextInput({**_PRIVATE, "inputmode": "numeric", "spellcheck": "false"})
    )
    meter_number = MeterNumberField(
        label=_("Meter number"),
        widget=forms.TextInput({**_PRIVATE, "autocapitalize": "characters", "spellcheck": "false"}),
    )


if TYPE_CHECKING:
    _FormSet = forms.BaseFormSet[MeterRowForm]
else:
    _FormSet = forms.BaseFormSet  # takes no type at run time


class BaseMeterFormSet(_FormSet):
    default_error_messages = {
        "missing_management_form": _("We didn't receive the list of meters. Enter the meters again."),
        "too_many_forms": _("Enter %(num)d meters or fewer. Use another form for the rest."),
    }

    def initial_form_count(self) -> int:
        """Return 0, so that any row may be emptied again."""
        return 0

    def clean(self) -> None:
        if not any(self.errors) and not any(form.has_changed() for form in self.forms):
            raise ValidationError(_("Enter the ESIID and meter number of at least one meter."), code="no_meter")

    def rows(self) -> tuple[MeterRow, ...]:
        """Return the filled rows with their numbers on the form."""
        filled = ((number, form.cleaned_data) for number, form in enumerate(self.forms, 1) if form.has_changed())
        return tuple(MeterRow(number, data["esiid"], data["meter_number"]) for number, data in filled)


def meter_formset(
    data: QueryDict | None, rows: list[dict[str, str]] | None = None, count: int = ROWS_AT_FIRST
) -> BaseMeterFormSet:
    most = settings.AGREEMENT_METERS_PER_FORM
    factory = forms.formset_factory(
        MeterRowForm,
        formset=BaseMeterFormSet,
        extra=min(count, most),
        max_num=most,
        absolute_max=most,
        validate_max=True,
    )
    return cast(BaseMeterFormSet, factory(data, initial=rows, prefix="meters"))


def entered_rows(data: QueryDict) -> list[dict[str, str]]:
    """Return the unchecked rows, at most as many as a form takes."""
    total = data.get("meters-TOTAL_FORMS", "")
    count = int(total) if re.fullmatch(r"[0-9]{1,3}", total) else 0
    return [
        {name: data.get(f"meters-{row}-{name}", "") for name in MeterRowForm.base_fields}
        for row in range(min(count, settings.AGREEMENT_METERS_PER_FORM))
    ]

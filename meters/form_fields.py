"""Form fields for the identifiers of meters, as people type or paste them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from meters.identifiers import normalize_esiid, normalize_meter_number


class EsiidField(forms.CharField):
    """Cleans an ESIID to its 17 or 22 digits."""

    default_error_messages = {
        "invalid": _("Enter an ESIID with 17 or 22 digits. It's on the customer's electricity bill.")
    }

    def to_python(self, value: Any) -> str:
        return _normalize(self, normalize_esiid, str(super().to_python(value)))


class MeterNumberField(forms.CharField):
    """Cleans a meter number to the form in which it is stored."""

    default_error_messages = {
        "invalid": _(
            "Enter a meter number with up to 20 letters and numbers. It's on the meter and on the electricity bill."
        )
    }

    def to_python(self, value: Any) -> str:
        return _normalize(self, normalize_meter_number, str(super().to_python(value)))


def _normalize(field: forms.CharField, normalize: Callable[[str], str | None], typed: str) -> str:
    normalized = normalize(typed) if typed else ""
    if normalized is None:
        raise ValidationError(field.error_messages["invalid"], code="invalid")
    return normalized

"""Form fields for what people type or paste about meters: cleaned, or refused with the next step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from meters.identifiers import normal_esiid, normal_meter_number


class EsiidField(forms.CharField):
    """An ESIID as typed or pasted; gives its 17 or 22 digits."""

    default_error_messages = {
        "invalid": _("Enter an ESIID with 17 or 22 digits. It's on the customer's electricity bill.")
    }

    def to_python(self, value: Any) -> str:
        return _normal(self, normal_esiid, str(super().to_python(value)))


class MeterNumberField(forms.CharField):
    """A meter number as typed or pasted; gives it as it is kept for matching."""

    default_error_messages = {
        "invalid": _(
            "Enter a meter number with up to 20 letters and numbers. It's on the meter and on the electricity bill."
        )
    }

    def to_python(self, value: Any) -> str:
        return _normal(self, normal_meter_number, str(super().to_python(value)))


def _normal(field: forms.CharField, normal: Callable[[str], str | None], typed: str) -> str:
    if typed and normal(typed) is None:
        raise ValidationError(field.error_messages["invalid"], code="invalid")
    return normal(typed) or "" if typed else ""

"""The reason that staff give for a decision, which everyone concerned reads (X1, X7)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

REASON_LENGTH = 500
_MISSING = _("Enter a reason. Both sides will see it.")


class ReasonField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 4, "cols": 60})
        messages = {"required": _MISSING}
        super().__init__(label=_("Reason"), max_length=REASON_LENGTH, widget=widget, error_messages=messages, **options)


def clean_reason(reason: str) -> str:
    """Return `reason` without blanks around it. Raises ValidationError if it is empty or too long."""
    reason = reason.strip()
    if not reason:
        raise ValidationError(_MISSING)
    if len(reason) > REASON_LENGTH:
        raise ValidationError(_("Enter a reason with %d characters or fewer.") % REASON_LENGTH)
    return reason

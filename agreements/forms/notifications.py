"""Which emails about agreements a user of a third party gets (T17)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.models import CompanyEmail, EmailTiming, NotificationSettings
from lib.action_forms import ShowsRefusals

OWN, ALL = "own", "all"


class NotificationForm(ShowsRefusals):
    """One choice for each kind of email; the name of its field is the kind."""

    covers_company = forms.ChoiceField(
        label=_("Agreements"),
        choices=[
            (OWN, _("Agreements where I'm the contact")),
            (ALL, _("All of my company's agreements")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose which agreements you want emails about."),
            "invalid_choice": _("Choose which agreements you want emails about."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in CompanyEmail:
            message = _("Choose when you want this email.")
            self.fields[kind.value] = forms.ChoiceField(
                label=kind.label,
                choices=EmailTiming.choices,
                error_messages={"required": message, "invalid_choice": message},
            )

    @staticmethod
    def initial_of(settings: NotificationSettings) -> dict[str, str]:
        """Return the form's values for what a user has chosen."""
        timings = {kind: settings.timing(kind).value for kind in CompanyEmail.values}
        return {"covers_company": ALL if settings.covers_company else OWN, **timings}

    def timing_fields(self) -> list[forms.BoundField]:
        return [self[kind] for kind in CompanyEmail.values]

    def clean_covers_company(self) -> bool:
        return bool(self.cleaned_data["covers_company"] == ALL)

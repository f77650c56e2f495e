"""What an administrator enters about webhook endpoints and deliveries (W4, W6, W9). Forms parse; actions decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from api.endpoints import EndpointProfile
from api.models import EventType, WebhookEndpoint
from api.models.webhook import ALL_TYPES
from lib.action_forms import ShowsRefusals
from lib.form_fields import LineField

_TYPES = [(ALL_TYPES, gettext_lazy("All events, including new types")), *EventType.choices]
_OVERLAPS = [
    (0, gettext_lazy("Not at all")),
    (1, gettext_lazy("1 hour")),
    (24, gettext_lazy("24 hours")),
    (168, gettext_lazy("7 days")),
]
_HOURS = [
    (1, gettext_lazy("The last hour")),
    (24, gettext_lazy("The last 24 hours")),
    (24 * 7, gettext_lazy("The last 7 days")),
    (24 * 30, gettext_lazy("The last 30 days")),
]
_CHOICE = {"invalid_choice": gettext_lazy("Choose a period from the list.")}


class EndpointForm(ShowsRefusals):
    """A URL and the events that it gets."""

    required_messages = {
        "url": gettext_lazy("Enter the URL of your server."),
        "types": gettext_lazy("Choose at least one event."),
    }

    url = LineField(
        label=gettext_lazy("URL"),
        help_text=gettext_lazy("It starts with https:// and can be reached from the internet."),
        max_length=500,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
    )
    description = LineField(label=gettext_lazy("Description"), max_length=100, required=False)
    types = forms.MultipleChoiceField(label=gettext_lazy("Events"), choices=_TYPES, widget=forms.CheckboxSelectMultiple)

    def profile(self) -> EndpointProfile:
        """Return the profile of a valid form."""
        data = self.cleaned_data
        types = [ALL_TYPES] if ALL_TYPES in data["types"] else data["types"]
        return EndpointProfile(data["url"], types, data["description"])

    @staticmethod
    def initial_of(endpoint: WebhookEndpoint) -> dict[str, Any]:
        return {"url": endpoint.url, "description": endpoint.description, "types": endpoint.types}


class EndpointChangeForm(EndpointForm):
    """The same, and whether it gets events now."""

    is_enabled = forms.BooleanField(label=gettext_lazy("Send events to this endpoint"), required=False)

    @staticmethod
    def initial_of(endpoint: WebhookEndpoint) -> dict[str, Any]:
        return EndpointForm.initial_of(endpoint) | {"is_enabled": endpoint.disabled_at is None}


class SecretReplacementForm(ShowsRefusals):
    """For how long deliveries are signed with the old secret, too."""

    overlap_hours = forms.TypedChoiceField(
        label=gettext_lazy("How long we also sign with the old secret"),
        choices=_OVERLAPS,
        coerce=int,
        initial=24,
        error_messages=_CHOICE,
    )

    def overlap(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["overlap_hours"])


class ReplayForm(ShowsRefusals):
    """Which deliveries are sent once more."""

    hours = forms.TypedChoiceField(
        label=gettext_lazy("Deliveries of"), choices=_HOURS, coerce=int, initial=24, error_messages=_CHOICE
    )
    only_failed = forms.BooleanField(label=gettext_lazy("Only failed deliveries"), initial=True, required=False)

    def period(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["hours"])

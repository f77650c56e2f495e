"""What an administrator enters about an API client and its keys (P1, P5, P6). Forms parse; actions decide."""

from __future__ import annotations

import uuid
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from api.clients import ClientProfile
from api.models import ApiClient, Environment
from api.scopes import SCOPE_CHOICES
from lib.action_forms import ShowsRefusals
from lib.form_fields import EmailLineField, NameField, ParagraphField, PhoneField
from lib.phone_numbers import phone_text

MOST_NETWORKS = 20
_DAYS = [(days, gettext_lazy("%(days)d days") % {"days": days}) for days in settings.API_KEY_DAYS]
_OVERLAPS = [
    (0, gettext_lazy("It stops working right away")),
    (1, gettext_lazy("1 hour")),
    (24, gettext_lazy("24 hours")),
    (24 * 7, gettext_lazy("7 days")),
    (24 * 30, gettext_lazy("30 days")),
]


class NetworksField(ParagraphField):
    """Networks, one a line, as their text; empty for every network."""

    def clean(self, value: Any) -> tuple[str, ...]:
        words = str(super().clean(value)).replace(",", " ").split()
        try:
            networks = tuple(dict.fromkeys(str(ip_network(word, strict=False)) for word in words))
        except ValueError as error:
            message = _("Enter each network as an address or in CIDR notation, such as 203.0.113.0/24.")
            raise ValidationError(message) from error
        if len(networks) > MOST_NETWORKS:
            raise ValidationError(_("Enter %d networks or fewer.") % MOST_NETWORKS)
        return networks


class ClientForm(ShowsRefusals):
    """A client's profile and scopes."""

    required_messages = {
        "name": gettext_lazy("Enter a name for the API client."),
        "contact_name": gettext_lazy("Enter the name of a person whom customers can contact."),
        "contact_phone": gettext_lazy("Enter a phone number that customers can call."),
        "contact_email": gettext_lazy("Enter an email address that customers can write to."),
        "scopes": gettext_lazy("Choose at least one permission."),
    }

    name = NameField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy(
            "The system that will use it, such as CRM. Your company, the utility, and customers will see it."
        ),
        max_length=60,
    )
    contact_name = NameField(of_person=True, label=gettext_lazy("Contact name"), max_length=120)
    contact_phone = PhoneField(label=gettext_lazy("Contact phone"), autocomplete="off")
    contact_email = EmailLineField(label=gettext_lazy("Contact email"))
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Permissions"), choices=SCOPE_CHOICES, widget=forms.CheckboxSelectMultiple
    )
    allowed_networks = NetworksField(
        label=gettext_lazy("Allowed networks"),
        help_text=gettext_lazy(
            "One network per line, such as 203.0.113.0/24. If you leave it empty, requests can come from anywhere."
        ),
        max_length=1000,
        required=False,
        widget=forms.Textarea({"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )

    def profile(self) -> ClientProfile:
        """Return the profile of a valid form."""
        data = self.cleaned_data
        return ClientProfile(
            name=data["name"],
            contact_name=data["contact_name"],
            contact_phone=phone_text(data["contact_phone"]),
            contact_email=data["contact_email"],
            scopes=tuple(data["scopes"]),
            allowed_networks=data["allowed_networks"],
        )

    @staticmethod
    def initial_of(client: ApiClient) -> dict[str, Any]:
        return {
            "name": client.name,
            "contact_name": client.contact_name,
            "contact_phone": client.contact_phone,
            "contact_email": client.contact_email,
            "scopes": client.scopes,
            "allowed_networks": "\n".join(client.allowed_networks),
        }


class NewKeyForm(ShowsRefusals):
    """How long a new key is valid. The hidden id of the page lets it create one key only."""

    key_days = forms.TypedChoiceField(
        label=gettext_lazy("The key is valid for"),
        choices=_DAYS,
        coerce=int,
        initial=365,
        error_messages={"invalid_choice": gettext_lazy("Choose a period from the list.")},
    )
    form_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class ClientCreationForm(ClientForm, NewKeyForm):
    """A new client with its first key, for live agreements or for the sandbox if the portal has one (V15)."""

    environment = forms.ChoiceField(
        label=gettext_lazy("What is it for?"),
        choices=[
            (Environment.LIVE, gettext_lazy("Live – for agreements with customers")),
            (Environment.TEST, gettext_lazy("Test – only for the sandbox, with test ESIIDs")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose live or test.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.SANDBOX_ENABLED:
            del self.fields["environment"]

    def chosen_environment(self) -> Environment:
        return Environment(self.cleaned_data.get("environment", Environment.LIVE))


class KeyReplacementForm(NewKeyForm):
    """A further key, and when the one that it replaces ends."""

    overlap_hours = forms.TypedChoiceField(
        label=gettext_lazy("How long the old key keeps working"),
        choices=_OVERLAPS,
        coerce=int,
        initial=24,
        error_messages={"invalid_choice": gettext_lazy("Choose a period from the list.")},
    )

    def overlap(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["overlap_hours"])

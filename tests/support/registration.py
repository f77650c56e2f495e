"""What the tests of registration type, and how they read the confirmation email."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from lib import link_tokens
from meters.models import Meter
from notifications.models import Email

PASSWORD = "mockingbird porch swing"


def typed(meter: Meter | None, **changes: Any) -> dict[str, Any]:
    """A form filled in by Rosa Delgado; `meter` None leaves the meter out.

    The provider is any: as long as none is on record, none is wrong.
    """
    form = {
        "first_name": "Rosa",
        "middle_initial": "M.",
        "last_name": "Delgado",
        "suffix": "",
        "phone": "512-555-0102",
        "phone_extension": "12",
        "email": "rosa@example.net",
        "email_again": "Rosa@example.net",
        "language": "en",
        "username": "rosa.delgado",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "provider": "Bright Star Energy",
    }
    if meter:
        form |= {"esiid": meter.premise.esiid, "meter_number": meter.number}
    return form | changes


def register(client: Client, meter: Meter | None, *, kind: str = "residential", **changes: Any) -> Any:
    return client.post(reverse("register_as", args=[kind]), typed(meter, **changes))


def confirmation_link(address: str = "rosa@example.net") -> str:
    """The path of the link in the last confirmation email to `address`, as a mail program would show it."""
    email = Email.objects.filter(kind="REGISTRATION", to_address=address).latest("pk")
    assert email.link_nonce is not None
    token = link_tokens.derive_token(bytes(email.link_nonce), email.link_purpose)
    found = re.search(r"https?://[^/]+(/\S+)", email.text.replace(email.placeholder, token))
    assert found and email.placeholder in email.html
    return found[1]


def log_in(client: Client, login: str, password: str = PASSWORD) -> Any:
    return client.post(reverse("account_login"), {"login": login, "password": password})

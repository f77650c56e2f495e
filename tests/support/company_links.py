"""What the tests of companies type, and how they follow the links in the emails."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from companies.models import CompanyLink
from lib import link_tokens
from notifications.models import Email
from tests.support.registration import PASSWORD

OWNER = "ana@caddo-solar.example"
PERMISSION_FIELDS = ("may_view", "may_initiate", "may_resend_or_withdraw", "may_download", "is_administrator")


def company_form(**changes: Any) -> dict[str, Any]:
    """The form of Caddo Solar and its first administrator, Ana Reyna."""
    return {
        "legal_name": "Caddo Solar LLC",
        "duns": "98-765-4321",
        "street": "12 Pine Street",
        "city": "Marshall",
        "state": "TX",
        "zip_code": "75670",
        "phone": "903-555-0100",
        "email": "info@caddo-solar.example",
        "privacy_policy_url": "caddo-solar.example/privacy",
        "first_name": "Ana",
        "last_name": "Reyna",
        "user_phone": "903-555-0101",
        "user_email": OWNER,
        "user_email_again": OWNER.upper(),
        "username": "ana.reyna",
        "password1": PASSWORD,
        "password2": PASSWORD,
    } | changes


def register_company(client: Client, **changes: Any) -> Any:
    return client.post(reverse("company_register"), company_form(**changes))


def account_form(**changes: Any) -> dict[str, Any]:
    """What an invited person types."""
    return {
        "first_name": "Ben",
        "last_name": "Ortiz",
        "username": "ben.ortiz",
        "password1": PASSWORD,
        "password2": PASSWORD,
    } | changes


def ask_to_join(client: Client, company: str, **changes: Any) -> Any:
    email = changes.pop("email", "cy@caddo-solar.example")
    form = {"company": company, "first_name": "Cy", "last_name": "Lund"}
    return client.post(reverse("company_join"), form | {"user_email": email, "user_email_again": email} | changes)


def link_token(link: CompanyLink) -> str:
    """The token of the link that was emailed for `link`."""
    return link_tokens.derive_token(bytes(link.link_nonce), link_tokens.ACCOUNT_LINK)


def last_link_to(kind: str, to: str) -> str:
    """The path of the one-time link in the last email of `kind` to `to`, as a mail program would show it."""
    email = Email.objects.filter(kind=kind, to_address=to).latest("pk")
    assert email.link_nonce is not None
    token = link_tokens.derive_token(bytes(email.link_nonce), email.link_purpose)
    found = re.search(r"https?://[^/]+(/third-party/\S+)", email.text.replace(email.placeholder, token))
    assert found and token in found[1] and email.placeholder in email.html
    return found[1]


def email_kinds_to(address: str) -> list[str]:
    """The kinds of the emails to `address`, oldest first."""
    return list(Email.objects.filter(to_address=address).order_by("pk").values_list("kind", flat=True))


def confirm(client: Client, email: str = OWNER) -> Any:
    """Open the link that confirms a company's registration, and press the button."""
    return client.post(last_link_to("COMPANY_CONFIRM", email))

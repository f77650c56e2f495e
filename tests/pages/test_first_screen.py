"""On a phone, a page begins in the first half of the screen, also for somebody who is signed in (A1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from customers.models import CustomerKind
from lib import link_tokens
from tests.agreements.test_decision_words import requests
from tests.pages.visits import Visit, visit_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PHONES = [(320, 640), (390, 844)]
MAIN_PAGES = {
    "anonymous": ["home", "account_login", "register", "help_faq"],
    "customer": ["home", "customer_agreements", "usage", "my_meters", "customer_profile", "notices"],
    "member": ["home", "agreements", "agreement_new", "company", "company_users", "member_profile"],
    "TDSP": ["home", "account_email"],
    "operator": ["home"],
}
TOP = "() => document.querySelector('h1').getBoundingClientRect().bottom"

EDGES = """() => [[".terms", "bottom"], [".answer__bar", "top"], [".answer__bar", "bottom"]].map(
    ([part, edge]) => document.querySelector(part).getBoundingClientRect()[edge])"""


@pytest.mark.parametrize("role", MAIN_PAGES)
def test_the_heading_is_in_the_first_half_of_a_phone(screen: Any, filled: Any, settings: Settings, role: str) -> None:
    """A1: below the demo's bar, too, in the longer language."""
    settings.MAILBOX_DIR = "/nowhere"
    for name in MAIN_PAGES[role]:
        language = "es" if role in ("anonymous", "customer") else "en"
        page = Visit(name, role, "", lambda client, _world, name=name: client.get(reverse(name), follow=True))
        screen.show(visit_page(page, filled, language))
        for width, height in PHONES:
            screen.page.set_viewport_size({"width": width, "height": height})
            assert screen.page.evaluate(TOP) <= height / 2, f"{name} at {width} px"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("meter_count", [1, 3])
@pytest.mark.parametrize("kind", CustomerKind)
def test_what_is_shared_is_whole_on_a_phone(
    screen: Any, settings: Settings, kind: CustomerKind, meter_count: int, language: str
) -> None:
    """C7: with the line about the email's button, all facts are above the bar with the answer, none cut off by it.

    Below the demo's bar, too.
    """
    settings.MAILBOX_DIR = "/nowhere"
    agreements = requests(kind, registered=False, meter_count=meter_count, language=language)
    link = reverse("invitation", args=[link_tokens.derive_token(bytes(agreements[0].submission.link_nonce))])
    screen.page.set_viewport_size({"width": 390, "height": 844})
    for pressed in ("accept", "reject"):
        screen.show(Client().get(link, {"pressed": pressed, "lang": language}))
        screen.page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = false })")
        terms, bar, end = screen.page.evaluate(EDGES)
        assert terms <= bar and end <= 844, (terms, bar, end)

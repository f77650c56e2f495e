"""On a phone, a page begins in the first half of the screen, also for somebody who is signed in (A1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from pytest_django.fixtures import Settings

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

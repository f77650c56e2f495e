"""By keyboard alone: the customer decides, and the third party asks (A1). What needs no script: test_keyboard_flows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from agreements.models import Agreement
from agreements.states import Status
from lib import link_tokens
from tests.factories import MembershipFactory, MeterFactory
from tests.pages.hands import Hands
from tests.support.agreement_forms import PAGE_2, page_1
from tests.support.agreements import initiate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("decision", "status"), [("accept", Status.COMPLETE), ("reject", Status.REJECTED)])
def test_a_customer_decides(page: Page, live_server: Any, decision: str, status: Status) -> None:
    """A1, C1: Tab and Enter, without a script."""
    (agreement,) = initiate(MembershipFactory().user)
    token = link_tokens.derive_token(bytes(agreement.submission.link_nonce))
    page.goto(live_server.url + reverse("invitation", args=[token]))
    Hands(page).find(value=decision)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(f"You {decision}ed")
    agreement.refresh_from_db()
    assert agreement.status == status


def test_the_skip_link_leads_over_the_navigation(page: Page, live_server: Any) -> None:
    """A1: WCAG 2.4.1."""
    page.goto(live_server.url + reverse("help"))
    assert Hands(page).tab()["words"] == "Skip to main content"
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_third_party_asks(context: Any, page: Page, live_server: Any) -> None:
    """A1, T10: both pages of the form."""
    client, meter = Client(), MeterFactory()
    client.force_login(MembershipFactory().user)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page.goto(live_server.url + reverse("agreement_new"))
    hands = Hands(page)
    hands.fill({name: answer for name, answer in page_1(meter).items() if not name.endswith("_FORMS")})
    expect(page.locator("h1")).to_have_text("Check and submit")
    hands.fill({"comments": PAGE_2["comments"], "attested": "on"}, button="Submit")
    expect(page).to_have_url(re.compile("/submitted/"))
    agreement = Agreement.objects.get()
    assert (agreement.esiid, agreement.last_name) == (meter.premise.esiid, "Delgado")
    assert agreement.submission.language == "es"


@pytest.mark.control
@pytest.mark.parametrize(
    ("link", "complaint"),
    [
        ('<a href="/" style="outline: none">Go</a>', "no sign of the focus"),
        ('<a href="/" style="position: absolute; left: 0; top: -99px">Go</a>', "out of sight"),
        ('<a href="/" tabindex="-1">Go</a>', "cannot be reached"),
    ],
)
def test_control_what_the_keyboard_misses_is_found(page: Page, link: str, complaint: str) -> None:
    page.set_content(f"<!doctype html><title>Bad</title><main>{link}</main>")
    with pytest.raises(AssertionError, match=complaint):
        Hands(page).find(words="Go")

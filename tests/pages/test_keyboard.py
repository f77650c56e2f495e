"""By keyboard alone: the customer decides, and the third party asks (A1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from agreements.models import Agreement
from agreements.states import Status
from notifications import sealed
from tests.agreements.asking import ask
from tests.agreements.typed import PAGE_2, page_1
from tests.factories import MembershipFactory, MeterFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FOCUSED = """() => {
    const one = document.activeElement, look = getComputedStyle(one)
    return {
        tag: one.tagName, type: one.type || "", name: one.name || "", value: one.value || "", words: one.innerText,
        isMain: one.matches("main .btn-primary"),
        isSeen: (look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0) || look.boxShadow !== "none",
    }
}"""


def tabbed(page: Page) -> Any:
    """What has the focus after Tab; it can be seen that it has."""
    page.keyboard.press("Tab")
    focused = page.evaluate(FOCUSED)
    assert focused["tag"] == "BODY" or focused["isSeen"], f"no sign of the focus on {focused}"
    return focused


def fill_in(page: Page, answers: dict[str, str], *, button: str) -> None:
    """Type `answers` on the way down the page, and press the main button, which says `button`."""
    open_answers = {name: answer for name, answer in answers.items() if answer}
    for _each in range(150):
        focused = tabbed(page)
        if focused["isMain"] and focused["words"].strip() == button:
            assert not open_answers, f"not reached: {open_answers}"
            page.keyboard.press("Enter")
            return
        if focused["name"] in open_answers:
            _answer(page, focused, open_answers.pop(focused["name"]))
    raise AssertionError(f"{button} cannot be reached")


def _answer(page: Page, focused: Any, answer: str) -> None:
    if focused["type"] == "radio":
        page.keyboard.press("Space")
        while page.evaluate(FOCUSED)["value"] != answer:
            page.keyboard.press("ArrowDown")
    elif focused["type"] == "checkbox":
        page.keyboard.press("Space")
    elif focused["tag"] == "SELECT":
        words = page.evaluate("value => [...document.activeElement].find(one => one.value === value).text", answer)
        page.keyboard.type(words)
    else:
        page.keyboard.press("Control+A")
        page.keyboard.type(answer)


@pytest.mark.parametrize(("decision", "status"), [("accept", Status.COMPLETE), ("reject", Status.REJECTED)])
def test_a_customer_decides(page: Page, live_server: Any, decision: str, status: Status) -> None:
    """A1, C1: Tab and Enter, without a script."""
    (agreement,) = ask(MembershipFactory().user)
    token = sealed.token_of(bytes(agreement.link_nonce))
    page.goto(live_server.url + reverse("invitation", args=[token]))
    for _each in range(30):
        if tabbed(page)["value"] == decision:
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.locator("h1").is_visible()
    agreement.refresh_from_db()
    assert agreement.status == status


def test_the_skip_link_leads_over_the_navigation(page: Page, live_server: Any) -> None:
    """A1: WCAG 2.4.1."""
    page.goto(live_server.url + reverse("help"))
    assert tabbed(page)["words"] == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_third_party_asks(context: Any, page: Page, live_server: Any) -> None:
    """A1, T10: both pages of the form."""
    client, meter = Client(), MeterFactory()
    client.force_login(MembershipFactory().user)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page.goto(live_server.url + reverse("agreement_new"))
    answers = {name: answer for name, answer in page_1(meter).items() if not name.endswith("_FORMS")}
    with page.expect_navigation():
        fill_in(page, answers, button="Continue")
    assert page.locator(".error-summary").count() == 0, page.locator(".error-summary").inner_text()
    with page.expect_navigation():
        fill_in(page, {"comments": PAGE_2["comments"], "attested": "on"}, button="Submit")
    assert "/submitted/" in page.url
    agreement = Agreement.objects.get()
    assert (agreement.esiid, agreement.last_name, agreement.language) == (meter.premise.esiid, "Delgado", "es")

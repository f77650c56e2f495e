"""Page 1 in Chromium, where fields appear and vanish at once (T10), and accessibility of all pages (A1)."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from agreements import deciding
from agreements.states import Channel
from tests.agreements.asking import ask
from tests.agreements.typed import PAGE_2, page_1
from tests.factories import MembershipFactory, MeterFactory, ReportFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ASKED = "#id_first_name, #id_street, #id_phone, #id_company_name, #id_language"


@pytest.fixture
def member():
    return MembershipFactory()


@pytest.fixture
def session(member, live_server):
    """A log-in's cookie, as Playwright takes it."""
    client = Client()
    client.force_login(member.user)
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}


@pytest.fixture
def form(context, page, live_server, session):
    context.add_cookies([session])
    page.goto(f"{live_server.url}/agreements/new/")
    return page


def shown(page) -> set[str]:
    return {field.get_attribute("name") for field in page.locator(ASKED).all() if field.is_visible()}


def test_only_what_is_asked_of_this_customer_is_shown(form):
    """T5, T6, T10."""
    assert shown(form) == set()
    form.check("input[name=registered][value=no]")
    assert shown(form) == {"first_name", "street", "phone"}
    form.check("input[name=kind][value=residential]")
    assert shown(form) == {"first_name", "street", "phone", "language"}
    form.check("input[name=kind][value=business]")
    assert shown(form) == {"first_name", "street", "phone", "company_name"}
    form.fill("#id_first_name", "Rosa")
    form.check("input[name=registered][value=yes]")
    assert shown(form) == set()
    form.check("input[name=registered][value=no]")
    assert form.input_value("#id_first_name") == "Rosa"


def test_rows_appear_at_once_until_there_are_twenty(form):
    """T4, T10: and the new row has the focus."""
    form.fill("#id_meters-0-esiid", "kept")
    for row in range(4, 21):
        form.click("[data-add-meter]")
        assert form.evaluate("document.activeElement.name") == f"meters-{row - 1}-esiid"
    assert form.locator("legend", has_text="Meter 20").is_visible()
    assert form.locator("[data-add-meter]").is_hidden()
    assert form.input_value("[name=meters-TOTAL_FORMS]") == "20"
    assert form.input_value("#id_meters-0-esiid") == "kept" and "/new/" in form.url


def test_a_refused_form_shows_the_fields_of_its_errors_and_the_link_leads_there(form):
    """A2, T10."""
    form.check("input[name=registered][value=no]")
    form.check("input[name=kind][value=residential]")
    form.press("#id_email", "Enter")  # Enter continues, it does not add a meter
    form.click("text=Enter the customer's first name. >> visible=true")
    assert form.evaluate("document.activeElement.id") == "id_first_name"


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_breaks_a_rule_of_accessibility_or_scrolls_sideways(context, page, live_server, session, member, width):
    """A1."""
    pending, done = ask(member.user)[0], ask(member.user)[0]
    deciding.accept(done, channel=Channel.INVITATION)
    ReportFactory(agreement=done)
    client = Client()
    client.force_login(member.user)
    submitted = client.post("/agreements/new/", page_1(MeterFactory()))["Location"]
    client.post(submitted, PAGE_2)
    review = client.post("/agreements/new/", page_1(MeterFactory()))["Location"]
    context.add_cookies([session])
    page.set_viewport_size({"width": width, "height": 900})
    addresses = [
        "",
        "?status=withdrawn",
        "new/",
        f"{pending.number}/",
        f"{pending.number}/withdraw/",
        f"{done.number}/",
    ]
    for address in [*(f"/agreements/{path}" for path in addresses), review, f"{submitted}submitted/"]:
        page.goto(live_server.url + address)
        _is_accessible(page)
    page.goto(f"{live_server.url}/agreements/new/")
    page.click("main .actions .btn-primary")
    page.wait_for_selector(".error-summary")
    _is_accessible(page)
    page.goto(live_server.url + review)
    page.click("main .actions .btn-primary")
    page.wait_for_selector(".error-summary")
    _is_accessible(page)


def _is_accessible(page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url

"""The list and the search in Chromium: accessible, narrow and wide, by keyboard, without script (T1, T3, A1)."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from agreements.models import Review
from agreements.states import Status
from tests.factories import AgreementFactory, CustomerFactory, MembershipFactory, PremiseFactory, ReportFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company():
    return MembershipFactory().company


@pytest.fixture
def cookie(company, live_server):
    """A log-in's cookie, as Playwright takes it."""
    client = Client()
    client.force_login(company.memberships.get().user)
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}


@pytest.fixture
def many(company):
    """More agreements than are listed at once, in every state."""
    wide = PremiseFactory(esiid="1008901000000000000102")
    AgreementFactory.create_batch(22, company=company, premise=wide, status=Status.WITHDRAWN)
    AgreementFactory(company=company, customer=CustomerFactory(), last_name="Akin")
    AgreementFactory(company=company, last_name="Wolfeschlegelsteinhausenbergerdorff", first_name="Maximiliana")
    AgreementFactory(company=company, status=Status.COMPLETE, review=Review.HELD)
    ReportFactory(agreement=AgreementFactory(company=company, status=Status.COMPLETE, last_name="Zapata"))
    AgreementFactory(
        company=company, status=Status.COMPLETE, customer_kind="business", customer_company="Baytown Bakery and Cafe"
    )


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_is_accessible_and_none_scrolls_sideways(context, page, live_server, cookie, many, width, scheme):
    """A1: empty, error and filled."""
    context.add_cookies([cookie])
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    for query in (
        "",
        "?show=all",
        "?show=all&page=2",
        "?report=held&sort=customer",
        "?status=rejected",
        "?by=esiid&items=10089*,1044372000900001712345&sort=-expires",
        "?by=esiid&items=10089*,10443720009000017&sort=-expires",
        "?by=name&items=Akin",
        "?by=number&items=%2C",
        "?by=esiid&items=" + "9" * 200,
    ):
        page.goto(f"{live_server.url}/agreements/{query}")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url


def test_a_search_goes_by_keyboard_alone(context, page, live_server, cookie, many):
    """A1, T1: from the first field to the sorted result."""
    context.add_cookies([cookie])
    page.goto(f"{live_server.url}/agreements/")
    page.focus("#id_by_0")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("zapata, nobody")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/agreements/?by=name&items=zapata,nobody")
    assert page.inner_text("#found") == "1 agreement found"
    assert "No agreement for: nobody" in page.inner_text("main")
    page.focus("th >> text=Customer")
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=customer**")
    assert page.get_attribute("th:has-text('Customer')", "aria-sort") == "ascending"
    page.go_back()
    page.go_back()
    assert page.locator("text=You have more than 25 Customer Agreements").count()


def test_an_error_takes_the_focus_and_leads_to_the_field(context, page, live_server, cookie, many):
    """A2."""
    context.add_cookies([cookie])
    page.goto(f"{live_server.url}/agreements/")
    page.fill("#id_items", "1O2")
    page.click("main .search .btn-primary")
    page.wait_for_selector(".error-summary")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.click(".error-summary a")
    assert page.evaluate("document.activeElement.id") == "id_items" and page.input_value("#id_items") == "1O2"


@pytest.mark.parametrize("width", [320, 1280])
def test_without_script_one_searches_narrows_and_sorts(browser, live_server, cookie, many, width):
    """A1: on a narrow screen the order is chosen above the list, and no hidden link takes the focus."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 900})
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(f"{live_server.url}/agreements/")
    page.check("#id_by_2")
    page.fill("#id_items", "'1008901000000000000102,\n10443*")
    page.click("main .search .btn-primary")
    assert page.inner_text("#found") == "27 agreements found"
    page.select_option("#filter-status", "complete")
    page.select_option("#filter-sort", "-customer")
    page.click(".filters button")
    assert page.locator("tbody tr").count() == 3 and "Zapata" in page.inner_text("tbody tr:first-child")
    assert page.input_value("#id_items") == "1008901000000000000102, 10443*"
    assert page.locator("th a", has_text="Status").is_visible() == (width == 1280)
    context.close()

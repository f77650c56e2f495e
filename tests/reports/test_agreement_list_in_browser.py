"""The list and the search in Chromium: by keyboard, narrow and wide without script (T1, T3, A1)."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import expect

from agreements.models import Review
from agreements.states import Status
from tests.factories import AgreementFactory, CustomerFactory, MembershipFactory, PremiseFactory, ReportFactory
from tests.support.browser import click_through

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
        company=company,
        status=Status.COMPLETE,
        customer_kind="business",
        customer_company_name="Baytown Bakery and Cafe",
    )


def test_a_search_works_with_the_keyboard_alone(context, page, live_server, cookie, many):
    """A1, T1: from the first field to the sorted result."""
    context.add_cookies([cookie])
    page.goto(f"{live_server.url}/agreements/")
    page.focus("#id_by")
    page.keyboard.press("Tab")
    page.keyboard.type("zapata, nobody")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/agreements/?by=name&items=zapata,nobody")
    expect(page.locator("#found")).to_have_text("1 agreement found")
    expect(page.locator("main")).to_contain_text("No agreements found for: nobody")
    page.focus("th >> text=Customer")
    page.keyboard.press("Enter")
    page.wait_for_url("**sort=customer**")
    expect(page.locator("th", has_text="Customer")).to_have_attribute("aria-sort", "ascending")
    page.go_back()
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(25)


def test_an_error_takes_the_focus_and_leads_to_the_field(context, page, live_server, cookie, many):
    """A2."""
    context.add_cookies([cookie])
    page.goto(f"{live_server.url}/agreements/")
    page.select_option("#id_by", "number")
    page.fill("#id_items", "1O2")
    click_through(page, "main .search button")
    expect(page.locator(".errors")).to_be_focused()
    page.click(".errors a")
    expect(page.locator("#id_items")).to_be_focused()
    expect(page.locator("#id_items")).to_have_value("1O2")


@pytest.mark.parametrize("width", [320, 1280])
def test_search_filters_and_order_work_without_javascript(new_context, live_server, cookie, many, width):
    """A1: on a narrow screen the order is chosen above the list, and no hidden link takes the focus."""
    context = new_context(java_script_enabled=False, viewport={"width": width, "height": 900})
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(f"{live_server.url}/agreements/")
    page.select_option("#id_by", "esiid")
    page.fill("#id_items", "'1008901000000000000102,\n10443*")
    click_through(page, "main .search button")
    expect(page.locator("#found")).to_have_text("27 agreements found")
    click_through(page, ".tabs a:has-text('Complete')")
    expect(page.locator("tbody tr")).to_have_count(3)
    if width == 1280:
        click_through(page, "th a:has-text('Customer')")
        click_through(page, "th a:has-text('Customer')")
    else:
        page.select_option("#sort", "-customer")
        click_through(page, ".sort button")
    expect(page.locator("tbody tr").first).to_contain_text("Zapata")
    expect(page.locator("#id_items")).to_have_value("1008901000000000000102, 10443*")
    expect(page.locator("th a", has_text="Customer")).to_be_visible(visible=width == 1280)

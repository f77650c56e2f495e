"""Page 1 in Chromium, where fields appear and vanish at once (T10)."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tests.factories import MembershipFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ASKED = {"first_name", "street", "phone", "company_name", "language"}


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


def shows(page: Page, *names: str) -> None:
    """Of the fields that depend on the answers, these alone."""
    for name in sorted(ASKED, key=names.__contains__, reverse=True):
        expect(page.locator(f"#id_{name}")).to_be_visible(visible=name in names)


def test_only_the_fields_of_this_customer_are_visible(form):
    """T5, T6, T10."""
    shows(form)
    form.check("input[name=registered][value=no]")
    shows(form, "first_name", "street", "phone")
    form.check("input[name=kind][value=residential]")
    shows(form, "first_name", "street", "phone", "language")
    form.check("input[name=kind][value=business]")
    shows(form, "first_name", "street", "phone", "company_name")
    form.fill("#id_first_name", "Rosa")
    form.check("input[name=registered][value=yes]")
    shows(form)
    form.check("input[name=registered][value=no]")
    expect(form.locator("#id_first_name")).to_have_value("Rosa")


def test_rows_appear_at_once_until_there_are_twenty(form):
    """T4, T10: and the new row has the focus."""
    form.fill("#id_meters-0-esiid", "kept")
    for row in range(4, 21):
        form.click("[data-add-meter]")
        expect(form.locator(f"[name=meters-{row - 1}-esiid]")).to_be_focused()
    expect(form.locator("legend", has_text="Meter 20")).to_be_visible()
    expect(form.locator("[data-add-meter]")).to_be_hidden()
    expect(form.locator("[name=meters-TOTAL_FORMS]")).to_have_value("20")
    expect(form.locator("#id_meters-0-esiid")).to_have_value("kept")
    expect(form).to_have_url(re.compile("/new/"))


def test_a_refused_form_shows_the_fields_of_its_errors_and_the_link_leads_there(form):
    """A2, T10."""
    form.check("input[name=registered][value=no]")
    form.check("input[name=kind][value=residential]")
    with form.expect_navigation():
        form.press("#id_email", "Enter")  # Enter continues, it does not add a meter
    form.click("text=Enter the customer's first name. >> visible=true")
    expect(form.locator("#id_first_name")).to_be_focused()

"""A company's life in Chromium: from the first page of a stranger to a user who may ask and not fetch (T12, T13).

Real pages, real PostgreSQL, a real mail server at the edge; sweeps are called as the worker would call them.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import notifications.delivery
import reports.actions
from agreements.models import Agreement
from lib.central_time import central_day, utc_or_now
from meters.models import UsageDay
from meters.usage.days import slots_on
from tests.factories import MeterFactory, OperatorFactory, UsageDayFactory
from tests.support.browser import click_through
from tests.support.company_links import account_form, company_form
from tests.support.decisions import wait_as_a_reader
from tests.support.registration import PASSWORD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(240),
]


@pytest.fixture
def portal(live_server, settings, smtp_sink):
    settings.PORTAL_ORIGIN = live_server.url
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_sink.port
    return live_server.url


@pytest.fixture
def meter():
    meter, yesterday = MeterFactory(), central_day(utc_or_now()) - timedelta(days=1)
    for back in range(40):
        day = yesterday - timedelta(days=back)
        UsageDayFactory(premise=meter.premise, day=day, wh=[250] * slots_on(day))
    yield meter
    UsageDay.objects.all().delete()  # Django empties only the tables that it manages


@pytest.fixture
def people(new_context):
    """A way to open a browser for one person each, as wide as a small phone and without JavaScript."""

    def person() -> Page:
        return new_context(java_script_enabled=False, viewport={"width": 360, "height": 740}).new_page()

    return person


def fill(page: Page, form: dict[str, Any]) -> None:
    for name, value in form.items():
        field = page.locator(f"main [name={name}]").first
        field.select_option(value) if name == "state" else field.fill(value)


def send(page: Page) -> None:
    click_through(page, "main form button[type=submit]")


def mailed_link(smtp_sink: Any, to: str, path: str) -> str:
    """The last link with `path` that was mailed to `to`."""
    notifications.delivery.deliver_due()
    for message in reversed(smtp_sink.messages):
        if message["To"] == to and (found := re.search(rf"http://\S+{path}\S*", _text(message))):
            return found.group()
    raise AssertionError(f"No mail to {to} has a link with {path}.")


def _text(message: Any) -> str:
    return message.get_body(("plain",)).get_content()


def log_in(page: Page, portal: str, user: str) -> None:
    page.goto(f"{portal}/accounts/login/")
    fill(page, {"login": user, "password": PASSWORD})
    click_through(page, "main form button[type=submit] >> nth=0")
    expect(page.locator("h1")).to_contain_text("Home")


def test_company_registers_is_approved_and_adds_a_user_who_cannot_download(portal, smtp_sink, people, meter):
    """T12, T13, T2: the whole way without JavaScript, each step by the pages and emails alone."""
    operator = OperatorFactory(username="olivia")
    operator.set_password(PASSWORD)
    operator.save()

    ana = people()
    ana.goto(portal)
    click_through(ana, "text=Register your company")
    fill(ana, company_form())
    send(ana)
    expect(ana.locator("h1")).to_have_text("Check your email")
    ana.goto(mailed_link(smtp_sink, "ana@caddo-solar.example", "/third-party/register/confirm/"))
    expect(ana.locator("main")).to_contain_text("Caddo Solar LLC")
    send(ana)
    expect(ana.locator("h1")).to_have_text("Your company is registered")
    log_in(ana, portal, "ana.reyna")
    expect(ana.locator("main")).to_contain_text("Your company is waiting for approval")
    expect(ana.locator("text=Create a new agreement")).to_have_count(0)

    olivia = people()
    olivia.goto(mailed_link(smtp_sink, operator.email, "/admin/companies/company/"))
    fill(olivia, {"login": "olivia", "password": PASSWORD})
    click_through(olivia, "main form button[type=submit] >> nth=0")
    expect(olivia.locator("#content")).to_contain_text("This company is waiting for approval")
    click_through(olivia, "text=Check it, then approve or refuse")
    click_through(olivia, "button[value=approved]")
    expect(olivia.locator(".messagelist")).to_contain_text("Approved")

    ana.goto(mailed_link(smtp_sink, "ana@caddo-solar.example", "/third-party/users/"))
    click_through(ana, "text=Invite a user")
    fill(ana, {"email": "ben@caddo-solar.example"})
    ana.check("input[value=may_initiate]")
    send(ana)
    expect(ana.locator("main")).to_contain_text("ben@caddo-solar.example")

    ben = people()
    ben.goto(mailed_link(smtp_sink, "ben@caddo-solar.example", "/third-party/invitation/"))
    expect(ben.locator("main")).to_contain_text("create agreements")
    fill(ben, account_form())
    send(ben)
    log_in(ben, portal, "ben.ortiz")
    expect(ben.locator("nav >> text=Manage Users")).to_have_count(0)
    number = initiate(ben, meter)

    customer = people()
    customer.goto(mailed_link(smtp_sink, "rosa@example.net", "/invitation/"))
    expect(customer.locator("main")).to_contain_text("Caddo Solar LLC")
    wait_as_a_reader()
    click_through(customer, "button:has-text('Accept') >> nth=0")
    expect(customer.locator("h1")).to_contain_text("You accepted")
    reports.actions.generate_due_reports()

    ben.goto(f"{portal}/agreements/{number}/")
    button = ben.locator("main button", has_text="Download report").first
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(ben.locator("#why-not-download")).to_contain_text("You don't have permission")
    expect(ben.locator("a[href$='report.csv']")).to_have_count(0)
    assert ben.goto(f"{portal}/agreements/{number}/report.csv").status == 403
    ana.goto(f"{portal}/agreements/{number}/")
    expect(ana.locator("a[href$='report.csv']")).to_have_count(1)


def initiate(page: Page, meter: Any) -> str:
    """Ask Rosa Delgado about `meter`, by the two pages of the form; the agreement's number."""
    click_through(page, "text=Create a new agreement")
    page.check("input[name=registered][value=no]")
    page.check("input[name=kind][value=residential]")
    fill(
        page,
        {
            "first_name": "Rosa",
            "last_name": "Delgado",
            "street": "206 Boxwood Drive",
            "city": "Baytown",
            "zip_code": "77520",
            "email": "rosa@example.net",
            "meters-0-esiid": meter.premise.esiid,
            "meters-0-meter_number": meter.number,
        },
    )
    page.check("input[name=report_type][value=interval]")
    page.check("input[name=report_length][value='1m']")
    click_through(page, ".actions button:has-text('Continue')")
    expect(page.locator("main")).to_contain_text("Caddo Solar LLC")
    page.fill("input[name=contact_phone]", "903-555-0102")
    page.check("input[name=attested]")
    click_through(page, ".actions button:has-text('Submit')")
    expect(page).to_have_url(re.compile("/submitted/"))
    agreement = Agreement.objects.get()
    expect(page.locator("main")).to_contain_text(agreement.number)
    return agreement.number

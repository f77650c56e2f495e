"""A company's life in Chromium: from the first page of a stranger to a user who may ask and not fetch (T12, T13).

Real pages, real PostgreSQL, a real mail server at the edge; sweeps are called as the worker would call them.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

import notifications.delivery
import reports.actions
from accounts.models import CompanyEventKind, CompanyState, Membership
from agreements.clock import central_day, moment
from agreements.models import Agreement
from meters.days import slots_on
from meters.models import UsageDay
from tests.accounts.company_links import link_token, typed_account, typed_company
from tests.accounts.registering import PASSWORD
from tests.factories import (
    AdmissionFactory,
    CompanyEventFactory,
    MembershipFactory,
    MeterFactory,
    OperatorFactory,
    UsageDayFactory,
)

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
    meter, yesterday = MeterFactory(), central_day(moment()) - timedelta(days=1)
    for back in range(40):
        day = yesterday - timedelta(days=back)
        UsageDayFactory(premise=meter.premise, day=day, wh=[250] * slots_on(day))
    yield meter
    UsageDay.objects.all().delete()  # Django empties only the tables that it manages


@pytest.fixture
def people(browser: Browser):
    """A way to open a browser for one person each, as wide as a small phone and without JavaScript."""
    opened = []

    def person() -> Page:
        opened.append(browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740}))
        page = opened[-1].new_page()
        page.set_default_timeout(15_000)
        return page

    yield person
    for context in opened:
        context.close()


def fill(page: Page, form: dict[str, Any]) -> None:
    for name, value in form.items():
        field = page.locator(f"main [name={name}]").first
        field.select_option(value) if name == "state" else field.fill(value)


def send(page: Page) -> None:
    page.click("main form button[type=submit]")


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
    page.click("main form button[type=submit] >> nth=0")
    expect(page.locator("h1")).to_contain_text("Home")


def test_a_company_registers_is_approved_and_adds_a_user_who_may_ask_and_not_fetch(portal, smtp_sink, people, meter):
    """T12, T13, T2: the whole way without JavaScript, each step by the pages and emails alone."""
    operator = OperatorFactory(username="olivia")
    operator.set_password(PASSWORD)
    operator.save()

    ana = people()
    ana.goto(portal)
    ana.click("text=Register your company")
    fill(ana, typed_company())
    send(ana)
    expect(ana.locator("h1")).to_have_text("Look in your mailbox")
    ana.goto(mailed_link(smtp_sink, "ana@caddo-solar.example", "/third-party/register/confirm/"))
    expect(ana.locator("main")).to_contain_text("Caddo Solar LLC")
    send(ana)
    expect(ana.locator("h1")).to_have_text("Your company is registered")
    log_in(ana, portal, "ana.reyna")
    expect(ana.locator("main")).to_contain_text("Your company waits for approval")
    assert ana.locator("text=Create a new agreement").count() == 0

    olivia = people()
    olivia.goto(mailed_link(smtp_sink, operator.email, "/admin/accounts/company/"))
    fill(olivia, {"login": "olivia", "password": PASSWORD})
    olivia.click("main form button[type=submit] >> nth=0")
    expect(olivia.locator("#content")).to_contain_text("This company waits for approval")
    olivia.click("input[name=_approve]")
    expect(olivia.locator(".messagelist")).to_contain_text("Approved")

    ana.goto(mailed_link(smtp_sink, "ana@caddo-solar.example", "/third-party/users/"))
    ana.click("text=Invite a user")
    fill(ana, {"email": "ben@caddo-solar.example"})
    ana.check("input[value=may_initiate]")
    send(ana)
    expect(ana.locator("main")).to_contain_text("ben@caddo-solar.example")

    ben = people()
    ben.goto(mailed_link(smtp_sink, "ben@caddo-solar.example", "/third-party/invitation/"))
    expect(ben.locator("main")).to_contain_text("initiate agreements")
    fill(ben, typed_account())
    send(ben)
    log_in(ben, portal, "ben.ortiz")
    assert ben.locator("nav >> text=Manage Users").count() == 0
    number = initiate(ben, meter)

    customer = people()
    customer.goto(mailed_link(smtp_sink, "rosa@example.net", "/invitation/"))
    expect(customer.locator("main")).to_contain_text("Caddo Solar LLC")
    customer.click("button:has-text('Accept') >> nth=0")
    expect(customer.locator("h1")).to_contain_text("You accepted")
    reports.actions.make_due()

    ben.goto(f"{portal}/agreements/{number}/")
    button = ben.locator("#report button", has_text="Download report")
    assert button.get_attribute("aria-disabled") == "true"
    expect(ben.locator("#why-not-download")).to_contain_text("has not given you permission")
    assert ben.locator("a[href$='report.csv']").count() == 0
    assert ben.goto(f"{portal}/agreements/{number}/report.csv").status == 403
    ana.goto(f"{portal}/agreements/{number}/")
    assert ana.locator("a[href$='report.csv']").count() == 1


def initiate(page: Page, meter: Any) -> str:
    """Ask Rosa Delgado about `meter`, by the two pages of the form; the agreement's number."""
    page.click("text=Create a new agreement")
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
    page.click(".actions button:has-text('Continue')")
    expect(page.locator("main")).to_contain_text("Caddo Solar LLC")
    page.fill("input[name=contact_phone]", "903-555-0102")
    page.check("input[name=attested]")
    page.click(".actions button:has-text('Submit')")
    agreement = Agreement.objects.get()
    expect(page.locator("main")).to_contain_text(agreement.number)
    return agreement.number


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("standing", CompanyState.values)
def test_no_page_of_a_company_breaks_a_rule_of_accessibility_or_scrolls_sideways(
    context, page, live_server, width, standing
):
    """A1: filled, empty and with errors."""
    member = MembershipFactory(
        is_administrator=True, company__standing=standing, company__standing_reason="Complaints."
    )
    company = member.company
    other = MembershipFactory(company=company, user__email=f"{'long' * 12}@green-energy.example")
    AdmissionFactory(company=company, expires_at=timezone.now() - timedelta(days=1))
    asks = AdmissionFactory(company=company, kind="request", confirmed_at=timezone.now())
    CompanyEventFactory(
        company=company, kind=CompanyEventKind.PROFILE, by=member.user, changes={"city": ["Marfa", "Waco"]}
    )
    client = Client()
    client.force_login(member.user)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page.set_viewport_size({"width": width, "height": 900})
    paths = ["my-profile/", "company/", "company/edit/", "company/rename/", "users/", "users/invite/", "approvals/"]
    paths += [f"users/{other.pk}/", f"users/{other.pk}/remove/", f"approvals/{asks.pk}/", "register/"]
    for path in paths:
        page.goto(f"{live_server.url}/third-party/{path}")
        is_accessible(page)
    if standing == CompanyState.APPROVED:
        page.goto(f"{live_server.url}/third-party/users/invite/")
        page.uncheck("input[value=may_view]")
        page.click("main .btn-primary")
        expect(page.locator(".error-summary")).to_be_visible()
        is_accessible(page)
        Membership.objects.filter(pk=member.pk).update(is_administrator=False)
        page.goto(f"{live_server.url}/third-party/users/")
        is_accessible(page)


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_on_the_way_into_a_company_breaks_a_rule_of_accessibility(page, live_server, width):
    """A1"""
    invited, asks = AdmissionFactory(), AdmissionFactory(kind="request")
    known = AdmissionFactory(email=MembershipFactory().user.email)
    page.set_viewport_size({"width": width, "height": 900})
    paths = ["register/", "register/sent/", "join/", "join/sent/", f"join/confirm/{link_token(asks)}/"]
    paths += [f"invitation/{link_token(one)}/" for one in (invited, known)] + ["invitation/nothing/"]
    for path in paths:
        page.goto(f"{live_server.url}/third-party/{path}")
        is_accessible(page)
    for path in ("register/", "join/", f"invitation/{link_token(invited)}/"):
        page.goto(f"{live_server.url}/third-party/{path}")
        page.click("main .btn-primary")
        expect(page.locator(".error-summary")).to_be_visible()
        is_accessible(page)


def is_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url

"""The whole journey in Chromium, with JavaScript and without: ask, answer by email, make, download (T4 to T10, C1, R1).

Real pages, real PostgreSQL, a real mail server at the edge; the two sweeps are called as the worker would call them.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import notifications.delivery
import reports.actions
from agreements.models import Agreement
from agreements.states import Status
from lib.central_time import central_day, utc_or_now
from meters.models import UsageDay
from meters.usage.days import slots_on
from tests.factories import MembershipFactory, MeterFactory, UsageDayFactory, UserFactory
from tests.support.browser import click_through
from tests.support.decisions import wait_as_a_reader

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(180),
]

PASSWORD = "a long and private demo password"


@pytest.fixture
def portal(live_server, settings, smtp_sink):
    settings.PORTAL_ORIGIN = live_server.url
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_sink.port
    return live_server.url


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request, new_context):
    """A browser window as wide as a small phone."""
    return new_context(
        java_script_enabled=request.param, viewport={"width": 360, "height": 740}, accept_downloads=True
    ).new_page()


@pytest.fixture
def member():
    user = UserFactory(username="james")
    user.set_password(PASSWORD)
    user.save()
    return MembershipFactory(user=user).user


@pytest.fixture
def meters():
    """Two meters with usage of the last ten days but one; both daylight-saving shapes are tested elsewhere."""
    two = [MeterFactory(), MeterFactory()]
    yesterday = central_day(utc_or_now()) - timedelta(days=1)
    for meter in two:
        for back in range(10):
            if back != 4:
                day = yesterday - timedelta(days=back)
                UsageDayFactory(premise=meter.premise, day=day, wh=[250] * slots_on(day))
    yield two
    UsageDay.objects.all().delete()  # Django empties only the tables that it manages


def link_in(message: EmailMessage) -> str:
    text = message.get_body(("plain",)).get_content()
    return re.search(r"http://\S+/invitation/\S+", text).group()


def log_in(page: Page, portal: str) -> None:
    page.goto(f"{portal}/accounts/login/")
    page.fill("input[name=login]", "james")
    page.fill("input[name=password]", PASSWORD)
    click_through(page, "main form button[type=submit]")
    expect(page.locator("h1")).to_contain_text("Home")
    page.goto(f"{portal}/agreements/")


def test_from_the_form_to_the_file(page, new_context, portal, smtp_sink, member, meters, tmp_path):
    log_in(page, portal)
    click_through(page, "text=Create a new agreement")
    page.check("input[name=registered][value=no]")
    page.check("input[name=kind][value=residential]")
    for name, value in {
        "first_name": "Rosa",
        "last_name": "Delgado",
        "street": "206 Boxwood Drive",
        "city": "Baytown",
        "zip_code": "77520",
        "email": "rosa@example.net",
    }.items():
        page.fill(f"input[name={name}]", value)
    for row, meter in enumerate(meters):
        page.fill(f"input[name=meters-{row}-esiid]", f"'{meter.premise.esiid}")
        page.fill(f"input[name=meters-{row}-meter_number]", f" {meter.number[:4]}-{meter.number[4:]}")
    page.check("input[name=report_type][value=interval]")
    page.check("input[name=report_length][value='12m']")
    click_through(page, ".actions button:has-text('Continue')")

    expect(page.locator("h1")).to_have_text("Check and submit")
    page.check("input[name=attested]")
    click_through(page, ".actions button:has-text('Submit')")
    expect(page).to_have_url(re.compile("/submitted/"))
    numbers = list(Agreement.objects.order_by("number").values_list("number", flat=True))
    assert len(numbers) == 2
    for number in numbers:
        expect(page.locator("main")).to_contain_text(number)
    confirmation = page.url
    page.reload()
    expect(page).to_have_url(confirmation)
    assert Agreement.objects.count() == 2

    notifications.delivery.deliver_due()
    link = link_in(smtp_sink.wait_for(1)[0].message)

    phone = new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False).new_page()
    phone.goto(f"{link}{numbers[0]}/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320
    wait_as_a_reader()
    click_through(phone, "button:has-text('Accept') >> nth=0")
    expect(phone.locator("h1")).to_contain_text("You accepted")
    phone.goto(f"{link}{numbers[1]}/")
    click_through(phone, "button:has-text('Reject') >> nth=0")
    expect(phone.locator("h1")).to_contain_text("You rejected")
    assert set(Agreement.objects.values_list("status", flat=True)) == {Status.COMPLETE, Status.REJECTED}

    reports.actions.generate_due_reports()
    notifications.delivery.deliver_due()
    subjects = [delivery.message["Subject"] for delivery in smtp_sink.wait_for(6)]
    assert len(subjects) == 6  # 1 EM201, 2 EM203, 2 EM205, 1 EM204

    page.goto(f"{portal}/agreements/{numbers[0]}/")
    with page.expect_download() as download:
        page.click("main a[href$='report.csv']")
    path = tmp_path / "report.csv"
    download.value.save_as(path)
    check_file(path, page, portal, numbers[0])


def check_file(path: Path, page: Page, portal: str, number: str) -> None:
    """The file, the page and the manifest say the same (R4)."""
    content = path.read_bytes()
    lines = content.decode().splitlines()
    days = {line.split(",")[1] for line in lines[1:]}
    with page.expect_download() as download:
        page.click("main a[href$='report.json']")
    manifest = json.loads(Path(download.value.path()).read_text())
    main, count = page.locator("main"), len(lines) - 1
    sha256 = hashlib.sha256(content).hexdigest()
    assert manifest["file"]["sha256"] == sha256
    expect(main).to_contain_text(sha256)
    assert manifest["file"]["rows_without_header"] == count
    expect(main).to_contain_text(re.compile(f"{count:,}|{count}"))
    assert len(days) == 9
    agreement = Agreement.objects.get(number=number)
    assert agreement.report.present_intervals == count
    assert agreement.report.last_day == central_day(utc_or_now()) - timedelta(days=1)
    assert isinstance(agreement.report.first_day, date)

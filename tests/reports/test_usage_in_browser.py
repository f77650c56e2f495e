"""Pictures of usage in Chromium: accessible, as wide as the screen, and readable on the smallest (A1, C5)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse

from agreements.models import Agreement
from reports.actions import make_due
from tests.factories import HoldingFactory, MembershipFactory
from tests.reports.accepting import accepted
from tests.reports.readings import CONSUMPTION, SURPLUS, every_day, store, usage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIRST, LAST = date(2026, 5, 1), date(2026, 6, 20)
SIZES = [(320, "light"), (320, "dark"), (1280, "light"), (1280, "dark")]


@pytest.fixture
def readings(holding):
    """Both directions, with a gap, a day that misses readings and an estimated one."""
    days = [one for one in every_day(FIRST, LAST, CONSUMPTION, SURPLUS) if one.day.day not in (11, 12)]
    days[-1] = usage(LAST, SURPLUS, wh=[None] * 8 + [40] * 88)
    days[-2] = usage(LAST, estimated=range(40))
    store(holding.premise, *days)
    return holding


@pytest.fixture
def visit(new_context, live_server):
    """A page as `user` sees it: `visit(user, width, scheme)`; `complaints` are what the console complains of."""

    def open_page(user, width=1280, scheme="light", **options):
        client = Client()
        client.force_login(user)
        context = new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options)
        cookie = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda message: message.type == "error" and page.complaints.append(message.text))
        return page

    return open_page


def is_accessible(page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url
    assert page.complaints == [], page.url


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_no_page_of_usage_breaks_a_rule_of_accessibility_or_scrolls_sideways(
    visit, live_server, readings, width, scheme
):
    """A1, C5: nor does the policy of the pages refuse a pattern or a style."""
    other = HoldingFactory(customer=readings.customer)
    page = visit(readings.customer.user, width, scheme)
    own = reverse("meter_usage", args=[readings.pk])
    for address in (
        own,
        *(f"{own}?view={view}&day={LAST}" for view in ("day", "week", "year")),
        f"{own}?view=day&day={date(2026, 6, 11)}",
        f"{own}?view=day&day=1999-01-01",
        reverse("meter_usage", args=[other.pk]),
        reverse("usage_csv", args=[readings.pk]) + "?first=2026-06-02&last=2026-06-01&type=daily",
        reverse("my_meters"),
    ):
        page.goto(live_server.url + address)
        is_accessible(page)


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_the_calendar_of_a_report_is_accessible_and_fits(visit, live_server, readings, width, scheme):
    """A1, R4"""
    agreement = accepted(report_length="1m", premise=readings.premise)
    make_due()
    member = MembershipFactory(company=Agreement.objects.get().company)
    page = visit(member.user, width, scheme)
    page.goto(live_server.url + reverse("agreement", args=[agreement.number]))
    assert page.locator(".day-months use").count() == 2 * 31
    is_accessible(page)
    page.click(".day-calendar summary >> nth=0")
    assert page.locator("dt", has_text="June 2026").first.is_visible()
    is_accessible(page)


def test_the_charts_words_are_as_large_on_a_telephone_as_on_a_desk_and_none_covers_another(
    visit, live_server, readings
):
    """C5, A1: WCAG 1.4.4."""
    for width in (320, 1280):
        page = visit(readings.customer.user, width)
        for view in ("day", "week", "month", "year"):
            page.goto(f"{live_server.url}{reverse('meter_usage', args=[readings.pk])}?view={view}&day={LAST}")
            boxes = [word.bounding_box() for word in page.locator(".chart-plot text").all() if word.is_visible()]
            assert len(boxes) >= 4
            assert all(box["height"] >= 11 for box in boxes)
            for one, next_one in zip(boxes, boxes[1:], strict=False):
                assert one["x"] + one["width"] <= next_one["x"], (width, view)


def test_a_missing_day_and_a_bar_differ_also_for_who_sees_no_colours(visit, live_server, readings):
    """A1: WCAG 1.4.1. Over a gap the picture changes from one pixel to the next, over a bar it does not."""
    page = visit(readings.customer.user)
    page.goto(f"{live_server.url}{reverse('meter_usage', args=[readings.pk])}?view=month&day={LAST}")
    fills = {
        kind: page.locator(f"rect.{kind}").first.evaluate("one => getComputedStyle(one).fill")
        for kind in ("bar-0", "bar-1", "missing", "estimated-0")
    }
    assert all("url(" in fills[kind] for kind in ("missing", "estimated-0"))
    assert all("url(" not in fills[kind] for kind in ("bar-0", "bar-1"))


def test_without_script_everything_is_there_and_the_keyboard_opens_the_table(visit, live_server, readings):
    """A1, C5"""
    page = visit(readings.customer.user, java_script_enabled=False)
    page.goto(f"{live_server.url}{reverse('meter_usage', args=[readings.pk])}?view=day&day={LAST}")
    assert not page.get_by_role("table").is_visible()
    page.focus(".usage-table summary")
    page.keyboard.press("Enter")
    assert page.get_by_role("row").count() == 1 + 96 + 1
    page.keyboard.press("Tab")
    assert page.locator(".table-scroll:focus").count() == 1
    page.select_option("#id_view", "week")
    page.click("text=Show usage")
    first = LAST - timedelta(days=LAST.isoweekday() % 7)
    assert page.locator("h2", has_text=f"June {first.day}, 2026 to").is_visible()

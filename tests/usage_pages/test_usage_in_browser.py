"""Pictures of usage in Chromium: as wide as the screen, and readable on the smallest (A1, C5)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from agreements.models import Agreement
from reports.actions import generate_due_reports
from tests.factories import MembershipFactory
from tests.support.accepted_agreements import accepted_agreement
from tests.support.browser import click_through
from tests.support.usage import CONSUMPTION, SURPLUS, every_day, store, usage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIRST, LAST = date(2026, 5, 1), date(2026, 6, 20)


@pytest.fixture
def readings(claim):
    """Both directions, with a gap, a day that misses readings and an estimated one."""
    days = [one for one in every_day(FIRST, LAST, CONSUMPTION, SURPLUS) if one.day.day not in (11, 12)]
    days[-1] = usage(LAST, SURPLUS, wh=[None] * 8 + [40] * 88)
    days[-2] = usage(LAST, estimated=range(40))
    store(claim.premise, *days)
    return claim


@pytest.fixture
def visit(new_context, live_server):
    """A page as `user` sees it: `visit(user, width)`."""

    def open_page(user, width=1280, **options):
        client = Client()
        client.force_login(user)
        context = new_context(viewport={"width": width, "height": 900}, **options)
        cookie = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        return context.new_page()

    return open_page


def test_the_calendar_of_a_report_has_a_picture_and_a_list_of_each_month(visit, live_server, readings):
    """A1, R4"""
    agreement = accepted_agreement(report_length="1m", premise=readings.premise)
    generate_due_reports()
    member = MembershipFactory(company=Agreement.objects.get().company)
    page = visit(member.user)
    page.goto(live_server.url + reverse("agreement", args=[agreement.number]))
    expect(page.locator(".cal use")).to_have_count(2 * 31)
    page.click("figure summary >> nth=0")
    expect(page.locator("dt", has_text="June 2026").first).to_be_visible()


def test_chart_labels_keep_their_size_on_a_phone_and_do_not_overlap(visit, live_server, readings):
    """C5, A1: WCAG 1.4.4."""
    for width in (320, 1280):
        page = visit(readings.customer.user, width)
        for view in ("day", "week", "month", "year"):
            page.goto(f"{live_server.url}{reverse('meter_usage', args=[readings.pk])}?view={view}&day={LAST}")
            words = page.locator(".chart-plot text").filter(visible=True)
            expect(words.nth(3)).to_be_visible()
            boxes = [word.bounding_box() for word in words.all()]
            assert all(box["height"] >= 11 for box in boxes)
            for one, next_one in zip(boxes, boxes[1:], strict=False):
                assert one["x"] + one["width"] <= next_one["x"], (width, view)


def test_a_missing_day_and_a_bar_differ_without_color(visit, live_server, readings):
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
    expect(page.locator(".figures summary")).to_be_visible()
    expect(page.locator(".figures table")).to_be_hidden()
    page.focus(".figures summary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(1 + 96 + 1)
    page.keyboard.press("Tab")
    expect(page.locator(".scroll")).to_be_focused()
    page.select_option("#id_view", "week")
    click_through(page, "text=Show usage")
    first = LAST - timedelta(days=LAST.isoweekday() % 7)
    expect(page.locator("h2", has_text=f"June {first.day}, 2026 to")).to_be_visible()

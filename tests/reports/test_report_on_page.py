"""The report on an agreement's page, for the third party and for the customer (R4, R5)."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils.html import strip_tags

from agreements.models import Agreement
from agreements.states import ReportState, Status
from reports.actions import generate_due_reports
from reports.coverage_calendar import calendar_months
from tests.factories import (
    AgreementFactory,
    DownloadFactory,
    MembershipFactory,
    ReportFactory,
    ReportFileFactory,
    UserFactory,
)
from tests.support.accepted_agreements import accepted_agreement, report_of
from tests.support.usage import CONSUMPTION, SURPLUS, every_day, store, usage

pytestmark = pytest.mark.django_db

CENTRAL = ZoneInfo("America/Chicago")
FIRST, LAST = date(2026, 5, 15), date(2026, 6, 14)


def panel(agreement: Agreement, **context: Any) -> str:
    fresh = Agreement.objects.select_related("report").get(pk=agreement.pk)
    return render_to_string("reports/third_party/report.html", {"agreement": fresh} | context)


def words(html: str) -> str:
    return " ".join(unescape(strip_tags(html.replace("<", " <"))).split())


def test_the_rows_of_the_hour_that_clocks_skipped_are_explained():
    """R3, R4: a 15-minute file has four blank rows more than it has readings, in each direction."""
    agreement = accepted_agreement(datetime(2026, 3, 20, 12, 0, tzinfo=CENTRAL))
    first, last = agreement.period_first_day, agreement.period_last_day
    store(agreement.premise, *every_day(first, last, CONSUMPTION), usage(date(2026, 3, 8), SURPLUS))
    generate_due_reports()
    report = report_of(agreement)
    assert report.rows == report.present_intervals + 8
    explained = (
        "8 of these rows have no reading because the hour from 2:00 AM to 3:00 AM did not exist on March 8, 2026: "
        "clocks went forward."
    )
    assert explained in words(panel(agreement))


@pytest.mark.parametrize("report_type", ["daily", "interval"])
def test_rows_are_explained_only_where_they_are(report_type):
    """R3: not of a daily file, nor where the day was not read."""
    at = datetime(2026, 3, 20, 12, 0, tzinfo=CENTRAL)
    agreement = accepted_agreement(at, report_type=report_type, granted_type=report_type)
    days = every_day(agreement.period_first_day, agreement.period_last_day, CONSUMPTION)
    store(agreement.premise, *[one for one in days if report_type == "daily" or one.day != date(2026, 3, 8)])
    generate_due_reports()
    assert "clocks went forward" not in words(panel(agreement))


def test_a_ready_report_says_what_it_covers_and_what_is_missing():
    """R4: period, days, intervals, missing days in ranges, energy by direction, rows, size and hash."""
    agreement = accepted_agreement()
    days = [one for one in every_day(FIRST, LAST, CONSUMPTION, SURPLUS) if one.day.day not in (20, 21, 30)]
    store(agreement.premise, *days)
    generate_due_reports()
    report = report_of(agreement)
    found = words(panel(agreement, may_download=True))
    for part in (
        "Ready",
        "May 15, 2026 to June 14, 2026",
        "28 of 31 days have data",
        "5,376 of 5,952 readings received, 576 missing.",
        "Consumption: 2 gaps May 20, 2026 to May 21, 2026 May 30, 2026",
        "Surplus generation: 2 gaps",
        f"Consumption: {report.total_wh['Consumption'] / 1000:,.3f}".rstrip("0"),
        report.file_name,
        " ".join(f"5,376 rows, {filesizeformat(report.size)}".split()),
        report.sha256,
        "Not downloaded yet.",
    ):
        assert part in found, part


def test_a_complete_report_says_that_nothing_is_missing():
    """R4"""
    agreement = accepted_agreement()
    store(agreement.premise, *every_day(FIRST, LAST))
    generate_due_reports()
    assert "Missing days None" in words(panel(agreement, may_download=True))


@pytest.mark.parametrize("may_download", [True, False])
def test_only_users_who_may_download_see_the_buttons(client, may_download):
    """T11, R5: the download stands above everything but the outcome."""
    report = ReportFactory()
    number = report.agreement.number
    member = MembershipFactory(company=report.agreement.company, may_download=may_download)
    client.force_login(member.user)
    html = client.get(f"/agreements/{number}/").content.decode()
    assert html.index("<h1>Report ready</h1>") < html.index("Download report") < html.index('id="report"')
    for path in (f"/agreements/{number}/report.csv", f"/agreements/{number}/report.json"):
        assert (path in html) == may_download
    assert ("Ask your company&#x27;s administrator." in html) != may_download
    assert ('aria-disabled="true" aria-describedby="why-not-download"' in html) != may_download
    assert f"smt-{number}-15min.csv" in words(html)  # what it covers is for everybody who sees the agreement


def test_the_first_rows_are_shown_after_the_first_download_to_who_may_download(client):
    """R5, T11: nothing of a file is seen that the customer is not told of."""
    content = b"ESIID,USAGE_DATE\n" + b"".join(b"'10443720000000017,11/%02d/2026\n" % day for day in range(1, 31))
    agreement = ReportFileFactory(content=content).report.agreement
    member = MembershipFactory(company=agreement.company)
    client.force_login(member.user)
    url = f"/agreements/{agreement.number}/"
    assert "11/01/2026" not in client.get(url).content.decode()
    client.get(f"{url}report.csv")
    html = client.get(url).content.decode()
    assert "11/01/2026" in html and "11/08/2026" in html and "11/09/2026" not in html
    type(member).objects.update(may_download=False)
    assert "11/01/2026" not in client.get(url).content.decode()


def test_the_page_lists_who_downloaded_the_report_and_when():
    """R5"""
    at = datetime(2026, 6, 15, 14, 5, tzinfo=CENTRAL)
    report = ReportFactory()
    reader = UserFactory(first_name="Ada", last_name="Boone")
    DownloadFactory(report=report, by=reader, at=at)
    found = words(panel(report.agreement))
    assert f"Ada Boone, {report.agreement.third_party_name}" in found
    assert "Jun 15, 2026, 2:05 PM CDT" in found


def test_the_panel_says_until_when_the_file_is_kept(settings):
    """R5"""
    settings.REPORT_RETENTION = timedelta(days=60)
    report = ReportFactory(made_at=datetime(2026, 6, 15, 12, tzinfo=CENTRAL))
    assert "File kept until August 14, 2026" in words(panel(report.agreement))


def test_a_shortened_period_says_why():
    """R2"""
    report = ReportFactory(asked_first_day=date(2026, 5, 23))
    found = words(panel(report.agreement))
    assert "started on May 23, 2026, but the current customer's service began on August 23, 2026" in found.replace(
        "&#x27;", "'"
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"state": ReportState.RETRYING, "retry_at": datetime(2026, 6, 15, tzinfo=CENTRAL)}, "try again automatically"),
        ({"state": ReportState.FAILED}, "is looking into it"),
        ({"state": ReportState.NO_DATA}, "had sent us no readings for August 23, 2026 to November 22, 2026"),
        (
            {"state": ReportState.NO_DATA, "first_day": date(2026, 11, 23)},
            "service began on November 23, 2026, after the last day of the report, November 22, 2026",
        ),
        (
            {"state": ReportState.PURGED, "purged_at": datetime(2027, 1, 22, 9, tzinfo=CENTRAL)},
            "was deleted on January 22, 2027",
        ),
    ],
)
def test_each_other_state_is_explained_and_offers_no_download(fields, sentence):
    """R4, R5"""
    report = ReportFactory(**fields)
    html = panel(report.agreement, may_download=True)
    assert sentence in words(html)
    assert "report.csv" not in html


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (Status.COMPLETE, "is being made"),
        (Status.PENDING, "make it after the customer accepts"),
        (Status.REJECTED, "did not accept"),
        (Status.NOT_ACCEPTED, "did not accept"),
        (Status.WITHDRAWN, "There is no report"),
    ],
)
def test_an_agreement_without_a_report_says_what_will_happen(status, sentence):
    """R1"""
    assert sentence in words(panel(AgreementFactory(status=status), may_download=True))


def test_the_panel_costs_one_query_however_many_downloads(django_assert_num_queries):
    report = ReportFactory()
    for _ in range(3):
        DownloadFactory(report=report, by=UserFactory())
    agreement = Agreement.objects.select_related("report").get()
    with django_assert_num_queries(1):
        render_to_string("reports/third_party/report.html", {"agreement": agreement, "may_download": True})


def test_the_calendar_shows_each_day_of_the_period_as_it_was_recorded():
    """R4: one symbol a day and direction, with the same in words."""
    agreement = accepted_agreement()
    days = [one for one in every_day(FIRST, LAST, CONSUMPTION, SURPLUS) if one.day.day not in (20, 21, 30)]
    days[0] = usage(FIRST, estimated=[1])
    days[2] = usage(FIRST + timedelta(days=1), wh=[None] + [1] * 95)
    store(agreement.premise, *days)
    generate_due_reports()
    html = panel(agreement)
    drawn = Counter(re.findall(r'href="#day-(\w+)" x=', html))
    assert drawn == {"whole": 26 + 28, "estimated": 1, "partial": 1, "missing": 3 + 3}
    found = words(html)
    for part in (
        "Consumption Complete: 26 days Complete, some readings estimated: 1 day",
        "Some readings missing: 1 day No readings: 3 days",
        "May 2026 Complete: 17–19, 22–29, 31 Complete, some readings estimated: 15 Some readings missing: 16",
        "Surplus generation Complete: 28 days",
    ):
        assert part in found, part


def test_the_calendar_has_a_row_for_each_month_and_a_column_for_each_day():
    """R4: the day whose clocks changed is one square like the others."""
    march, april = calendar_months(date(2026, 3, 7), "w" * 24 + "wm" + "w")
    squares = re.findall(r'#day-(\w+)" x="(\d+)"', march.drawing)
    assert squares == [("whole", str(10 * (day - 1))) for day in range(7, 31)] + [("whole", "300")]
    assert re.findall(r'#day-(\w+)" x="(\d+)"', april.drawing) == [("missing", "0"), ("whole", "10")]


def test_a_record_without_day_states_has_no_calendar():
    """R4: nothing is guessed."""
    report = ReportFactory()
    assert report.calendars == []
    assert "day-whole" not in panel(report.agreement)

"""The chart of a report's period on the third party's page, with its table (T11)."""

from __future__ import annotations

import csv
import gzip
import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agreements.models import ReportType
from meters.models import UsageDay
from reports.actions import generate_due_reports, purge_files
from reports.models import ReportFile
from reports.third_party.report_chart import draw_report
from tests.factories import MembershipFactory
from tests.support.accepted_agreements import accepted_agreement, report_of
from tests.support.usage import SURPLUS, every_day, store, usage

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 5, 15), date(2026, 6, 14)  # accepted at NOON for one month
HEADINGS = {"day": "Daily totals", "month": "Monthly totals"}


def make_report(days=None, **details):
    """Return the agreement of a report about `days`, by default every day of the period."""
    agreement = accepted_agreement(**details)
    store(agreement.premise, *(every_day(FIRST, LAST) if days is None else days))
    generate_due_reports()
    return agreement


def chart_of(agreement) -> dict | None:
    report = report_of(agreement)
    return draw_report(report, ReportFile.objects.get(report=report).day_counts)


def in_tenths(kwh: Decimal) -> str:
    return f"{kwh.quantize(Decimal('0.1'), ROUND_HALF_UP):,}"


def cells(chart: dict) -> list[list[str]]:
    return [re.findall(r">([^<]*)</t[hd]>", row) for row in chart["rows"].split("</tr>") if row]


class TestChartFigures:
    @pytest.mark.parametrize("report_type", [ReportType.INTERVAL, ReportType.DAILY, ReportType.MONTHLY])
    def test_the_table_has_the_sums_of_the_files_rows(self, report_type):
        """T11, R4: of days, or of a monthly report's months."""
        agreement = make_report(report_type=report_type, granted_type=report_type)
        content = gzip.decompress(ReportFile.objects.get().gzipped).decode()
        sums: dict[str, Decimal] = {}
        for row in csv.DictReader(content.splitlines()):
            day = row.get("USAGE_DATE") or row["START_DATE"]
            kwh = Decimal(row.get("USAGE_KWH") or row.get("ACTUAL_KWH"))
            sums[day] = sums.get(day, Decimal(0)) + kwh
        chart = chart_of(agreement)
        assert [row[1] for row in cells(chart)] == [in_tenths(kwh) for kwh in sums.values()]
        assert chart["totals"] == [in_tenths(sum(sums.values()))]
        assert len(sums) == (2 if report_type == ReportType.MONTHLY else 31)
        assert chart["is_monthly"] == (report_type == ReportType.MONTHLY)

    def test_missing_days_are_gaps_that_are_named(self):
        """T11, R4."""
        gap = (date(2026, 6, 1), date(2026, 6, 2))
        chart = chart_of(make_report([each for each in every_day(FIRST, LAST) if each.day not in gap]))
        ((_direction, runs, has_more),) = chart["gaps"]
        assert (runs, has_more) == ([gap], False)
        assert chart["chart"]["drawing"].count('class="missing"') == 1
        row = next(row for row in cells(chart) if row[0] == "Mon, Jun 1, 2026")
        assert row[1:] == ["–", "No readings"]

    def test_without_consumption_no_day_is_the_highest(self):
        """T11."""
        chart = chart_of(make_report([usage(FIRST, channel=SURPLUS), usage(LAST, channel=SURPLUS)]))
        assert chart["highest"] is None

    def test_a_day_with_some_readings_says_so(self):
        """T11."""
        part = usage(LAST, wh=[100] * 48 + [None] * 48)
        chart = chart_of(make_report([*every_day(FIRST, date(2026, 6, 13)), part]))
        assert chart["partial_count"] == 1
        assert cells(chart)[-1] == ["Sun, Jun 14, 2026", "4.8", "48 missing"]

    def test_surplus_generation_is_below_the_line(self):
        """T11."""
        days = list(every_day(FIRST, LAST))
        chart = chart_of(make_report([*days, usage(FIRST, channel=SURPLUS), usage(LAST, channel=SURPLUS)]))
        assert len(chart["directions"]) == 2 and 'class="bar-1"' in chart["chart"]["drawing"]

    def test_one_day_is_no_chart(self):
        """T11."""
        agreement = make_report([usage(LAST)], report_length="1d", granted_length="1d")
        assert chart_of(agreement) is None

    def test_the_same_report_has_the_same_chart(self):
        """T11: it is made from what was counted when the report was made, not from the usage of now."""
        agreement = make_report()
        before = chart_of(agreement)
        UsageDay.objects.all().delete()
        assert chart_of(agreement) == before


class TestChartOnPage:
    @pytest.fixture
    def agreement(self):
        return make_report([each for each in every_day(FIRST, LAST) if each.day.day != 20])

    @pytest.fixture
    def read(self, client, agreement):
        self.member = MembershipFactory(company=agreement.company)
        client.force_login(self.member.user)
        return lambda: client.get(reverse("agreement", args=[agreement.number])).content.decode()

    def test_only_after_the_first_download_and_until_the_file_is_deleted(self, client, agreement, read):
        """T11, R5: like the first rows, to those who may download."""
        assert HEADINGS["day"] not in read()
        client.get(reverse("report_download", args=[agreement.number]))
        page = read()
        assert HEADINGS["day"] in page and "No readings for May 20, 2026." in " ".join(page.split())
        assert page.index(HEADINGS["day"]) < page.index("First rows")
        type(self.member).objects.update(may_download=False)
        assert HEADINGS["day"] not in read()
        type(self.member).objects.update(may_download=True)
        report = report_of(agreement)
        purge_files(at=report.kept_until)
        assert HEADINGS["day"] not in read() and not ReportFile.objects.exists()

    def test_more_gaps_than_it_names_are_listed_elsewhere(self, client):
        """T11, R4: a monthly report's table has months, not days."""
        days = [each for each in every_day(FIRST, LAST) if each.day.day % 3]
        agreement = make_report(days, report_type=ReportType.MONTHLY, granted_type=ReportType.MONTHLY)
        client.force_login(MembershipFactory(company=agreement.company).user)
        client.get(reverse("report_download", args=[agreement.number]))
        page = client.get(reverse("agreement", args=[agreement.number])).content.decode()
        assert "and more, listed under Missing days." in " ".join(page.split()) and "Missing days</dt>" in page

    def test_not_for_a_file_from_before_there_were_charts(self, client, agreement, read):
        """T11: its first rows are there."""
        client.get(reverse("report_download", args=[agreement.number]))
        ReportFile.objects.update(day_counts=None)
        page = read()
        assert HEADINGS["day"] not in page and "First rows" in page

    def test_costs_no_query(self, client, agreement, read):
        """T11, O9: it comes with the first rows."""
        client.get(reverse("report_download", args=[agreement.number]))
        read()
        with CaptureQueriesContext(connection) as queries:
            read()
        assert sum("reports_reportfile" in query["sql"] for query in queries.captured_queries) == 1


@pytest.mark.slow
def test_drawing_a_years_chart_costs_at_most_one_query(django_assert_max_num_queries):
    """T11, O9: of the counts that the page has read."""
    agreement = accepted_agreement(report_length="12m", granted_length="12m")
    period = (agreement.period_first_day, agreement.period_last_day)
    store(agreement.premise, *every_day(*period))
    generate_due_reports()
    report = report_of(agreement)
    counts = ReportFile.objects.get(report=report).day_counts
    with django_assert_max_num_queries(1):
        draw_report(report, counts)

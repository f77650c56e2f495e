"""A report tells the truth about its file, whatever happened at the meter meanwhile (R2, R4)."""

from __future__ import annotations

import csv
import gzip
import json
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.template.loader import render_to_string

from agreements.models import Agreement, ReportLength, ReportScope, ReportType
from agreements.period import final_period
from agreements.states import ReportState
from meters.usage.days import slots_on
from reports.actions import generate_due_reports
from reports.manifest import render_manifest
from reports.models import Report, ReportFile
from tests.factories import CustomerFactory, EsiidClaimFactory, MeterFactory, PremiseFactory
from tests.support.accepted_agreements import CENTRAL, accepted_agreement, report_of
from tests.support.usage import CONSUMPTION, SURPLUS, days_between, every_day, store, usage

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

APRIL_FIRST = datetime(2026, 4, 1, 9, tzinfo=CENTRAL)  # a year from April 1, 2025 has both days on which clocks change
FIRST, LAST = date(2025, 4, 1), date(2026, 3, 31)


def made(premise=None, *days, length="12m", kind="interval", at=APRIL_FIRST, **fields) -> Report:
    agreement = accepted_agreement(
        at, report_length=length, report_type=kind, premise=premise or PremiseFactory(), **fields
    )
    if days:
        store(agreement.premise, *days)
    period = final_period(agreement)
    agreement.period_first_day, agreement.period_last_day = period.first, period.last
    agreement.save()
    generate_due_reports()
    return report_of(agreement)


def sums_of(report: Report) -> dict[str, Decimal]:
    """Direction's label -> kWh, added up from the file's own rows."""
    rows = csv.DictReader(gzip.decompress(ReportFile.objects.get(report=report).gzipped).decode().splitlines())
    sums: dict[str, Decimal] = {}
    for row in rows:
        label = row["CONSUMPTION_SURPLUSGENERATION"]
        kwh = row.get("USAGE_KWH") if "USAGE_KWH" in row else row["ACTUAL_KWH"]
        sums[label] = sums.get(label, Decimal(0)) + Decimal(kwh or 0)
    return sums


def page_of(report: Report) -> str:
    agreement = Agreement.objects.select_related("report").get(pk=report.agreement_id)
    html = render_to_string("reports/third_party/report.html", {"agreement": agreement, "may_download": True})
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


@pytest.mark.parametrize("kind", ReportType.values)
@pytest.mark.parametrize(
    "length", [length if length == "1m" else pytest.param(length, marks=pytest.mark.slow) for length in ReportLength]
)
def test_file_manifest_and_page_have_the_same_sum_for_every_type_and_length(kind, length):
    """R3, R4: with gaps, estimates and both directions."""
    if not ReportScope(kind, length).exists:
        return
    days = [
        usage(day, channel, wh=None if day.day != 31 else [None] * 90 + [7] * 6, estimated=[day.day])
        for day in days_between(FIRST, LAST)
        for channel in (CONSUMPTION, SURPLUS)
        if day.day not in (13, 14)
    ]
    report = made(None, *days, length=length, kind=kind)
    sums = sums_of(report)
    assert set(sums) == {"Consumption", "Surplus Generation"}
    told = json.loads(render_manifest(report))["total_kwh"]
    assert {label: Decimal(str(kwh)) for label, kwh in told.items()} == sums
    page = page_of(report)
    for label, kwh in sums.items():
        assert f"{label.capitalize()}: {kwh:,.3f}".rstrip("0").rstrip(".") in page


@pytest.mark.parametrize(
    ("accepted_at", "day", "slots"),
    [
        (datetime(2026, 3, 9, 9, tzinfo=CENTRAL), date(2026, 3, 8), 92),
        (datetime(2025, 11, 3, 9, tzinfo=CENTRAL), date(2025, 11, 2), 100),
    ],
)
def test_the_days_on_which_clocks_change_expect_the_intervals_that_they_have(accepted_at, day, slots):
    """R4: four of the spring day's 96 rows never were, and none of them is missing."""
    report = made(None, usage(day), length="1d", at=accepted_at)
    assert (report.expected_intervals, report.present_intervals, report.missing_days) == (slots, slots, {})
    assert report.day_states == {"Consumption": "w"}
    assert report.rows == max(slots, 96)


def test_a_meter_installed_in_mid_period_misses_nothing_before():
    """R4: and page and manifest say from when on it recorded."""
    premise, installed = PremiseFactory(), date(2026, 2, 10)
    MeterFactory(premise=premise, installed_on=installed)
    report = made(premise, *every_day(installed, LAST))
    assert report.expected_intervals == report.present_intervals == sum(map(slots_on, days_between(installed, LAST)))
    assert report.missing_days == {}
    assert report.day_states["Consumption"] == "n" * (installed - FIRST).days + "w" * 50
    assert json.loads(render_manifest(report))["expected_from"] == "2026-02-10"
    assert "The meter started recording on February 10, 2026." in page_of(report)


def test_a_meter_exchanged_in_mid_period_is_one_history():
    """R4: the old meter's readings are there, and the days on which there was none are missing."""
    premise, removed, installed = PremiseFactory(), date(2025, 9, 10), date(2025, 9, 13)
    MeterFactory(premise=premise, installed_on=date(2019, 5, 1), removed_on=removed)
    MeterFactory(premise=premise, installed_on=installed)
    report = made(premise, *every_day(FIRST, removed - timedelta(days=1)), *every_day(installed, LAST))
    assert report.expected_intervals == 365 * 96
    assert report.missing_days == {"Consumption": [["2025-09-10", "2025-09-12"]]}
    assert not report.is_metered_later


@pytest.mark.parametrize("former", [None, date(2025, 6, 1)])
def test_of_exchanged_meters_the_first_one_counts(former):
    """R4: unknown means that it was always there."""
    premise = PremiseFactory()
    MeterFactory(premise=premise, installed_on=former, removed_on=date(2025, 9, 13))
    MeterFactory(premise=premise, installed_on=date(2025, 9, 13))
    report = made(premise, *every_day(date(2025, 6, 1), LAST))
    assert report.expected_from == (former or FIRST)
    assert report.missing_days == ({} if former else {"Consumption": [["2025-04-01", "2025-05-31"]]})


def test_only_the_customers_own_days_are_covered_if_service_began_in_mid_period():
    """R2, R4: what is expected begins there, too."""
    since = date(2026, 3, 1)
    report = made(PremiseFactory(service_since=since), *every_day(FIRST, LAST, CONSUMPTION, SURPLUS))
    assert (report.first_day, report.asked_first_day) == (since, FIRST)
    assert report.expected_intervals == report.present_intervals == 2 * (31 * 96 - 4)
    assert len(report.day_states["Consumption"]) == len(report.day_states["Surplus Generation"]) == 31


def test_a_period_that_begins_before_the_first_data_misses_those_days():
    """R4: nobody told that the meter was not there."""
    begin = date(2026, 1, 15)
    report = made(None, *every_day(begin, LAST))
    assert report.expected_intervals == 365 * 96
    assert report.present_intervals == sum(map(slots_on, days_between(begin, LAST)))
    assert report.missing_days == {"Consumption": [["2025-04-01", "2026-01-14"]]}
    assert report.day_states["Consumption"].count("m") == (begin - FIRST).days


def test_a_former_holders_days_are_left_out_if_the_service_start_is_unknown():
    """R2: the TDSP ended that hold on January 20, so the next day is the first of the present customer."""
    premise = PremiseFactory()
    EsiidClaimFactory(premise=premise, until=datetime(2026, 1, 20, 15, tzinfo=CENTRAL))
    report = made(premise, *every_day(FIRST, LAST))
    assert (report.first_day, report.is_shortened) == (date(2026, 1, 21), True)


def test_an_earlier_claim_of_the_same_customer_removes_no_day():
    """R2"""
    premise, customer = PremiseFactory(), CustomerFactory()
    EsiidClaimFactory(premise=premise, customer=customer, until=datetime(2026, 1, 20, 15, tzinfo=CENTRAL))
    EsiidClaimFactory(premise=premise, customer=customer)
    assert made(premise, *every_day(FIRST, LAST), customer=customer).first_day == FIRST


def test_a_meter_that_came_after_the_period_gives_no_data_and_misses_nothing():
    """R4"""
    premise = PremiseFactory()
    MeterFactory(premise=premise, installed_on=date(2026, 4, 1))
    report = made(premise)
    assert (report.state, report.expected_intervals, report.missing_days) == (ReportState.NO_DATA, 0, {})

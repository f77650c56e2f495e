"""An accepted agreement earns one report (R1 to R4, R6)."""

from __future__ import annotations

import copy
import gzip
import hashlib
import json
import tracemalloc
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models.base import ModelState
from django.test.utils import CaptureQueriesContext

from agreements.models import Agreement
from agreements.states import ReportState, Status
from notifications.models import Email
from reports.actions import generate_due_reports
from reports.manifest import render_manifest
from reports.models import Report, ReportFile
from tests.factories import AgreementFactory, CustomerFactory, PremiseFactory, ReportFactory
from tests.support import independent_csv
from tests.support.accepted_agreements import CENTRAL, NOON, accepted_agreement, report_of
from tests.support.usage import CONSUMPTION, SURPLUS, every_day, store, usage

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2026, 5, 15), date(2026, 6, 14)  # accepted at NOON for one month


def content_of(report: Report) -> bytes:
    return gzip.decompress(ReportFile.objects.get(report=report).gzipped)


def test_nothing_is_generated_before_the_acceptance():
    """R1"""
    AgreementFactory()
    assert generate_due_reports() == 0
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    ("accepted_at", "length", "first", "last"),
    [
        (NOON, "1m", FIRST, LAST),
        (datetime(2026, 3, 9, 0, 0, 1, tzinfo=CENTRAL), "1d", date(2026, 3, 8), date(2026, 3, 8)),
        (datetime(2025, 11, 3, 9, 0, tzinfo=CENTRAL), "1d", date(2025, 11, 2), date(2025, 11, 2)),
        pytest.param(
            datetime(2026, 4, 1, 9, 0, tzinfo=CENTRAL),
            "12m",
            date(2025, 4, 1),
            date(2026, 3, 31),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_file_has_the_bytes_of_the_period_and_no_other_day(accepted_at, length, first, last):
    """R2, R3: days around the period and another premise's days are on record too."""
    agreement = accepted_agreement(accepted_at, report_length=length)
    days = every_day(first, last, CONSUMPTION, SURPLUS)
    outside = [usage(first - timedelta(days=1)), usage(last + timedelta(days=1))]
    store(agreement.premise, *days, *outside)
    store(PremiseFactory(), usage(first))

    assert generate_due_reports() == 1

    report = report_of(agreement)
    assert content_of(report) == independent_csv.interval_csv(agreement.esiid, days)
    assert report.state == ReportState.READY
    assert (report.first_day, report.last_day, report.asked_first_day) == (first, last, first)


@pytest.mark.parametrize(("kind", "slug"), [("interval", "15min"), ("daily", "daily"), ("monthly", "monthly")])
def test_each_type_is_generated_and_its_record_matches_the_file(kind, slug):
    """R3, R4"""
    agreement = accepted_agreement(report_type=kind)
    days = [one for one in every_day(FIRST, LAST, CONSUMPTION, SURPLUS) if one.day.day not in (20, 21)]
    store(agreement.premise, *days)
    generate_due_reports()
    expected = {
        "interval": lambda: independent_csv.interval_csv(agreement.esiid, days),
        "daily": lambda: independent_csv.daily_csv(agreement.esiid, days),
        "monthly": lambda: independent_csv.monthly_csv(agreement.esiid, FIRST, LAST, days),
    }[kind]()
    report = report_of(agreement)
    assert content_of(report) == expected
    assert report.file_name == f"smt-{agreement.number}-{slug}.csv"
    assert report.rows == len(expected.splitlines()) - 1
    assert (report.size, report.sha256) == (len(expected), hashlib.sha256(expected).hexdigest())
    assert (report.expected_intervals, report.present_intervals) == (2 * 31 * 96, 2 * 29 * 96)
    assert (report.days, report.days_present) == (31, 29)
    column = expected.decode().splitlines()[0].split(",").index("USAGE_KWH" if kind != "monthly" else "ACTUAL_KWH")
    for label, wh in report.total_wh.items():
        rows = [row.split(",") for row in expected.decode().splitlines()[1:]]
        assert round(1000 * sum(float(row[column]) for row in rows if label in row)) == wh


def test_the_same_readings_give_the_same_stored_bytes():
    """R3: the compressed bytes too carry no time and no name."""
    one, other = accepted_agreement(), accepted_agreement()
    days = every_day(FIRST, LAST)
    store(one.premise, *days)
    other.esiid, other.premise = one.esiid, one.premise
    other.save()
    generate_due_reports()
    stored = [bytes(ReportFile.objects.get(report__agreement=agreement).gzipped) for agreement in (one, other)]
    assert stored[0] == stored[1]


def test_a_former_tenants_days_are_left_out():
    """R2: and the page, the manifest and EM204 say so."""
    agreement = accepted_agreement(premise=PremiseFactory(service_since=date(2026, 6, 1)))
    store(agreement.premise, *every_day(FIRST, LAST))
    generate_due_reports()
    report = report_of(agreement)
    assert content_of(report) == independent_csv.interval_csv(agreement.esiid, every_day(date(2026, 6, 1), LAST))
    assert report.is_shortened
    assert (report.asked_first_day, report.first_day) == (FIRST, date(2026, 6, 1))
    assert "began on 2026-06-01" in json.loads(render_manifest(report))["shortened_because"]
    email = Email.objects.get(kind="EM204")
    for part in (email.text, email.html):
        assert "service began on June 1, 2026" in part


def test_em204_says_what_is_covered_and_what_is_missing():
    """R4, E1: in both parts, with a link that needs a login and no more than seven digits of the ESIID."""
    agreement = accepted_agreement()
    store(agreement.premise, *[one for one in every_day(FIRST, LAST) if one.day not in (date(2026, 6, 1), LAST)])
    generate_due_reports()
    report = report_of(agreement)
    email = Email.objects.get()
    assert (email.key, email.kind, email.about) == (f"EM204:{agreement.number}", "EM204", [agreement.number])
    assert email.to_address == agreement.contact_email
    numbered = f"agreement {agreement.number} (meter {agreement.meter_number})"
    assert email.subject == f"{agreement.third_party_name}: report ready for {numbered}"
    for part in (email.text, email.html):
        assert f"/agreements/{agreement.number}/" in part
        assert "May 15, 2026 to June 14, 2026" in part
        assert "2,784 of 2,976 received" in part
        assert "192 intervals are missing" in part
        assert "June 1, 2026" in part
        assert report.sha256 in part
        assert report.file_name in part
        assert agreement.esiid[-7:] in part
        assert agreement.esiid not in part
        assert agreement.esiid[-8:] not in part
        assert agreement.last_name not in part


def test_em204_lists_at_most_twenty_gaps():
    """R4: an email stays readable; the page has them all."""
    agreement = accepted_agreement(report_length="3m")
    store(agreement.premise, *[one for one in every_day(date(2026, 3, 15), LAST) if one.day.toordinal() % 2])
    generate_due_reports()
    email = Email.objects.get()
    assert len(report_of(agreement).missing[0][1]) > 40
    for part in (email.text, email.html):
        assert "lists more" in part
    assert email.text.count("\n- ") == 21


def test_no_data_ends_without_a_report_and_both_sides_are_emailed():
    """R4: nothing pretends to be a report."""
    agreement = accepted_agreement(submission__language="es")
    store(agreement.premise, usage(LAST, wh=[None] * 96))  # a day without one reading is no data either
    assert generate_due_reports() == 1
    report = report_of(agreement)
    assert report.state == ReportState.NO_DATA
    assert (report.file_name, report.sha256, report.rows) == ("", "", 0)
    assert not ReportFile.objects.exists()
    to = {email.key: email for email in Email.objects.all()}
    third_party, customer = to[f"EM204:{agreement.number}"], to[f"EM204:{agreement.number}:customer"]
    assert third_party.to_address == agreement.contact_email
    assert (customer.to_address, customer.language) == (agreement.email, "es")
    assert agreement.number in third_party.subject and agreement.third_party_name in customer.subject
    assert agreement.number in customer.text
    for email in (third_party, customer):
        for part in (email.text, email.html):
            assert agreement.esiid not in part
            assert "sha" not in part.lower()
    assert generate_due_reports() == 0


def test_no_data_is_also_told_to_the_account_that_accepted():
    """R4, C4: like every other email about the outcome, if the request went to another address."""
    customer = CustomerFactory(user__language="es")
    own_address = accepted_agreement(customer=customer, email=customer.user.email.upper())
    other_address = accepted_agreement(customer=customer)
    assert generate_due_reports() == 2
    for agreement, addresses in (
        (own_address, {customer.user.email.upper()}),
        (other_address, {other_address.email, customer.user.email}),
    ):
        emails = Email.objects.about(agreement.number).filter(key__endswith=":customer")
        assert {email.to_address for email in emails} == addresses
    assert Email.objects.get(key=f"EM204:{other_address.number}:account:customer").language == "es"


def test_a_service_that_began_after_the_period_ends_as_no_data():
    """R2, R4"""
    agreement = accepted_agreement(premise=PremiseFactory(service_since=NOON.date()))
    store(agreement.premise, *every_day(FIRST, LAST))
    generate_due_reports()
    report = report_of(agreement)
    assert (report.state, report.expected_intervals, report.days) == (ReportState.NO_DATA, 0, 0)
    assert "service began on June 15, 2026" in Email.objects.get(key=f"EM204:{agreement.number}").text


def test_a_second_sweep_changes_nothing():
    """R1: a repeated task finds nothing to do."""
    agreement = accepted_agreement()
    store(agreement.premise, *every_day(FIRST, LAST))
    assert [generate_due_reports(), generate_due_reports(), generate_due_reports()] == [1, 0, 0]
    assert Report.objects.count() == 1
    assert Email.objects.count() == 1


def test_a_sweep_generates_due_reports_oldest_first_up_to_its_limit():
    """R1"""
    newer, older = accepted_agreement(NOON), accepted_agreement(NOON - timedelta(days=1))
    store(newer.premise, usage(LAST))
    store(older.premise, usage(LAST - timedelta(days=1)))
    assert generate_due_reports(limit=1) == 1
    assert report_of(older)
    assert generate_due_reports() == 1
    assert report_of(newer)


@pytest.mark.slow
def test_a_years_report_costs_few_queries_and_as_many_with_more_meters_on_record():
    """R6"""
    agreement = accepted_agreement(datetime(2026, 4, 1, 9, tzinfo=CENTRAL), report_length="12m")
    store(agreement.premise, *every_day(date(2025, 4, 1), date(2026, 3, 31), CONSUMPTION, SURPLUS))
    with CaptureQueriesContext(connection) as one:
        generate_due_reports(limit=1)
    assert len(one) <= 21, "\n".join(query["sql"][:200] for query in one)

    for _ in range(5):
        store(PremiseFactory(), *every_day(date(2026, 3, 1), date(2026, 3, 31)))
    accepted_agreement(datetime(2026, 4, 1, 9, tzinfo=CENTRAL), report_length="12m", premise=agreement.premise)
    with CaptureQueriesContext(connection) as other:
        generate_due_reports(limit=1)
    assert len(other) == len(one)


@pytest.mark.slow
def test_a_years_report_does_not_hold_the_years_rows_in_memory():
    """R6: of a file of 6 MB only the compressed bytes and a window of days are in memory at once."""
    accepted_at = datetime(2026, 4, 1, 9, tzinfo=CENTRAL)
    agreement = accepted_agreement(accepted_at, report_length="12m")
    store(agreement.premise, *every_day(date(2025, 4, 1), date(2026, 3, 31), CONSUMPTION, SURPLUS))
    generate_due_reports()  # modules, templates and texts of numbers are loaded now
    other = accepted_agreement(accepted_at, report_length="12m", premise=agreement.premise)
    tracemalloc.start()
    try:
        generate_due_reports()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert report_of(other).size > 5_000_000
    assert peak < 2_000_000, peak


@pytest.mark.parametrize("has_data", [True, False])
def test_a_companys_name_breaks_neither_html_nor_header_nor_text(has_data):
    """E3"""
    agreement = accepted_agreement(third_party_name="<b>Evil</b>\r\nBcc: all@example.com")
    if has_data:
        store(agreement.premise, usage(LAST))
    generate_due_reports()
    assert Email.objects.count() == (1 if has_data else 2)
    for email in Email.objects.all():
        assert "\n" not in email.subject and "\r" not in email.subject
        assert "<b>Evil" not in email.html
        assert "\nBcc:" not in email.text


def test_an_idle_sweep_reads_only_what_waits():
    """R6: the agreements that were ever accepted are not looked through every three seconds."""
    agreement = ReportFactory().agreement
    copies = []
    for number in range(400):
        copies.append(other := copy.copy(agreement))
        other.pk, other.number = None, f"9{number:011}"
    Agreement.objects.bulk_create(copies)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE agreements_agreement")
    plan = Agreement.objects.awaiting_report().order_by("ended_at").explain()
    assert "agreement_awaits_report" in plan and "Seq Scan" not in plan
    assert generate_due_reports() == 0


@pytest.mark.slow
def test_the_sweep_for_retries_reads_only_what_is_tried_again():
    """R1, R6"""
    report, copies = ReportFactory(), []
    for agreement in AgreementFactory.create_batch(300, status=Status.COMPLETE):
        copies.append(other := copy.copy(report))
        other.pk, other.agreement, other._state = None, agreement, ModelState()
    Report.objects.bulk_create(copies)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE reports_report")
    plan = Report.objects.due_for_retry().order_by("retry_at").explain()
    assert "report_retry" in plan and "Seq Scan" not in plan
    plan = Report.objects.due_for_purge(at=report.made_at).explain()
    assert "report_purge" in plan and "Seq Scan" not in plan

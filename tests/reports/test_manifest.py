"""The manifest beside a report says what is in its file (R4)."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest
from django.conf import settings

from reports.actions import generate_due_reports
from reports.manifest import manifest_name, render_manifest
from tests.support.accepted_agreements import CENTRAL, NOON, accepted_agreement, report_of
from tests.support.usage import every_day, store, usage

pytestmark = pytest.mark.django_db


def test_the_manifest_matches_the_record():
    """R4"""
    agreement = accepted_agreement(
        datetime(2026, 3, 10, 12, tzinfo=CENTRAL), report_length="1m", meter_number="142606737LG"
    )
    days = [usage(date(2026, 3, 8), estimated=[0, 1]), usage(date(2026, 3, 9), wh=[1500] + [None] * 95)]
    store(agreement.premise, *days)
    generate_due_reports(at=datetime(2026, 3, 10, 12, 0, 5, tzinfo=CENTRAL))
    report = report_of(agreement)
    found = json.loads(render_manifest(report))
    assert found == {
        "agreement_number": agreement.number,
        "esiid": agreement.esiid,
        "meter_number": "142606737LG",
        "report_type": "interval",
        "report_length": "1m",
        "requested": {"report_type": "interval", "report_length": "1m"},
        "accepted_at": "2026-03-10T12:00:00-05:00",
        "made_at": "2026-03-10T12:00:05-05:00",
        "readings": "As on file at 2026-03-10T12:00:05-05:00. Later corrections by the utility are not included.",
        "time_zone": "America/Chicago. Days and times are Central time, daylight saving time included.",
        "asked_period": {"first_day": "2026-02-10", "last_day": "2026-03-09"},
        "covered_period": {"first_day": "2026-02-10", "last_day": "2026-03-09"},
        "shortened_because": None,
        "ended_early_because": None,
        "expected_from": None,
        "intervals": {"length_minutes": 15, "expected": 28 * 96 - 4, "present": 93, "missing": 2591, "estimated": 2},
        "days_in_period": 28,
        "days_with_data": 2,
        "missing_days": {"Consumption": [{"first_day": "2026-02-10", "last_day": "2026-03-07"}]},
        "months": None,
        "total_kwh": {"Consumption": report.total_wh["Consumption"] / 1000},
        "file": {
            "name": f"smt-{agreement.number}-15min.csv",
            "rows_without_header": 192,
            "size_bytes": report.size,
            "sha256": report.sha256,
            "check_at": f"{settings.PORTAL_ORIGIN}/check/",
        },
        "other_formats": {
            "note": "The same readings as in the file, until it is deleted. The address in check_at knows the SHA-256 "
            "of each of these files that was downloaded.",
            "names": [
                f"smt-{agreement.number}-15min-utc.csv",
                f"smt-{agreement.number}-15min.json",
                f"smt-{agreement.number}-15min-green-button.xml",
            ],
        },
    }
    assert render_manifest(report) == render_manifest(report_of(agreement))
    assert manifest_name(report) == f"smt-{agreement.number}-15min-manifest.json"


def test_the_manifest_of_a_monthly_report_says_that_months_are_no_billing_periods():
    """R4"""
    agreement = accepted_agreement(NOON, report_type="monthly", report_length="1m")
    store(agreement.premise, *every_day(date(2026, 5, 15), date(2026, 6, 14)))
    generate_due_reports()
    manifest = json.loads(render_manifest(report_of(agreement)))
    assert "Calendar months" in manifest["months"] and "not billing periods" in manifest["months"]

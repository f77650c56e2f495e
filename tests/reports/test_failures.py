"""A report that cannot be made: it waits, it is tried again, and it holds nobody else up (R1)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from agreements.states import ReportState
from meters.usage.reader import DayReadings, stream_usage
from notifications.models import Email
from reports import actions
from reports.actions import BACKOFF, generate_due_reports, retry_report
from reports.models import Report, ReportFile
from tests.factories import OperatorFactory, ReportFactory
from tests.support.accepted_agreements import NOON, accepted_agreement, report_of
from tests.support.usage import every_day, store

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2026, 5, 15), date(2026, 6, 14)


class BadDisk(Exception):
    pass


@pytest.fixture
def broken(monkeypatch) -> set[int]:
    """Premises whose usage breaks off in the middle of being read."""
    premises: set[int] = set()

    def breaking(premise_id: int, first: date, last: date) -> Iterator[DayReadings]:
        for number, one in enumerate(stream_usage(premise_id, first, last)):
            if premise_id in premises and number == 10:
                raise BadDisk("reading of Rosa Delgado at 10443720000000017, rosa@example.net")
            yield one

    monkeypatch.setattr(actions, "stream_usage", breaking)
    return premises


def waiting():
    agreement = accepted_agreement()
    store(agreement.premise, *every_day(FIRST, LAST))
    return agreement


def test_a_failure_leaves_no_file_and_no_email_and_does_not_stop_the_others(broken):
    """R1"""
    bad, good = waiting(), waiting()
    broken.add(bad.premise_id)
    assert generate_due_reports(at=NOON) == 2
    failed = report_of(bad)
    assert (failed.state, failed.attempts, failed.retry_at) == (ReportState.RETRYING, 1, NOON + timedelta(seconds=10))
    assert (failed.first_day, failed.last_day) == (FIRST, LAST)
    assert report_of(good).state == ReportState.READY
    assert ReportFile.objects.count() == Email.objects.count() == 1


def test_retries_back_off_and_then_stop(broken):
    """R1"""
    agreement = waiting()
    broken.add(agreement.premise_id)
    now, waits = NOON, []
    generate_due_reports(at=now)
    while (retry_at := report_of(agreement).retry_at) is not None:
        waits.append(retry_at - now)
        assert generate_due_reports(at=retry_at - timedelta(seconds=1)) == 0
        now = retry_at
        assert generate_due_reports(at=now) == 1
    assert tuple(waits) == BACKOFF
    assert generate_due_reports(at=now + timedelta(days=365)) == 0
    assert report_of(agreement).attempts == len(BACKOFF) + 1


def test_it_is_generated_when_the_cause_is_gone(broken):
    """R1: one report, one EM204, and nothing of the failure stays on it."""
    agreement = waiting()
    broken.add(agreement.premise_id)
    generate_due_reports(at=NOON)
    broken.clear()
    assert generate_due_reports(at=NOON + timedelta(seconds=10)) == 1
    report = report_of(agreement)
    assert (report.state, report.retry_at, report.last_error) == (ReportState.READY, None, "")
    assert report.missing_days == {}
    assert Email.objects.get().key == f"EM204:{agreement.number}"


def test_neither_the_record_nor_the_log_quotes_private_data(broken, caplog):
    """X4: what kind of error it was and where, not what it said."""
    agreement = waiting()
    broken.add(agreement.premise_id)
    with caplog.at_level(logging.INFO):
        generate_due_reports(at=NOON)
    error = report_of(agreement).last_error
    assert error.startswith("BadDisk at ")
    for text in (error, caplog.text):
        assert "Rosa" not in text
        assert agreement.esiid not in text
        assert "example.net" not in text


def test_an_operator_has_a_failed_report_made_again(broken):
    """D1"""
    agreement = waiting()
    broken.add(agreement.premise_id)
    generate_due_reports(at=NOON)
    Report.objects.update(retry_at=None, attempts=5)
    broken.clear()
    assert retry_report(report_of(agreement), by=OperatorFactory(), at=NOON)
    assert generate_due_reports(at=NOON) == 1
    assert report_of(agreement).state == ReportState.READY


@pytest.mark.parametrize("state", [ReportState.READY, ReportState.NO_DATA, ReportState.PURGED])
def test_only_a_failed_report_is_made_again(state):
    """R1: once made, it stays as it is."""
    report = ReportFactory(state=state)
    assert not retry_report(report, by=OperatorFactory())
    report.refresh_from_db()
    assert (report.state, report.retry_at) == (state, None)

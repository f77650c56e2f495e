"""Workers that die while they make a report (R1)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from agreements.models import Agreement, AgreementStage
from agreements.states import ReportState
from notifications.models import Email
from reports.gzip_stream import decompress
from reports.models import Report, ReportFile
from tests.support import independent_csv
from tests.support.accepted_agreements import NOON, accepted_agreement, report_of
from tests.support.usage import every_day, store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]

FIRST, LAST = date(2026, 5, 15), date(2026, 6, 14)


@pytest.fixture(autouse=True)
def no_usage_left() -> Iterator[None]:
    """Django does not empty a table that it did not make."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE usage_day")


def waiting(**fields) -> Agreement:
    agreement = accepted_agreement(**fields)
    store(agreement.premise, *every_day(FIRST, LAST))
    return agreement


WORKER = """
import contextlib, os, sys, time, django
django.setup()
from django.db import transaction
from reports import actions, tasks

stream_usage, pause, mode, deadly_premise = actions.stream_usage, float(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def slow(premise_id, *period):
    if premise_id == deadly_premise:
        os.kill(os.getpid(), 9)
    for number, day in enumerate(stream_usage(premise_id, *period)):
        if pause and number == 15:
            print("half way", flush=True)
            time.sleep(pause)
        yield day
actions.stream_usage = slow
if mode == "every statement is committed by itself":
    generate = actions.generate_report
    def careless(report, now):
        actions.change_report_state(report.agreement_id, to="no_data")
        generate(report, now)
    actions.generate_report = careless
    transaction.atomic = lambda **options: contextlib.nullcontext()
    from django.db.models import QuerySet
    QuerySet.select_for_update = lambda queryset, **options: queryset
with transaction.atomic() if mode == "one transaction" else contextlib.nullcontext():
    tasks.generate_due_reports()
print("done", flush=True)
"""


def start_worker(pause: float = 0, mode: str = "as it is", deadly_premise: int = 0) -> subprocess.Popen[str]:
    """A process of its own on the test's database that stops for `pause` seconds in the middle of a report."""
    database = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{database}"
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(pause), mode, str(deadly_premise)],
        cwd=Path(settings.BASE_DIR),
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "smt_portal.settings", "REDIS_URL": ""},
        stdout=subprocess.PIPE,
        text=True,
    )


def run_worker(mode: str = "as it is", deadly_premise: int = 0) -> int:
    """Let the next attempts be due and run a worker to its end; return its exit code."""
    Report.objects.filter(agreement__report_state=ReportState.MAKING).update(retry_at=Now())
    with start_worker(mode=mode, deadly_premise=deadly_premise) as worker:
        return worker.wait(60)


def kill_half_way(mode: str = "as it is") -> None:
    with start_worker(60, mode) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "half way\n"
        os.kill(worker.pid, signal.SIGKILL)
        assert worker.wait(10) == -signal.SIGKILL


def test_a_worker_killed_in_mid_report_leaves_its_attempt_and_the_next_one_generates_it():
    """R1: kill -9, then a worker that lives."""
    agreement = waiting()
    kill_half_way()
    assert report_of(agreement).state == ReportState.MAKING
    assert not ReportFile.objects.exists() and not Email.objects.exists()
    assert run_worker() == 0
    assert Report.objects.count() == ReportFile.objects.count() == 1
    assert (report_of(agreement).state, report_of(agreement).attempts) == (ReportState.READY, 2)
    assert [email.key for email in Email.objects.all()] == [f"EM204:{agreement.number}"]
    packed = bytes(ReportFile.objects.get().gzipped)
    assert b"".join(decompress(packed)) == independent_csv.interval_csv(agreement.esiid, every_day(FIRST, LAST))


@pytest.mark.control
def test_without_one_transaction_a_killed_worker_loses_the_report():
    """R1: what the single transaction is for."""
    waiting()
    kill_half_way("every statement is committed by itself")
    assert run_worker() == 0
    assert not ReportFile.objects.exists()


def test_a_report_that_kills_its_workers_fails_after_three_and_delays_no_other():
    """R1"""
    deadly, good = waiting(), waiting(at=NOON + timedelta(minutes=1))
    assert run_worker(deadly_premise=deadly.premise_id) == -signal.SIGKILL
    Report.objects.filter(agreement=deadly).update(retry_at=Now() + timedelta(hours=1))
    with start_worker(deadly_premise=deadly.premise_id) as worker:
        assert worker.wait(60) == 0
    assert report_of(good).state == ReportState.READY
    for _ in range(2):
        assert run_worker(deadly_premise=deadly.premise_id) == -signal.SIGKILL
    for _ in range(2):
        assert run_worker(deadly_premise=deadly.premise_id) == 0
    failed = report_of(deadly)
    assert (failed.state, failed.attempts, failed.retry_at) == (ReportState.FAILED, 3, None)
    assert Agreement.objects.filter(stage=AgreementStage.FAILED).get() == deadly


@pytest.mark.control
def test_without_a_committed_attempt_it_kills_every_worker():
    """R1"""
    deadly = waiting()
    for _ in range(5):
        assert run_worker("one transaction", deadly.premise_id) == -signal.SIGKILL
    assert not Report.objects.exists()

"""Workers that work at the same time, and workers that die: one report, one EM204 (R1)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.expressions import RawSQL

from agreements.models import AgreementQuerySet
from meters.usage.reader import DayReadings, stream_usage
from notifications.models import Email
from reports import actions
from reports.actions import generate_due_reports
from reports.gzip_stream import decompress
from reports.models import Report, ReportFile, ReportState
from tests.support import independent_csv
from tests.support.accepted_agreements import accepted_agreement, report_of
from tests.support.races import PATIENCE, together, until_somebody_waits
from tests.support.usage import every_day, store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]

FIRST, LAST = date(2026, 5, 15), date(2026, 6, 14)
WORKERS = 4


@pytest.fixture(autouse=True)
def no_usage_left() -> Iterator[None]:
    """Django does not empty a table that it did not make."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE usage_day")


def waiting():
    agreement = accepted_agreement()
    store(agreement.premise, *every_day(FIRST, LAST))
    return agreement


@pytest.fixture
def slowly(monkeypatch) -> list[int]:
    """Reading usage takes a while, so that workers meet; the list has the premise of each reading that was begun."""
    begun: list[int] = []

    def slow(premise_id: int, first: date, last: date) -> Iterator[DayReadings]:
        begun.append(premise_id)
        time.sleep(0.4)
        yield from stream_usage(premise_id, first, last)

    monkeypatch.setattr(actions, "stream_usage", slow)
    return begun


@pytest.fixture
def meeting(monkeypatch) -> list[int]:
    """The same without luck, where nothing keeps the workers apart: each waits for all others in mid-report."""
    begun: list[int] = []
    all_have_begun = threading.Barrier(WORKERS)

    def meet(premise_id: int, first: date, last: date) -> Iterator[DayReadings]:
        begun.append(premise_id)
        all_have_begun.wait(timeout=PATIENCE)
        yield from stream_usage(premise_id, first, last)

    monkeypatch.setattr(actions, "stream_usage", meet)
    return begun


def set_flag_after_the_report(monkeypatch) -> None:
    """The agreement is marked only when a record was found, so that marking it locks nobody out."""
    mark, is_recorded = actions.mark_report_recorded, actions.has_report
    monkeypatch.setattr(actions, "mark_report_recorded", lambda agreement: None)
    monkeypatch.setattr(actions, "has_report", lambda agreement: is_recorded(agreement) and (mark(agreement) or True))


def remove_locks(monkeypatch) -> None:
    """Neither the claim locks the agreement nor the mark."""
    monkeypatch.setattr(AgreementQuerySet, "select_for_update", lambda queryset, **options: queryset)
    set_flag_after_the_report(monkeypatch)


def assert_one_report(agreement) -> None:
    assert Report.objects.count() == ReportFile.objects.count() == 1
    assert report_of(agreement).state == ReportState.READY
    assert [email.key for email in Email.objects.all()] == [f"EM204:{agreement.number}"]


def test_workers_that_sweep_at_the_same_moment_generate_a_report_once(slowly):
    """R1"""
    agreement = waiting()
    tried = together([generate_due_reports] * WORKERS)
    assert sorted(tried) == [0] * (WORKERS - 1) + [1]
    assert slowly == [agreement.premise_id]
    assert_one_report(agreement)


@pytest.mark.control
def test_without_the_lock_they_all_generate_it(meeting, monkeypatch):
    """R1: what the lock is for. The table's constraint still keeps the second report and the second EM204 out."""
    remove_locks(monkeypatch)
    agreement = waiting()
    together([generate_due_reports] * WORKERS)
    assert len(meeting) == WORKERS
    assert_one_report(agreement)


@pytest.mark.control
def test_without_lock_and_constraint_there_are_several_reports(meeting, monkeypatch):
    """R1: what the constraint is for."""
    remove_locks(monkeypatch)
    waiting()
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, Report._meta.db_table)
        name = next(name for name, one in constraints.items() if one["unique"] and one["columns"] == ["agreement_id"])
        cursor.execute(f"ALTER TABLE reports_report DROP CONSTRAINT {name}")
        try:
            together([generate_due_reports] * WORKERS)
            assert Report.objects.count() == WORKERS
        finally:
            cursor.execute("TRUNCATE reports_report CASCADE")
            cursor.execute(f"ALTER TABLE reports_report ADD CONSTRAINT {name} UNIQUE (agreement_id)")


def test_workers_share_the_work(meeting):
    """R1: as many reports are in the making at one moment as there are workers; nobody waits for another one's."""
    for _ in range(WORKERS):
        waiting()
    assert together([generate_due_reports] * WORKERS) == [1] * WORKERS
    assert Report.objects.filter(state=ReportState.READY).count() == Email.objects.count() == WORKERS


@dataclass
class StaleList:
    """A worker whose list of the waiting gets old: it was read, and then the worker is held up before its lock."""

    lock: int
    begun: threading.Event = field(default_factory=threading.Event)
    own: threading.local = field(default_factory=threading.local)

    def sweep(self) -> int:
        self.own.is_held_up = True
        assert self.begun.wait(PATIENCE)
        return generate_due_reports(limit=1)

    def meanwhile(self) -> int:
        """Another worker makes the report between the first one's list and its lock."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [self.lock])
            self.begun.set()
            until_somebody_waits()
            made = generate_due_reports(limit=1)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [self.lock])
        return made


@pytest.fixture
def late_claim(monkeypatch) -> StaleList:
    old, awaiting_report = StaleList(lock=0x534D54FF), AgreementQuerySet.awaiting_report

    def read_early(queryset):
        found = awaiting_report(queryset)
        if getattr(old.own, "is_held_up", False):
            held_up = RawSQL("pg_advisory_xact_lock_shared(%s)::text", [old.lock])
            return found.annotate(held_up=held_up).filter(held_up__isnull=False)
        return found

    monkeypatch.setattr(AgreementQuerySet, "awaiting_report", read_early)
    return old


def sweep_with_a_stale_list(late: StaleList) -> int:
    """One worker reads its list, another one makes the report meanwhile; how many the first one tried then."""
    late_tried, made_meanwhile = together([late.sweep, late.meanwhile])
    assert made_meanwhile == 1
    return late_tried


def test_a_stale_list_generates_nothing_twice(late_claim):
    """R1: the lock alone does not say that the report is still to be made."""
    agreement = waiting()
    assert sweep_with_a_stale_list(late_claim) == 0
    assert_one_report(agreement)


@pytest.mark.control
def test_without_both_checks_a_stale_list_generates_it_twice(late_claim, monkeypatch):
    """R1: no mark on the agreement that makes PostgreSQL look again, and no look for the record."""
    agreement = waiting()
    monkeypatch.setattr(actions, "mark_report_recorded", lambda agreement: None)
    monkeypatch.setattr(actions, "has_report", lambda agreement: False)
    assert sweep_with_a_stale_list(late_claim) == 1
    assert_one_report(agreement)  # by the constraint


@pytest.mark.parametrize("defence", ["mark_report_recorded", "has_report"])
def test_either_check_alone_is_enough(late_claim, monkeypatch, defence):
    """R1"""
    agreement = waiting()
    if defence == "mark_report_recorded":
        monkeypatch.setattr(actions, "has_report", lambda agreement: False)
    else:
        set_flag_after_the_report(monkeypatch)
    assert sweep_with_a_stale_list(late_claim) == 0
    assert_one_report(agreement)


WORKER = """
import contextlib, os, sys, time, django
django.setup()
from reports import actions, tasks

stream_usage, pause = actions.stream_usage, float(sys.argv[1])
def slow(*period):
    for number, day in enumerate(stream_usage(*period)):
        if pause and number == 15:
            print("half way", flush=True)
            time.sleep(pause)
        yield day
actions.stream_usage = slow
if sys.argv[2] == "no transaction":  # the control: every statement is committed by itself
    generate = actions.generate_report
    def careless(report, now):
        report.state = "no_data"
        report.first_day = report.last_day = report.asked_first_day = "2026-01-01"
        report.save()
        generate(report, now)
    actions.generate_report = careless
    actions.transaction.atomic = contextlib.nullcontext
    from agreements.models import AgreementQuerySet
    AgreementQuerySet.select_for_update = lambda queryset, **options: queryset
tasks.generate_due_reports()
print("done", flush=True)
"""


def start_worker(pause: float, mode: str = "as it is") -> subprocess.Popen:
    """A process of its own on the test's database that stops for `pause` seconds in the middle of a report."""
    database = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{database}"
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(pause), mode],
        cwd=Path(settings.BASE_DIR),
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "smt_portal.settings", "REDIS_URL": ""},
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_half_way(mode: str = "as it is") -> None:
    with start_worker(60, mode) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "half way\n"
        os.kill(worker.pid, signal.SIGKILL)
        assert worker.wait(10) == -signal.SIGKILL


def test_a_worker_killed_in_mid_report_leaves_nothing_and_the_next_one_generates_it():
    """R1: kill -9, then a worker that lives."""
    agreement = waiting()
    kill_half_way()
    assert not Report.objects.exists() and not Email.objects.exists()
    with start_worker(0) as worker:
        assert worker.communicate(timeout=60)[0] == "done\n"
    assert_one_report(agreement)
    days = every_day(FIRST, LAST)
    packed = bytes(ReportFile.objects.get().gzipped)
    assert b"".join(decompress(packed)) == independent_csv.interval_csv(agreement.esiid, days)


@pytest.mark.control
def test_without_one_transaction_a_killed_worker_loses_the_report():
    """R1: what the single transaction is for."""
    waiting()
    kill_half_way("no transaction")
    with start_worker(0) as worker:
        worker.communicate(timeout=60)
    assert not ReportFile.objects.exists()

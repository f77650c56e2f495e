"""Workers that work at the same time: one report, one EM204 (R1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection
from django.db.models.expressions import RawSQL
from django.utils import timezone

from agreements.models import Agreement, AgreementQuerySet
from agreements.states import ReportState
from meters.usage.reader import DayReadings, stream_usage
from notifications.models import Email
from reports import actions
from reports.actions import generate_due_reports
from reports.models import Report, ReportFile, ReportQuerySet
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


def change_unconditionally(agreement_id: int, *, to: ReportState) -> int:
    """Change a report's state without regard to the one it has."""
    return Agreement.objects.filter(pk=agreement_id).update(report_state=to)


def remove_lock(monkeypatch) -> None:
    monkeypatch.setattr(AgreementQuerySet, "select_for_update", lambda queryset, **options: queryset)


def remove_locks(monkeypatch) -> None:
    """Neither the lock nor the state keeps a worker out, and none claims the agreement before all have seen it."""
    remove_lock(monkeypatch)
    all_have_seen_it = threading.Barrier(WORKERS)

    def change(agreement_id: int, *, to: ReportState) -> int:
        if to == ReportState.MAKING:
            all_have_seen_it.wait(timeout=PATIENCE)
        return change_unconditionally(agreement_id, to=to)

    monkeypatch.setattr(actions, "change_report_state", change)


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


def sweep_once() -> int:
    return generate_due_reports(limit=1)


@pytest.mark.control
def test_without_the_lock_they_all_claim_it(monkeypatch):
    """R1: what the lock is for. The table's constraint still keeps the second report and the second EM204 out."""
    remove_locks(monkeypatch)
    agreement = waiting()
    outcomes = together([sweep_once] * WORKERS)
    assert len([outcome for outcome in outcomes if isinstance(outcome, IntegrityError)]) == WORKERS - 1
    # The worker that recorded it may find the agreement locked by those that fail; then a later sweep makes it.
    monkeypatch.undo()
    generate_due_reports(at=timezone.now() + timedelta(hours=1))
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
            together([sweep_once] * WORKERS)
            assert Report.objects.count() == WORKERS
        finally:
            cursor.execute("TRUNCATE reports_report CASCADE")
            cursor.execute(f"ALTER TABLE reports_report ADD CONSTRAINT {name} UNIQUE (agreement_id)")


def test_workers_share_the_work(meeting):
    """R1: as many reports are in the making at one moment as there are workers; nobody waits for another one's."""
    for _ in range(WORKERS):
        waiting()
    assert together([generate_due_reports] * WORKERS) == [1] * WORKERS
    assert Report.objects.filter(agreement__report_state=ReportState.READY).count() == Email.objects.count() == WORKERS


def overtake(monkeypatch) -> None:
    """While one worker reads the usage, another one sweeps long after the next attempt is due."""
    is_read = threading.Event()

    def read(premise_id: int, first: date, last: date) -> Iterator[DayReadings]:
        if not is_read.is_set():
            is_read.set()
            [tried] = together([lambda: generate_due_reports(at=timezone.now() + timedelta(hours=1))])
            assert isinstance(tried, int)
        yield from stream_usage(premise_id, first, last)

    monkeypatch.setattr(actions, "stream_usage", read)
    generate_due_reports()


def test_a_slow_worker_is_not_overtaken(monkeypatch):
    """R1"""
    agreement = waiting()
    overtake(monkeypatch)
    assert_one_report(agreement)
    assert report_of(agreement).attempts == 1


@pytest.mark.control
def test_without_the_lock_on_the_report_a_slow_worker_is_overtaken(monkeypatch):
    """R1"""
    monkeypatch.setattr(ReportQuerySet, "select_for_update", lambda queryset, **options: queryset)
    agreement = waiting()
    overtake(monkeypatch)
    assert_one_report(agreement)
    assert report_of(agreement).attempts == 2


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


def sweep_with_a_stale_list(late: StaleList) -> int | Exception:
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
def test_without_both_checks_a_stale_list_claims_it_twice(late_claim, monkeypatch):
    """R1: no lock for which PostgreSQL looks again, and a change whatever the state is."""
    agreement = waiting()
    remove_lock(monkeypatch)
    monkeypatch.setattr(actions, "change_report_state", change_unconditionally)
    assert isinstance(sweep_with_a_stale_list(late_claim), IntegrityError)
    assert_one_report(agreement)  # by the constraint


@pytest.mark.parametrize("defence", ["the lock", "the condition of the change"])
def test_either_check_alone_is_enough(late_claim, monkeypatch, defence):
    """R1"""
    agreement = waiting()
    if defence == "the lock":
        monkeypatch.setattr(actions, "change_report_state", change_unconditionally)
    else:
        remove_lock(monkeypatch)
    assert sweep_with_a_stale_list(late_claim) == 0
    assert_one_report(agreement)

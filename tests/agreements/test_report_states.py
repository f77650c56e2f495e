"""The state of an agreement's report: what the database allows, and the only function that changes it (R1, R7, X1)."""

from __future__ import annotations

import re
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from agreements.models import Agreement, Review
from agreements.models.review import REVIEW_REFUSES_REPORT
from agreements.states import REPORT_SOURCES, ReportState, Status
from agreements.transitions import change_report_state
from tests.factories import AgreementFactory

pytestmark = pytest.mark.django_db

BEFORE_REVIEW = {ReportState.AWAITING_DATA, ReportState.DUE}
DAYS = {"period_first_day": date(2026, 5, 15), "period_last_day": date(2026, 6, 14)}
WAITS = {"period_first_day": None, "period_last_day": None}
# Modules that write the state beside another column: acceptance, refusal after a review, and the function itself.
# The demo has a report that failed, as a worker leaves it behind.
WRITERS = {"agreements/answers.py", "agreements/consent_review.py", "agreements/transitions.py", "demo/stories.py"}
WRITES = re.compile(r"""\.report_state = |\bupdate\([^)]*\breport_state=|["']report_state["'](: |\] = )""")


def is_consistent(status: Status, review: Review, state: ReportState, *, has_period: bool) -> bool:
    if status != Status.COMPLETE or review in REVIEW_REFUSES_REPORT:
        return state == ReportState.NONE
    if review == Review.HELD and state not in BEFORE_REVIEW:
        return False
    return state == ReportState.AWAITING_DATA if not has_period else state not in (
        ReportState.NONE, ReportState.AWAITING_DATA
    )  # fmt: skip


def test_the_database_keeps_the_state_consistent_with_status_review_and_period():
    """R1, R7, X1: every combination."""
    pending, complete = AgreementFactory(), AgreementFactory(status=Status.COMPLETE)
    opened = AgreementFactory(status=Status.COMPLETE, review=Review.HELD).consent_review
    for review, state, has_period in product(Review, ReportState, (True, False)):
        values = {"review": review, "report_state": state, "awaits_data_until": timezone.now()}
        values |= DAYS if has_period else WAITS
        values["consent_review"] = None if review == Review.NONE else opened
        assert is_accepted(complete, values) == is_consistent(Status.COMPLETE, review, state, has_period=has_period), (
            review, state, has_period,
        )  # fmt: skip
    for state in ReportState:
        assert is_accepted(pending, {"report_state": state}) == (state == ReportState.NONE)
    assert not is_accepted(complete, {"report_state": "unknown"})


def is_accepted(agreement: Agreement, values: dict[str, object]) -> bool:
    """Whether the database accepts `values`; nothing is kept."""
    try:
        with transaction.atomic():
            Agreement.objects.filter(pk=agreement.pk).update(**values)
            transaction.set_rollback(True)
    except IntegrityError:
        return False
    return True


def test_a_state_is_reached_only_from_its_sources():
    """R1: every pair; of two that change it at once, one wins."""
    agreement = AgreementFactory(status=Status.COMPLETE)
    for source, target in product(ReportState, REPORT_SOURCES):
        if source in (ReportState.NONE, ReportState.AWAITING_DATA):
            continue  # these have no period, which only `report_state` alone can't change
        Agreement.objects.update(report_state=source)
        changed = change_report_state(agreement.pk, to=target)
        assert changed == (source in REPORT_SOURCES[target]), (source, target)
        assert Agreement.objects.get().report_state == (target if changed else source)


def test_the_period_that_ends_a_wait_is_written_with_the_state():
    """R7"""
    columns = {**WAITS, "awaits_data_until": timezone.now()}
    agreement = AgreementFactory(status=Status.COMPLETE, **columns)
    assert change_report_state(agreement.pk, to=ReportState.DUE, **DAYS) == 1
    assert change_report_state(agreement.pk, to=ReportState.DUE, **DAYS) == 0
    agreement.refresh_from_db()
    assert agreement.report_state == ReportState.DUE and agreement.period_last_day == DAYS["period_last_day"]


def test_only_these_modules_write_the_state():
    """R1"""
    root = Path(settings.BASE_DIR)
    apps = ("agreements", "reports", "usage_pages", "smt_portal", "demo")
    modules = [path for app in apps for path in (root / app).rglob("*.py") if "migrations" not in path.parts]
    writers = {str(path.relative_to(root)) for path in modules if WRITES.search(path.read_text())}
    assert writers == WRITERS


@pytest.mark.control
@pytest.mark.parametrize(
    "line",
    ["agreement.report_state = READY", "Agreement.objects.update(report_state=READY)", "{'report_state': READY}"],
)
def test_a_writer_is_found(line: str):
    """R1"""
    assert WRITES.search(line) and not WRITES.search("Agreement.objects.filter(report_state=READY)")

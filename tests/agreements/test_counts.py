"""The numbers of a company's agreements are right after every kind of change, without reading the agreements (T3)."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from functools import partial

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from agreements import actions, retention
from agreements.counts import RECENT_DAYS, CompanyCounts, count_agreements, fold_counts
from agreements.models import Agreement, AgreementCount, AgreementStage, Review
from agreements.states import Channel, ReportState, Status
from agreements.transitions import change_report_state
from companies.models import Company
from lib.central_time import CENTRAL
from reports.downloads import record_download
from tests.factories import AgreementFactory, CompanyFactory, MembershipFactory, ReportFactory, ReportFileFactory
from tests.support.races import together
from tests.support.third_party_pages import overdue_agreement

pytestmark = pytest.mark.django_db


def counted_rows(company: Company) -> CompanyCounts:
    """The same numbers, by reading every agreement."""
    rows = Agreement.objects.filter(company=company)
    since = timezone.localdate() - timedelta(days=RECENT_DAYS - 1)

    def stages(queryset) -> Counter[AgreementStage]:
        groups = queryset.order_by().values_list("stage").annotate(Count("pk"))
        return Counter({AgreementStage(stage): count for stage, count in groups})

    recent = rows.filter(initiated_at__date__gte=since)
    return CompanyCounts(
        stages(rows),
        rows.overdue().count(),
        rows.filter(stage=AgreementStage.READY, downloaded_at=None).count(),
        stages(recent),
        recent.exclude(downloaded_at=None).count(),
    )


def assert_right(company: Company) -> CompanyCounts:
    counts = count_agreements(company.pk)
    assert counts == counted_rows(company)
    return counts


@pytest.fixture
def company() -> Company:
    return CompanyFactory()


def test_every_change_of_an_agreement_is_counted(company):
    """T3: creation, each answer and end, each state of the report, a review, a download, and the deletion."""
    assert assert_right(company).total == 0
    other = AgreementFactory()
    pending = AgreementFactory.create_batch(5, company=company)
    assert assert_right(company).pending == 5
    for agreement, action in zip(pending, (actions.accept, actions.reject), strict=False):
        action(agreement, channel=Channel.INVITATION)
        assert_right(company)
    actions.withdraw(pending[2], by=MembershipFactory(company=company).user)
    accepted = pending[0]
    Agreement.objects.filter(pk=accepted.pk).update(
        report_state=ReportState.DUE, period_first_day="2026-01-01", period_last_day="2026-01-02"
    )
    for state in (ReportState.MAKING, ReportState.FAILED, ReportState.RETRYING, ReportState.MAKING, ReportState.READY):
        change_report_state(accepted.pk, to=state)
        assert_right(company)
    assert assert_right(company).not_downloaded == 1
    made = ReportFactory(agreement=AgreementFactory(company=company, status=Status.COMPLETE))
    ReportFileFactory(report=made)
    for _time in range(2):
        record_download(made, by=MembershipFactory(company=company).user)
        assert assert_right(company).recent_downloaded == 1
    AgreementFactory(company=company, status=Status.COMPLETE, review=Review.HELD)
    assert assert_right(company).stages[AgreementStage.HELD] == 1
    Agreement.objects.filter(company=company, status=Status.PENDING).update(comments="nothing that is counted")
    assert assert_right(company).total == 7
    assert assert_right(other.company).total == 1


def test_overdue_requests_are_not_pending_before_the_sweep_has_come(company):
    """L2, T3: the numbers are those of the clock, before and after."""
    overdue_agreement(company)
    AgreementFactory(company=company)
    before = assert_right(company)
    assert (before.pending, before.not_accepted, before.stages[AgreementStage.WAITING]) == (1, 1, 2)
    actions.expire_overdue()
    after = assert_right(company)
    assert (after.pending, after.not_accepted, after.stages[AgreementStage.WAITING]) == (1, 1, 1)


def test_deletion_after_retention_is_counted(company):
    """X6"""
    long_ago = timezone.now() - timedelta(days=4 * 365)
    AgreementFactory(company=company, status=Status.REJECTED, initiated_at=long_ago)
    AgreementFactory(company=company)
    assert assert_right(company).total == 2
    assert retention.delete_old_agreements() == 1
    assert assert_right(company).total == 1


def test_requests_before_the_last_90_days_are_not_recent(company):
    """T16: by days of the calendar, also when the clock was changed in between and it is nearly midnight."""
    late = datetime(2026, 11, 30, 23, 30, tzinfo=CENTRAL)
    for day in (date(2026, 9, 2), date(2026, 9, 1)):
        at = datetime.combine(day, time(12), CENTRAL)
        AgreementFactory(company=company, status=Status.REJECTED, initiated_at=at)
    counts = count_agreements(company.pk, at=late)
    assert (counts.total, counts.recent.total(), RECENT_DAYS) == (2, 1, 90)
    assert_right(company)


def test_a_change_that_is_rolled_back_is_not_counted(company):
    """T3"""
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        AgreementFactory(company=company)
        assert assert_right(company).total == 1
        raise ZeroDivisionError
    assert assert_right(company).total == 0


def test_folding_keeps_the_numbers_and_leaves_one_row_each(company):
    """O9: however many changes there were."""
    for agreement in AgreementFactory.create_batch(4, company=company):
        actions.reject(agreement, channel=Channel.INVITATION)
    before = assert_right(company)
    assert AgreementCount.objects.filter(company=company).count() == 4 * 3
    assert fold_counts() == 4 * 3
    assert assert_right(company) == before
    assert [(row.stage, row.change) for row in AgreementCount.objects.filter(company=company)] == [("rejected", 4)]
    AgreementFactory.create_batch(2, company=company)
    assert fold_counts() == 2 and fold_counts() == 0
    assert assert_right(company).total == 6
    assert AgreementCount.objects.filter(company=company).count() == 2


def test_counting_again_repairs_what_was_changed_without_triggers(company):
    """T3: for example by a restore of data alone."""
    AgreementFactory.create_batch(2, company=company)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM agreements_agreementcount")
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert count_agreements(company.pk).total == 0
    call_command("recount_agreements")
    assert assert_right(company).total == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_many_changes_and_sweeps_at_once_are_all_counted():
    """O9: nobody waits for a row of counts, and nothing is counted twice or lost."""
    company = CompanyFactory()
    agreements = AgreementFactory.create_batch(12, company=company)

    def reject_some(place: int) -> None:
        for agreement in agreements[place::4]:
            actions.reject(agreement, channel=Channel.INVITATION)
            fold_counts()

    assert together([partial(reject_some, place) for place in range(4)]) == [None] * 4
    assert count_agreements(company.pk).stages == +counted_rows(company).stages
    fold_counts()
    assert +count_agreements(company.pk).stages == Counter({AgreementStage.REJECTED: 12})

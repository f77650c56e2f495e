"""Each tab, order and page of the list reads few rows, however many agreements a company has (T3, O9)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agreements.counts import count_agreements, fold_counts
from agreements.models import Agreement, AgreementStage
from companies.models import Company
from lib.keyset import read_rows
from reports.third_party.agreement_list import PAGE_SIZE, AgreementList
from reports.third_party.attention import agreements_that_need_attention
from reports.third_party.list_options import ATTENTION, TABS, Tab
from tests.factories import AgreementFactory, CompanyFactory
from tests.support.agreement_stages import in_stage
from tests.support.large_tables import multiply, rows_removed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
ROWS = 60_000
# Of a hundred agreements; the last ones are so rare that a list of them must not be looked for among the others.
SHARES = {
    AgreementStage.PURGED: 48,
    AgreementStage.READY: 10,
    AgreementStage.REJECTED: 20,
    AgreementStage.NOT_ACCEPTED: 12,
    AgreementStage.WITHDRAWN: 6,
    AgreementStage.WAITING: 4,
}
MOST_READ_IN_VAIN = 1000


@pytest.fixture(scope="module")
def company(module_transaction: None) -> Company:
    """A company with agreements of every stage over three years; the database has as many of another company."""
    company = CompanyFactory()
    for stage in AgreementStage:
        in_stage(company, stage)
    rare = [stage for stage in AgreementStage if stage not in SHARES]
    places = [stage for stage, share in SHARES.items() for _time in range(share)]
    cases = " ".join(
        f"WHEN '{stage}' THEN n % 100 BETWEEN {places.index(stage)} AND {places.index(stage) + SHARES[stage] - 1}"
        for stage in SHARES
    )
    rarely = " ".join(f"WHEN '{stage}' THEN n % {ROWS // 40} = {place}" for place, stage in enumerate(rare))
    sent = "now() - n * interval '13 minutes'"
    pending = "now() - n * interval '0.3 minutes'"
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_pending_request_per_report")
        cursor.execute("ANALYZE agreements_agreement")
    initiated = f"CASE WHEN t.status = 'pending' THEN {pending} ELSE {sent} END"
    multiply(
        Agreement,
        f"generate_series(1, {ROWS}) n",
        f"CASE t.stage {cases} {rarely} END",
        number="'3' || lpad((n * 20 + t.id % 20)::text, 11, '0')",
        last_name="'Name' || to_hex(n % 5000)",
        email="'customer' || n || '@mail.example'",
        initiated_at=initiated,
        expires_at=f"{initiated} + interval '30 days'",
        ended_at=f"CASE WHEN t.ended_at IS NOT NULL THEN {sent} + interval '1 day' END",
        downloaded_at="CASE WHEN t.stage IN ('ready', 'purged') AND n % 500 > 3 THEN now() END",
    )
    AgreementFactory(company=company, initiated_at=timezone.now() - timedelta(days=31))
    fold_counts()
    return company


@pytest.mark.parametrize("sort", ["", "-initiated", "initiated", "customer", "-customer", "expires", "-expires"])
def test_every_tab_order_and_page_reads_few_rows(company, sort):
    """T3, O9: the first page, one far down, and the one before it."""
    agreements = Agreement.objects.filter(company=company).with_overdue()
    for tab in TABS.values():
        if tab is ATTENTION or (sort or tab.orders[0]) not in tab.orders:
            continue
        agreement_list = AgreementList(agreements, company.pk, {tab.name: tab.value, "sort": sort})
        parts, options = agreement_list.parts, agreement_list.options
        assert options.tab is tab
        far = row_in_the_middle(agreements, tab)
        for beyond, backwards in ((None, False), (far, False), (far, True)):
            with CaptureQueriesContext(connection) as queries:
                read_rows(parts, options.order, beyond, PAGE_SIZE + 1, backwards=backwards)
            for query in queries:
                assert_reads_few(query["sql"], f"{tab.value or 'all'} {options.sort}")


def row_in_the_middle(agreements, tab: Tab) -> Agreement | None:
    rows = agreements.filter(tab.conditions[0]).order_by("initiated_at")
    return rows[rows.count() // 2 : rows.count() // 2 + 1].first()


def assert_reads_few(sql: str, what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE) {sql}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on agreements_agreement" not in plan, f"{what}\n{sql}\n{plan}"
    assert rows_removed(plan) < MOST_READ_IN_VAIN, f"{what}\n{sql}\n{plan}"


def test_counts_read_no_agreement_but_overdue_ones(company):
    """O9"""
    with CaptureQueriesContext(connection) as queries:
        counts = count_agreements(company.pk)
    assert counts.total > ROWS * 0.9 and counts.overdue == 1
    assert len(queries) == 1
    for query in queries:
        assert_reads_few(query["sql"], "counts")


def test_what_needs_attention_reads_few_rows(company):
    """T16"""
    agreements = Agreement.objects.filter(company=company)
    with CaptureQueriesContext(connection) as queries:
        agreements_that_need_attention(agreements, company.pk)
    for query in queries:
        if "agreements_agreement" in query["sql"]:
            assert_reads_few(query["sql"], "attention")


@pytest.mark.control
def test_control_without_its_index_a_tab_reads_all(company):
    """O9: the test above would see it."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX agreement_by_stage")
    with pytest.raises(AssertionError):
        test_every_tab_order_and_page_reads_few_rows(company, "-initiated")

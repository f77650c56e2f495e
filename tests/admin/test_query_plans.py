"""A TDSP's staff find their lists by an index, however many records other TDSPs have (D1)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agreements.models import Agreement, Review
from agreements.states import ReportState, Status
from meters.models import Premise
from notifications.models import Email, EmailState
from reports.models import Report
from tests.factories import AgreementFactory, EmailFactory, OperatorFactory, ReportFactory, UserFactory
from tests.support.large_tables import create_hundred_thousand_agreements, multiply, rows_removed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

TABLES = [model._meta.db_table for model in (Agreement, Email, Report, Premise)]
PAGES = {
    "/admin/agreements/agreement/": "agreement_of_tdsp",
    "/admin/agreements/agreement/?review__exact=held": "agreement_held",
    "/admin/notifications/email/": "email_of_tdsp",
    "/admin/notifications/email/?state__exact=failed": "email_failed",
    "/admin/reports/report/": "report_of_tdsp",
    "/admin/reports/report/?agreement__report_state__exact=failed": "agreement_failed_report",
    "/": "agreement_failed_report",
}


@pytest.fixture(scope="module")
def client(module_transaction: None) -> Client:
    """Staff of a TDSP with one of everything, among a hundred thousand of others."""
    create_hundred_thousand_agreements()
    others = ReportFactory()
    multiply(
        Premise, "generate_series(1, 50000) n", f"t.id = {others.agreement.premise_id}",
        esiid="'10998' || lpad(n::text, 12, '0')", address="n % 100 || ' BOXWOOD' || to_hex(n) || ' DR'",
    )  # fmt: skip
    multiply(Report, "agreements_agreement a", f"a.status = '{Status.WITHDRAWN}'", agreement_id="a.id")
    EmailFactory(about=[others.agreement.number])
    multiply(
        Email,
        "generate_series(1, 50000) n",
        key="'K' || n",
        message_id="'M' || n",
        about="ARRAY[(300000000000 + n)::text]",
        to_address="'customer' || n || '@mail' || n / 2 || '.example'",
    )
    own = AgreementFactory(status=Status.COMPLETE, review=Review.HELD)
    EmailFactory(about=[own.number], state=EmailState.FAILED, failure="refused", failed_at=timezone.now())
    ReportFactory(agreement__premise=own.premise, state=ReportState.FAILED)
    assert Report.objects.count() == 100_002
    client = Client()
    client.force_login(UserFactory(is_staff=True, tdsp=own.tdsp))
    return client


def plans_of(client: Client, path: str) -> list[str]:
    """Return the plans of the page's queries about the large tables."""
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    plans = []
    with connection.cursor() as cursor:
        for sql in (query["sql"] for query in queries):
            if sql.startswith("SELECT") and any(table in sql for table in TABLES):
                cursor.execute(f"EXPLAIN (ANALYZE) {sql}")
                plans.append("\n".join(line for (line,) in cursor.fetchall()))
    return plans


@pytest.mark.parametrize("path", PAGES)
def test_a_tdsps_list_reads_few_of_the_records_of_others(client, path):
    """D1"""
    plans = plans_of(client, path)
    assert any(PAGES[path] in plan for plan in plans), plans
    for plan in plans:
        assert not any(f"Seq Scan on {table}" in plan for table in TABLES) and rows_removed(plan) < 1000, plan
        assert "meters_premise" not in plan or "customers_esiidclaim" in plan, plan


def test_an_operators_home_reads_few_records_of_all_tdsps(client):
    """D1, D8"""
    client = Client()
    client.force_login(OperatorFactory())
    plans = plans_of(client, "/")
    assert any("agreement_failed_report" in plan for plan in plans), plans
    for plan in plans:
        assert not any(f"Seq Scan on {table}" in plan for table in TABLES) and rows_removed(plan) < 1000, plan


SEARCHES = {
    "/admin/agreements/agreement/?q=300000000777": "agreements_agreement_number",
    "/admin/agreements/agreement/?q=10443000000000777": "agreement_esiid_tail",
    "/admin/agreements/agreement/?q=0000777": "agreement_esiid_tail",
    "/admin/agreements/agreement/?q=customer777@mail388.example": "agreement_mailbox",
    "/admin/agreements/agreement/?q=Namea": "agreement_last_name",
    "/admin/notifications/email/?q=300000000777": "email_about",
    "/admin/notifications/email/?q=customer777@mail388.example": "email_to_address",
    "/admin/reports/report/?q=300000000777": "agreements_agreement_number",
    "/admin/meters/premise/?q=77 Boxwood309": "premise_address",
}


@pytest.mark.parametrize("who", ["staff", "operator"])
@pytest.mark.parametrize("path", SEARCHES)
def test_a_search_asks_one_index(client, path, who):
    """D1: whoever searches; a common beginning of a last name costs as much as it finds."""
    if who == "operator":
        client = Client()
        client.force_login(OperatorFactory())
    most = 5000 if "Namea" in path else 1000
    for plan in plans_of(client, path):
        assert not any(f"Seq Scan on {table}" in plan for table in TABLES) and rows_removed(plan) < most, plan
    if who == "operator":  # for staff an index by TDSP may do as well
        assert any(SEARCHES[path] in plan for plan in plans_of(client, path)), path


@pytest.mark.control
def test_control_without_its_index_a_list_reads_all(client):
    """D1: the test above would see it."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX agreement_of_tdsp")
    assert max(map(rows_removed, plans_of(client, "/admin/agreements/agreement/"))) > 10_000

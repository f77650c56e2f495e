"""Queries read few rows, however many agreements a company has: searches and comparisons of mailboxes (T1, X1, X2)."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from agreements import consent, daily_limits
from agreements.models import Agreement
from agreements.request import AgreementRequest, Person
from agreements.search import MOST_FOUND, Item, Search, SearchBy
from companies.models import Company
from customers.models import CustomerKind, EsiidClaim
from tests.factories import AgreementFactory, ClaimDisputeFactory, EsiidClaimFactory
from tests.support.large_tables import create_hundred_thousand_agreements, rows_removed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SEARCHES = {
    # Agreement numbers are unique: where few begin alike, that index serves as well as the company's own.
    "number": [
        Search(SearchBy.NUMBER, (Item("300000000234"),)),
        Search(SearchBy.NUMBER, (Item("30000000023", True), Item("300000000778"))),
        Search(SearchBy.NUMBER, tuple(Item(f"3000{place:07d}", True) for place in range(100))),
    ],
    "agreement_by_esiid": [
        Search(SearchBy.ESIID, (Item("10443000000000017"),)),
        Search(SearchBy.ESIID, (Item("1044300000000001", True), Item("10443000000000999"))),
        Search(SearchBy.ESIID, tuple(Item(f"10443{place:012d}") for place in range(100))),
    ],
    "agreement_by_meter": [
        Search(SearchBy.METER, (Item("500017"),)),
        Search(SearchBy.METER, (Item("50001", True), Item("549999"))),
    ],
    "agreement_by_name": [
        Search(SearchBy.LAST_NAME, (Item("NÁMEP1F", True), Item("O'", True))),
        Search(SearchBy.LAST_NAME, (Item("Namep", True), Item("Zz"))),
    ],
    "agreement_name_parts": [
        Search(SearchBy.LAST_NAME, (Item("Namep1fd"), Item("amep1fd Rosa"))),
        Search(SearchBy.LAST_NAME, (Item("Rosa"), Item("nobody"))),
    ],
    "agreement_address_parts": [
        Search(SearchBy.ADDRESS, (Item("17 Boxwood1f"),)),
        Search(SearchBy.ADDRESS, (Item("boxwood, baytown"),)),
    ],
    "agreement_by_email": [
        Search(SearchBy.EMAIL, (Item("customer77@mail38.example"), Item("customer7", True))),
    ],
}
ADDRESSES = ["customer77@mail38.example", "Rosa.M+solar@GoogleMail.com", "nobody@new.example"]
INDEXES = ["agreement_mailbox", "agreement_typed_mailbox", "agreement_mail_domain", "event_reminder"]


@pytest.fixture(scope="module")
def company(module_transaction: None) -> Company:
    """A company with half of a hundred thousand agreements, created once for all tests of this module."""
    return create_hundred_thousand_agreements()


def test_a_search_reads_few_of_a_hundred_thousand_agreements(company):
    """T1, O9: one query, by one index, and no more than the page can use, also where everything matches."""
    agreements = Agreement.objects.filter(company=company)
    for index, searches in SEARCHES.items():
        for search in searches:
            for query in search.queries(agreements, company.pk):
                with search.by_its_index():
                    plan = query[: MOST_FOUND + 1].explain(analyze=True)
                assert "Seq Scan on agreements_agreement" not in plan and index in plan, plan
                assert rows_removed(plan) < 1000, plan
            with CaptureQueriesContext(connection) as queries:
                result = search.run(agreements, company.pk)
            assert len([one for one in queries if "FROM" in one["sql"]]) == 1 and len(result.agreements) <= MOST_FOUND


def test_a_search_says_that_it_found_more_than_it_lists(company):
    """T1"""
    agreements = Agreement.objects.filter(company=company)
    result = Search(SearchBy.LAST_NAME, (Item("Rosa"), Item("nobody"))).run(agreements, company.pk)
    assert result.is_cut and len(result.agreements) == MOST_FOUND and not result.missing_items
    result = Search(SearchBy.LAST_NAME, (Item("amep1fd"), Item("nobody"))).run(agreements, company.pk)
    assert 0 < len(result.agreements) < 10 and list(map(str, result.missing_items)) == ["nobody"]


@pytest.mark.control
@pytest.mark.parametrize("index", ["agreement_by_meter", "agreement_name_parts"])
def test_control_without_its_index_a_search_reads_all(company, index):
    """T1: the test above would see it."""
    search = SEARCHES[index][0]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {index}")
        query = next(search.queries(Agreement.objects.filter(company=company), company.pk))
        plan = query[: MOST_FOUND + 1].explain(analyze=True)
        transaction.set_rollback(True)
    assert index not in plan and rows_removed(plan) > 10_000, plan


def test_comparing_mailboxes_reads_few_of_a_hundred_thousand_agreements(company):
    """X1, X2: when a request is submitted, accepted or sent again."""
    agreement = Agreement.objects.filter(company=company).latest("pk")
    used = ""
    for address in ADDRESSES:
        plans = plans_of_everything_about(address, agreement)
        assert len(plans) >= 5
        for plan in plans:
            assert "Seq Scan on agreements_agreement" not in plan and rows_removed(plan) < 100, plan
        used += "\n".join(plans)
    assert [index for index in INDEXES if f"using {index} " not in used and f"on {index} " not in used] == []


@pytest.mark.control
def test_control_without_its_index_a_comparison_reads_all(company):
    """X1: the test above would see it."""
    agreement = Agreement.objects.filter(company=company).latest("pk")
    for index in INDEXES[:3]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {index}")
            assert max(map(rows_removed, plans_of_everything_about(ADDRESSES[0], agreement))) > 10_000, index
            transaction.set_rollback(True)


def plans_of_everything_about(address: str, agreement: Agreement) -> list[str]:
    """Return the plans of the queries when a request to `address` is submitted and sent again."""
    agreement.email, now = address, timezone.now()
    request = AgreementRequest(True, CustomerKind.RESIDENTIAL, Person(email=address), (), "interval", "1m")
    with CaptureQueriesContext(connection) as queries, override_settings(INITIATIONS_PER_COMPANY=1_000_000):
        daily_limits.refuse_flooding(request, company=agreement.company, at=now)
        consent.record_signals_at_initiation([agreement], at=now)
        daily_limits.reminder_refusal(agreement, at=now)
    with connection.cursor() as cursor:
        plans = []
        for sql in (one["sql"] for one in queries):
            if sql.startswith("SELECT") and "agreements_agreement" in sql:
                cursor.execute(f"EXPLAIN (ANALYZE) {sql}")
                plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return plans


def test_a_customers_list_reads_few_of_a_hundred_thousand_agreements(company):
    """C4: of the premises of one's claims, without all agreements of anybody."""
    claims = [EsiidClaimFactory()]
    claims += [EsiidClaimFactory(customer=claims[0].customer, waiting=waiting) for waiting in (True, False)]
    agreement = AgreementFactory(premise=claims[2].premise)
    visible = Agreement.objects.visible_to(claims[0].customer.user)
    assert list(visible) == [agreement]
    plan = visible.explain(analyze=True)
    assert "Seq Scan on agreements_agreement" not in plan and rows_removed(plan) < 100, plan


def test_the_queue_of_claims_reads_few_of_many_claims(company):
    """X7"""
    claim, disputed = EsiidClaimFactory(waiting=True, signals=["network"]), ClaimDisputeFactory().claim
    columns = [one.column for one in EsiidClaim._meta.concrete_fields if not one.primary_key]
    ended = {"decision": "'confirmed'", "decided_at": "now()", "until": "now()", "link_hash": "NULL"}
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO customers_esiidclaim ({', '.join(columns)})"
            f" SELECT {', '.join(ended.get(column, column) for column in columns)}"
            f" FROM customers_esiidclaim, generate_series(1, 50000) WHERE id = {claim.pk}"
        )
        cursor.execute("ANALYZE customers_esiidclaim")
    queue = EsiidClaim.objects.awaiting_decision()
    assert set(queue) == {claim, disputed}
    plan = queue.explain(analyze=True)
    assert "Seq Scan on customers_esiidclaim" not in plan and rows_removed(plan) < 100, plan

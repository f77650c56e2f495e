"""What a search costs: it reads what it finds, however many agreements there are (T1)."""

from __future__ import annotations

import pytest
from django.db import connection

from agreements.models import Agreement
from agreements.search import Item, Search, SearchBy
from reports.agreement_list import ListOptions, with_report_stage
from tests.support.large_tables import create_hundred_thousand_agreements, rows_removed

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
        Search(SearchBy.METER, (Item("50001", True), Item("599999"))),
    ],
    "agreement_by_name": [
        Search(SearchBy.LAST_NAME, (Item("Nameb1fd"),)),
        Search(SearchBy.LAST_NAME, (Item("NÁMEB1F", True), Item("O'Brien"))),
    ],
}


@pytest.mark.django_db
def test_no_search_reads_all_of_a_hundred_thousand_agreements():
    """T1: neither for the counts nor for the rows of a page."""
    company = create_hundred_thousand_agreements()
    for index, searches in SEARCHES.items():
        for search in searches:
            agreements = Agreement.objects.filter(search.condition(), company=company)
            page = ListOptions().apply(with_report_stage(agreements.with_overdue()))[:25]
            for rows in (agreements.order_by().values("status"), page):
                plan = rows.explain(analyze=True)
                assert "Seq Scan on agreements_agreement" not in plan and index in plan, plan
                assert rows_removed(plan) < 1000, plan


@pytest.mark.control
@pytest.mark.django_db
def test_without_its_index_a_search_reads_them_all():
    """T1: the test above would see it."""
    company = create_hundred_thousand_agreements()
    search = SEARCHES["agreement_by_meter"][0]
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX agreement_by_meter")
    agreements = Agreement.objects.filter(search.condition(), company=company)
    plan = agreements.order_by().values("status").explain(analyze=True)
    assert "agreement_by_meter" not in plan and rows_removed(plan) > 10_000, plan

"""A list of the administration counts no more rows than it can lead to (D1)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from lib.capped_count import CappedPaginator
from tests.factories import EmailFactory, EsiidClaimFactory, OperatorFactory
from tests.support.third_party_pages import page_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client):
    client.force_login(OperatorFactory())
    return client


def test_a_list_over_the_limit_says_so_and_offers_no_action_on_all(operator, monkeypatch):
    """D1"""
    address = reverse("admin:notifications_email_changelist")
    EmailFactory.create_batch(101, to_address="rosa@example.net")
    words = page_text(operator.get(address))
    assert "101 emails" in words and "Select all 101" in words
    monkeypatch.setattr(CappedPaginator, "most", 100)
    words = page_text(operator.get(address))
    assert "The first 100 emails. Search or filter to see others." in words and "Select all" not in words
    assert "More than 100 results" in page_text(operator.get(address, {"q": "rosa@example.net"}))


def test_a_count_reads_no_more_rows_than_the_limit_and_one(operator, monkeypatch):
    """D1, X7: the list of claims, without what their state needs."""
    monkeypatch.setattr(CappedPaginator, "most", 2)
    EsiidClaimFactory.create_batch(4)
    with CaptureQueriesContext(connection) as queries:
        operator.get(reverse("admin:customers_esiidclaim_changelist"))
    (count,) = [query["sql"] for query in queries if "COUNT(" in query["sql"] and "esiidclaim" in query["sql"]]
    assert "LIMIT 3" in count and "claimdispute" not in count

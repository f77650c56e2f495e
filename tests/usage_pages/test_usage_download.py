"""A customer downloads the own usage: the CSV that a third party would get (C5)."""

from __future__ import annotations

import csv
import gzip
import re
import tracemalloc
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from agreements.period import Period
from reports.csv_layouts import csv_chunks, csv_layout
from tests.support import independent_csv
from tests.support.usage import CONSUMPTION, SURPLUS, every_day, store, usage
from tests.support.usage_page import page_text, total_kwh

pytestmark = pytest.mark.django_db


def fetch(client, claim, **query):
    return client.get(reverse("usage_csv", args=[claim.pk]), query)


@pytest.mark.parametrize("kind", ["interval", "daily", "monthly"])
def test_the_download_has_the_bytes_that_a_third_party_would_get(client, see, claim, kind):
    """C5, R3: and its sum is the page's."""
    first, last = date(2026, 2, 10), date(2026, 3, 31)
    days = [one for one in every_day(first, last, CONSUMPTION, SURPLUS) if one.day.day != 20]
    store(claim.premise, *days)
    response = fetch(client, claim, type=kind, first=str(first), last=str(last))
    content = b"".join(response.streaming_content)
    esiid = claim.premise.esiid
    assert (
        content
        == {
            "interval": lambda: independent_csv.interval_csv(esiid, days),
            "daily": lambda: independent_csv.daily_csv(esiid, days),
            "monthly": lambda: independent_csv.monthly_csv(esiid, first, last, days),
        }[kind]()
    )
    assert content == b"".join(csv_chunks(csv_layout(kind), esiid, Period(first, first, last), iter(days)))
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Length"] == str(len(content))
    assert esiid[-7:] in response.headers["Content-Disposition"]
    assert esiid not in response.headers["Content-Disposition"]
    assert "no-store" in response.headers["Cache-Control"]
    column = "ACTUAL_KWH" if kind == "monthly" else "USAGE_KWH"
    read = list(csv.DictReader(content.decode().splitlines()))
    whole = sum(Decimal(row[column] or 0) for row in read if row["CONSUMPTION_SURPLUSGENERATION"] == "Consumption")
    assert whole == total_kwh(see("year", first), "Consumption")


def test_a_browser_that_accepts_gzip_gets_gzip(client, see, claim):
    """R5, C5"""
    store(claim.premise, usage(date(2026, 6, 1)))
    address = reverse("usage_csv", args=[claim.pk])
    query = {"type": "interval", "first": "2026-06-01", "last": "06/01/2026"}
    response = client.get(address, query, headers={"accept-encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Content-Length"] == str(len(response.content))
    assert gzip.decompress(response.content) == independent_csv.interval_csv(
        claim.premise.esiid, [usage(date(2026, 6, 1))]
    )


def test_a_download_never_starts_before_the_customers_service(client, see, claim):
    """R2"""
    claim.premise.service_since = date(2026, 6, 10)
    claim.premise.save()
    store(claim.premise, *every_day(date(2026, 6, 1), date(2026, 6, 30)))
    response = fetch(client, claim, type="interval", first="2026-05-01", last="2026-06-30")
    content = b"".join(response.streaming_content)
    assert content == independent_csv.interval_csv(claim.premise.esiid, every_day(date(2026, 6, 10), date(2026, 6, 30)))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"type": "interval", "first": "", "last": "2026-06-02"}, "Enter a date."),
        ({"type": "interval", "first": "June", "last": "2026-06-02"}, "Enter a date such as 2026-11-02"),
        ({"type": "yearly", "first": "2026-06-01", "last": "2026-06-02"}, "Choose a report type from the list."),
        ({"type": "daily", "first": "2026-06-02", "last": "2026-06-01"}, "The last day is before the first day."),
        ({"type": "daily", "first": "2020-06-01", "last": "2020-06-02"}, "Choose days from June 1, 2026 to"),
        ({"type": "daily", "first": "2026-06-02", "last": "2026-06-02"}, "There are no readings for these days."),
    ],
)
def test_a_refused_download_says_why_and_keeps_the_input(client, see, claim, query, sentence):
    """A2"""
    store(claim.premise, usage(date(2026, 6, 1)), usage(date(2026, 6, 3)))
    response = fetch(client, claim, **query)
    assert sentence in page_text(response)
    html = response.content.decode()
    assert "error-summary" in html
    for name in ("first", "last"):
        assert not query[name] or re.search(rf'name="{name}" value="{query[name]}"', html)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"view": "decade", "day": "2026-06-01"}, "Choose day, week, month, or year."),
        ({"view": "day", "day": "tomorrow"}, "Enter a date such as"),
        ({"view": "day", "day": ""}, "Enter a date."),
        ({"view": "year", "day": "0001-01-01"}, "Choose days from June 1, 2026"),
        ({"view": "week", "day": "9999-12-31"}, "Choose days from June 1, 2026"),
        ({"view": "week", "day": "0001-01-01"}, "Choose days from June 1, 2026"),
    ],
)
def test_a_refused_span_says_why_and_shows_the_latest_month(see, claim, query, sentence):
    """A2"""
    store(claim.premise, usage(date(2026, 6, 1)))
    response = see(**query) if "day" not in query else see(query["view"], query["day"])
    assert response.status_code == 200
    assert sentence in page_text(response)
    assert "June 2026" in page_text(response)


@pytest.mark.slow
def test_a_year_is_made_and_sent_without_holding_its_rows_in_memory(client, see, claim):
    """R6: six megabytes of CSV, of which only the compressed bytes and a window of days are there at once."""
    first, last = date(2025, 4, 1), date(2026, 3, 31)
    store(claim.premise, *every_day(first, last, CONSUMPTION, SURPLUS))
    fetch(client, claim, type="interval", first=str(last), last=str(last))  # modules and templates are loaded now
    tracemalloc.start()
    try:
        response = fetch(client, claim, type="interval", first=str(first), last=str(last))
        size = sum(map(len, response.streaming_content))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == int(response.headers["Content-Length"]) > 5_000_000
    assert peak < 2_000_000, peak

"""A customer downloads the own usage: the files that a third party would get (C5, R8)."""

from __future__ import annotations

import csv
import gzip
import re
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse

from agreements.period import Period
from reports.csv_layouts import csv_chunks, csv_layout
from reports.downloads import lock_file
from reports.formats import FileFormat
from reports.gzip_stream import decompress
from tests.support import independent_csv
from tests.support.report_cases import ReportCase, make_report
from tests.support.usage import CONSUMPTION, SURPLUS, every_day, store, usage
from tests.support.usage_page import page_text, total_kwh

pytestmark = pytest.mark.django_db


def fetch(client, claim, **query):
    return client.get(reverse("usage_download", args=[claim.pk]), query)


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


@pytest.mark.parametrize("kind", ["interval", "daily", "monthly"])
@pytest.mark.parametrize("form", ["utc_csv", "json", "green_button"])
def test_every_format_has_what_a_report_of_these_days_has(client, see, claim, kind, form):
    """R8, C5: byte for byte, but for agreement number, ids and the time it was made."""
    if (form, kind) in (("utc_csv", "daily"), ("utc_csv", "monthly")):
        return
    first, last = date(2026, 2, 10), date(2026, 3, 9)
    days = [one for one in every_day(first, last, CONSUMPTION, SURPLUS) if one.day.day != 20]
    report = make_report(ReportCase(days, report_type=kind), premise=claim.premise, meter_number="142606737LG")
    with transaction.atomic():
        file = lock_file(report, FileFormat(form))
    response = fetch(client, claim, type=kind, format=form, first=str(first), last=str(last))
    assert response.status_code == 200 and response.headers["Content-Type"] == file.content_type
    end = {"utc_csv": "-utc-2026-02-10-2026-03-09.csv", "json": "-2026-02-10-2026-03-09.json"}
    name = response.headers["Content-Disposition"]
    assert end.get(form, "-green-button-2026-02-10-2026-03-09.xml") in name and claim.premise.esiid not in name
    without = rb"urn:uuid:[-0-9a-f]{36}|Subscription/[-0-9a-f]+|ReadingType/[-0-9a-f]+-|<title>(Agreement|Usage) [^<]*"
    without += rb'|<(published|updated)>[^<]*|"agreement_number":[^,]*'
    expected, found = b"".join(decompress(file.gzipped)), b"".join(response.streaming_content)
    assert re.sub(without, b"", found) == re.sub(without, b"", expected)
    assert found.count(b"</entry>") == len(set(re.findall(rb"<id>(urn:uuid:[-0-9a-f]{36})", found))) - (
        form == "green_button"
    )


def test_the_same_days_have_the_same_ids_and_others_do_not(client, see, claim):
    """R8: a program that reads Green Button files again knows them."""
    store(claim.premise, *every_day(date(2026, 6, 1), date(2026, 6, 3)))

    def ids(kind, last):
        response = fetch(client, claim, type=kind, format="green_button", first="2026-06-01", last=last)
        content = b"".join(response.streaming_content)
        assert claim.premise.esiid.encode() not in content
        return set(re.findall(rb"urn:uuid:[-0-9a-f]{36}", content))

    assert ids("interval", "2026-06-02") == ids("interval", "2026-06-02")
    assert not ids("interval", "2026-06-02") & ids("interval", "2026-06-03")
    assert not ids("interval", "2026-06-02") & ids("daily", "2026-06-02")


def test_a_part_of_a_file_and_an_unchanged_one(client, see, claim):
    """R8: as of a report."""
    store(claim.premise, usage(date(2026, 6, 1)))
    query = {"type": "interval", "format": "json", "first": "2026-06-01", "last": "2026-06-01"}
    address = reverse("usage_download", args=[claim.pk])
    whole = client.get(address, query)
    content = b"".join(whole.streaming_content)
    part = client.get(address, query, headers={"range": "bytes=10-19"})
    assert part.status_code == 206 and b"".join(part.streaming_content) == content[10:20]
    assert client.get(address, query, headers={"if-none-match": whole.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("form", ["csv", "utc_csv", "json", "green_button"])
def test_no_format_starts_before_the_customers_service(client, see, claim, form):
    """R2, X7"""
    claim.premise.service_since = date(2026, 6, 10)
    claim.premise.save()
    store(claim.premise, *every_day(date(2026, 6, 1), date(2026, 6, 12)))
    response = fetch(client, claim, type="interval", format=form, first="2026-06-01", last="2026-06-12")
    content = b"".join(response.streaming_content)
    before = ("06/09/2026", "2026-06-09", str(int(datetime(2026, 6, 9, 5, tzinfo=UTC).timestamp())))
    assert not any(text.encode() in content for text in before) and len(content) > 3 * 96


def test_a_browser_that_accepts_gzip_gets_gzip(client, see, claim):
    """R5, C5"""
    store(claim.premise, usage(date(2026, 6, 1)))
    address = reverse("usage_download", args=[claim.pk])
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
        ({"type": "daily", "format": "xlsx", "first": "2026-06-01", "last": "2026-06-01"}, "Choose a file format from"),
        (
            {"type": "daily", "format": "utc_csv", "first": "2026-06-01", "last": "2026-06-01"},
            "Choose 15-minute readings",
        ),
        ({"type": "daily", "format": "json", "first": "2026-06-02", "last": "2026-06-02"}, "There are no readings for"),
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
@pytest.mark.parametrize("form", ["csv", "utc_csv", "json", "green_button"])
def test_a_year_is_made_and_sent_without_holding_its_rows_in_memory(client, see, claim, form):
    """R6, R8: six megabytes of CSV, of which only the compressed bytes and a window of days are there at once."""
    first, last = date(2025, 4, 1), date(2026, 3, 31)
    store(claim.premise, *every_day(first, last, CONSUMPTION, SURPLUS))
    # Modules and templates are loaded now.
    fetch(client, claim, type="interval", format=form, first=str(last), last=str(last))
    tracemalloc.start()
    try:
        response = fetch(client, claim, type="interval", format=form, first=str(first), last=str(last))
        size = sum(map(len, response.streaming_content))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == int(response.headers["Content-Length"]) > (300_000 if form == "json" else 5_000_000)
    # Two directions of random readings with eleven columns are a megabyte, compressed.
    assert peak < (3_000_000 if form == "utc_csv" else 2_000_000), peak

"""Every format of a report has the readings of its CSV, and the same bytes each time (R8)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import pytest
from django.db import transaction
from greenbutton_objects.enums import FlowDirectionType, QualityOfReading
from greenbutton_objects.parse import parse_feed
from hypothesis import given, settings
from hypothesis import strategies as st

from meters.usage.days import slots_on
from meters.usage.interval_csv import format_kwh
from reports.coverage import estimated_slots
from reports.downloads import lock_file
from reports.formats import FileFormat, formats_of
from reports.gzip_stream import compress, decompress
from reports.models import Rendering
from reports.stored_readings import parse_kwh, read_days
from tests.reports.test_layouts import any_days, file_of
from tests.support.report_cases import CASES, FALL, INTERVAL_CASES, SPRING, TOTAL_CASES, make_report
from tests.support.usage import CONSUMPTION, store, usage

pytestmark = pytest.mark.django_db

CONSUMED, RETURNED = "consumption", "surplus_generation"
DIRECTIONS = {"Consumption": CONSUMED, "Surplus Generation": RETURNED}
FLOWS = {FlowDirectionType.forward: CONSUMED, FlowDirectionType.reverse: RETURNED}
ATOM, ESPI = "{http://www.w3.org/2005/Atom}", "{http://naesb.org/espi}"
QUARTER = timedelta(minutes=15)


class Reading(NamedTuple):
    direction: str
    start: datetime
    duration: timedelta
    wh: int
    is_estimated: bool


@transaction.atomic
def content_of(report, report_format):
    file = lock_file(report, FileFormat(report_format))
    content = b"".join(decompress(file.gzipped))
    assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)
    return content


def wh_of_kwh(kwh):
    return int(Decimal(kwh) * 1000)


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode())))


def utc_csv_readings(content):
    """The readings by their START_UTC."""
    return [
        Reading(
            DIRECTIONS[row["CONSUMPTION_SURPLUSGENERATION"]],
            datetime.fromisoformat(row["START_UTC"]),
            QUARTER,
            wh_of_kwh(row["USAGE_KWH"]),
            row["ESTIMATED_ACTUAL"] == "E",
        )
        for row in rows_of(content)
        if row["USAGE_KWH"]
    ]


def json_readings(content):
    """The readings as docs/file-formats.md tells programs to compute them."""
    return [
        Reading(
            series["direction"],
            datetime.fromisoformat(day["first_interval_at"]) + number * QUARTER,
            QUARTER,
            wh,
            number in day["estimated"],
        )
        for series in json.loads(content)["series"]
        for day in series["days"]
        for number, wh in enumerate(day["wh"])
        if wh is not None
    ]


def green_button_readings(content):
    """The readings as another program's reader gives them."""
    (point,) = parse_feed(io.BytesIO(content))
    return [
        Reading(
            FLOWS[reading.readingType.flowDirection],
            one.timePeriod.start,
            one.timePeriod.duration,
            one.value,
            QualityOfReading.estimatedUsingReferenceDay in {mark.quality for mark in one.readingQualities},
        )
        for reading in sorted(point.meterReadings, key=lambda reading: reading.link_self)
        for one in reading.intervalReadings
    ]


def sums(rows: Iterable[tuple[str, int, bool]]) -> dict[str, tuple[int, int, int]]:
    """Direction -> sum of watt-hours, count, and count of estimated ones."""
    found: dict[str, tuple[int, int, int]] = {}
    for direction, wh, is_estimated in rows:
        total, count, estimated = found.get(direction, (0, 0, 0))
        found[direction] = (total + wh, count + 1, estimated + is_estimated)
    return found


def csv_sums(content, column):
    rows = [row for row in rows_of(content) if row[column]]
    return sums(
        (DIRECTIONS[row["CONSUMPTION_SURPLUSGENERATION"]], wh_of_kwh(row[column]), row["ESTIMATED_ACTUAL"] == "E")
        for row in rows
    )


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name == "year" else ()) for name in INTERVAL_CASES]
)
def test_every_format_of_15_minute_readings_has_the_same_readings(name):
    """R8: by sum and count as the CSV, and reading by reading, at the same moment, as each other."""
    report = make_report(CASES[name])
    expected = csv_sums(content_of(report, "csv"), "USAGE_KWH")
    utc = utc_csv_readings(content_of(report, "utc_csv"))
    programs, green = (
        json_readings(content_of(report, "json")),
        green_button_readings(content_of(report, "green_button")),
    )
    assert sums((one.direction, one.wh, one.is_estimated) for one in utc) == expected
    assert sorted(utc) == programs == green
    assert {json_direction: total for json_direction, (total, _count, _estimated) in expected.items()} == {
        series["direction"]: series["total_wh"] for series in json.loads(content_of(report, "json"))["series"]
    }


@pytest.mark.parametrize("name", TOTAL_CASES)
def test_every_format_of_totals_has_the_rows_of_the_csv(name):
    """R8: with the true length of each day and month."""
    report = make_report(CASES[name])
    is_monthly = CASES[name].report_type == "monthly"
    content = content_of(report, "csv")
    rows, expected = rows_of(content), csv_sums(content, "ACTUAL_KWH" if is_monthly else "USAGE_KWH")
    document = json.loads(content_of(report, "json"))
    green = green_button_readings(content_of(report, "green_button"))
    assert sums((one.direction, one.wh, one.is_estimated) for one in green) == expected
    found, lengths = [], []
    for series in document["series"]:
        items = series["months" if is_monthly else "days"]
        assert series["total_wh"] == sum(item["wh"] for item in items)
        for item in items:
            first = date.fromisoformat(item["first_day"] if is_monthly else item["day"])
            last = date.fromisoformat(item["last_day"]) if is_monthly else first
            peak = {"METERED_KW": Decimal(item["peak_w"]) / 1000} if is_monthly else {}
            found.append((series["direction"], first, Decimal(item["wh"]) / 1000, "AE"[item["is_estimated"]], peak,
                          item["expected_intervals"], item["present_intervals"]))  # fmt: skip
            days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
            lengths.append(sum(slots_on(day) for day in days) * QUARTER)
    assert [one.duration for one in green] == lengths
    assert sorted(found, key=str) == sorted(
        (
            (
                DIRECTIONS[row["CONSUMPTION_SURPLUSGENERATION"]],
                datetime.strptime(row["START_DATE" if is_monthly else "USAGE_DATE"], "%m/%d/%Y").date(),
                Decimal(row["ACTUAL_KWH" if is_monthly else "USAGE_KWH"]),
                row["ESTIMATED_ACTUAL"],
                {"METERED_KW": Decimal(row["METERED_KW"])} if is_monthly else {},
                int(row["EXPECTED_INTERVALS"]),
                int(row["PRESENT_INTERVALS"]),
            )
            for row in rows
        ),
        key=str,
    )


@pytest.mark.parametrize("name", CASES)
def test_green_button_resources_are_linked_distinct_and_in_order(name):
    """R8: every link leads to one entry; readings increase without overlap inside blocks that begin with a reading."""
    report = make_report(CASES[name])
    feed = ElementTree.fromstring(content_of(report, "green_button"))
    selves, ups, related = {}, {}, set()
    blocks: dict[str, list[ElementTree.Element]] = {}
    for entry in feed.findall(f"{ATOM}entry"):
        tags = [child.tag.removeprefix(ATOM) for child in entry]
        assert tags == ["id", *["link"] * tags.count("link"), "title", "content", "published", "updated"]
        links = [(link.get("rel"), link.get("href")) for link in entry.findall(f"{ATOM}link")]
        (resource,) = entry.find(f"{ATOM}content")
        kind = resource.tag.removeprefix(ESPI)
        (own,), (up,) = ([href for rel, href in links if rel == wanted] for wanted in ("self", "up"))
        assert own not in selves
        selves[own] = kind
        ups.setdefault(kind, set()).add(up)
        related |= {href for rel, href in links if rel == "related"}
        if kind == "IntervalBlock":
            blocks.setdefault(up, []).append(resource)
    ids = [element.text for element in feed.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids)) == len(selves) + 1
    kinds, series = list(selves.values()), len(report.total_wh)
    assert (kinds.count("UsagePoint"), kinds.count("MeterReading"), kinds.count("ReadingType")) == (1, series, series)
    types = {href for href, kind in selves.items() if kind in ("ReadingType", "LocalTimeParameters")}
    assert related == ups["MeterReading"] | ups["IntervalBlock"] | types
    assert len(blocks) == series
    for of_one_series in blocks.values():
        end_before = 0
        for block in of_one_series:
            interval, *periods = (
                tuple(int(period.find(ESPI + tag).text) for tag in ("start", "duration"))
                for period in (block.find(f"{ESPI}interval"), *block.iter(f"{ESPI}timePeriod"))
            )
            assert end_before <= interval[0] == periods[0][0] and sum(interval) == sum(periods[-1])
            assert all(sum(one) <= following[0] for one, following in pairwise(periods))
            end_before = sum(interval)


def test_the_file_for_programs_reads_as_documented():
    """R8: a spring day has 92 values, a fall day 100, an unread interval is null; no spaces, one line end."""
    report = make_report(CASES["gap at 23:45"], meter_number="104051941")
    content = content_of(report, "json")
    assert content.count(b"\n") == 1 and content.endswith(b"]}\n") and b" " not in content
    document = json.loads(content)
    assert list(document) == [
        "agreement_number", "esiid", "meter_number", "report_type", "time_zone", "interval_minutes", "covered_period",
        "series",
    ]  # fmt: skip
    assert document["esiid"] == report.agreement.esiid and document["meter_number"] == "104051941"
    assert document["covered_period"] == {"first_day": "2026-05-03", "last_day": "2026-06-02"}
    first, second = document["series"][0]["days"]
    assert first["wh"][-1] is None and len(first["wh"]) == 96 and first["estimated"] == []
    assert (first["day"], first["first_interval_at"]) == ("2026-06-01", "2026-06-01T05:00:00Z")
    assert second["revision_at"] == "2026-06-03T13:02:06Z"
    days = json.loads(content_of(make_report(CASES["blank day"]), "json"))["series"][0]["days"]
    assert [one["day"] for one in days] == ["2026-06-01", "2026-06-03"]
    lengths = {"spring": 92, "fall": 100}
    for name, day in (("spring", SPRING), ("fall", FALL)):
        days = json.loads(content_of(make_report(CASES[name]), "json"))["series"][0]["days"]
        assert len(next(one["wh"] for one in days if one["day"] == day.isoformat())) == lengths[name]


def test_green_button_files_name_no_one():
    """R8, X4: of the ESIID only the last seven digits."""
    report = make_report(CASES["surplus generation"])
    agreement, content = report.agreement, content_of(report, "green_button").decode()
    for secret in (agreement.esiid, agreement.last_name, agreement.street, agreement.email, agreement.meter_number):
        assert secret not in content
    assert f"ESIID ending {agreement.esiid[-7:]}" in content and f"Agreement {agreement.number}" in content


@pytest.mark.parametrize("name", CASES)
def test_a_format_is_rendered_once_and_again_with_the_same_bytes(name):
    """R8: whatever is loaded after the report was made."""
    report = make_report(CASES[name])
    formats = formats_of(CASES[name].report_type)
    assert (FileFormat.UTC_CSV in formats) == (CASES[name].report_type == "interval")
    rendered = {report_format: content_of(report, report_format) for report_format in formats}
    store(report.agreement.premise, usage(date(2024, 1, 1)))
    assert Rendering.objects.count() == len(formats) - 1
    assert {report_format: content_of(report, report_format) for report_format in formats} == rendered
    Rendering.objects.all().delete()
    assert {report_format: content_of(report, report_format) for report_format in formats} == rendered


@settings(max_examples=60, deadline=None)
@given(any_days())
def test_a_stored_file_is_read_back_as_it_was_written(days):
    """R8"""
    stored = compress([file_of("interval", days, SPRING, SPRING)]).gzipped
    read = list(read_days(stored))
    assert [(*one[:3], one.wh, list(estimated_slots(one))) for one in read] == [
        (*one[:3], one.wh, list(estimated_slots(one))) for one in days
    ]
    assert [one for one in read if one.channel == CONSUMPTION] == list(read_days(stored, CONSUMPTION))


@given(st.integers(0, 10_000_000))
def test_watt_hours_are_read_as_they_were_printed(wh):
    """R8"""
    assert parse_kwh(format_kwh(wh)) == wh


def test_readings_without_revision_have_none():
    """R8"""
    undated = usage(date(2026, 6, 1), revision_at=datetime(1970, 1, 1, tzinfo=UTC))
    report = make_report(CASES["ordinary day"]._replace(days=[undated]))
    assert json.loads(content_of(report, "json"))["series"][0]["days"][0]["revision_at"] is None

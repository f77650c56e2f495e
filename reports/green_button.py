"""A report as Green Button XML: an Atom feed of ESPI resources (R8, docs/file-formats.md, ADR 61).

A day of the 15-minute report is one `%` of a template, as in the CSV. A missing reading is left out, never a zero.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, date
from functools import lru_cache
from itertools import groupby

from agreements.models import ReportType
from lib.central_time import ONE_DAY
from meters.models import FlowDirection
from meters.usage.days import INTERVAL, day_start
from meters.usage.reader import DayReadings
from reports.coverage import estimated_slots
from reports.usage_content import UsageContent
from reports.usage_totals import UsageTotal

# Ids are version 5 UUIDs below this one: the same report has the same ids in every rendering.
NAMESPACE = uuid.UUID("8f1d2f0e-6a0b-5c39-9d55-3d1b6f6b5a10")

_SECONDS = int(INTERVAL.total_seconds())
_RESOURCES = "/espi/1_1/resource"
_TIME = f"{_RESOURCES}/LocalTimeParameters"
_READING_TYPE = f"{_RESOURCES}/ReadingType"
_ESPI = 'xmlns="http://naesb.org/espi"'
_FLOWS = {FlowDirection.CONSUMPTION: (1, "Energy Delivered"), FlowDirection.SURPLUS_GENERATION: (19, "Energy Received")}
_LENGTHS = {ReportType.INTERVAL: _SECONDS, ReportType.DAILY: 86_400, ReportType.MONTHLY: 2_592_000}

_READING = b"<timePeriod><duration>%d</duration><start>%d</start></timePeriod><value>%d</value></IntervalReading>"
_ACTUAL = b"<IntervalReading>" + _READING
_ESTIMATED = b"<IntervalReading><ReadingQuality><quality>8</quality></ReadingQuality>" + _READING


def green_button_chunks(content: UsageContent) -> Iterator[bytes]:
    """Yield the file in chunks, a block of readings at a time: of a day, or for totals of a month or of all months."""
    feed = _Feed(content)
    point = f"{feed.subscription}/UsagePoint"
    yield feed.head()
    yield feed.entry(
        "usage-point",
        title=f"ESIID ending {content.visible_esiid}",
        links=(f"{point}/1", point, f"{point}/1/MeterReading", f"{_TIME}/1"),
        resource=f"<UsagePoint {_ESPI}><ServiceCategory><kind>0</kind></ServiceCategory><status>1</status>"
        "</UsagePoint>",
    )
    yield feed.entry(
        "time",
        title="Central Time",
        links=(f"{_TIME}/1", _TIME),
        resource=f"<LocalTimeParameters {_ESPI}><dstEndRule>B40E2000</dstEndRule><dstOffset>3600</dstOffset>"
        "<dstStartRule>360E2000</dstStartRule><tzOffset>-21600</tzOffset></LocalTimeParameters>",
    )
    for number, channel in enumerate(content.directions, start=1):
        yield from _series(feed, channel, number, f"{point}/1/MeterReading")
    yield b"</feed>\n"


def _series(feed: _Feed, channel: FlowDirection, number: int, readings: str) -> Iterator[bytes]:
    """Yield a direction: its MeterReading, its ReadingType and its blocks."""
    flow, name = _FLOWS[channel]
    reading, reading_type = f"{readings}/{number}", f"{_READING_TYPE}/{feed.key}-{number}"
    length = _LENGTHS[ReportType(feed.content.report_type)]
    yield feed.entry(
        f"meter-reading/{flow}",
        title=name,
        links=(reading, readings, f"{reading}/IntervalBlock", reading_type),
        resource=f"<MeterReading {_ESPI}/>",
    )
    yield feed.entry(
        f"reading-type/{flow}",
        title=f"{name} (Wh)",
        links=(reading_type, _READING_TYPE),
        resource=f"<ReadingType {_ESPI}><accumulationBehaviour>4</accumulationBehaviour><commodity>1</commodity>"
        "<currency>840</currency><dataQualifier>12</dataQualifier>"
        f"<flowDirection>{flow}</flowDirection><intervalLength>{length}</intervalLength><kind>12</kind>"
        "<phase>769</phase><powerOfTenMultiplier>0</powerOfTenMultiplier><timeAttribute>0</timeAttribute>"
        "<uom>72</uom></ReadingType>",
    )
    for day, start, end, block in _blocks(feed.content, channel):
        begin, close = feed.block_entry(f"interval-block/{flow}/{day}", f"{reading}/IntervalBlock", day, start, end)
        yield begin + block + close


def _blocks(content: UsageContent, channel: FlowDirection) -> Iterator[tuple[date, int, int, bytes]]:
    """Yield each block's day, its start and end in seconds since 1970, and its readings."""
    if content.report_type == ReportType.INTERVAL:
        for usage in content.read(channel):
            assert isinstance(usage, DayReadings)
            if block := _day_block(usage):
                yield usage.day, *block
        return
    totals = (usage for usage in content.read(channel) if isinstance(usage, UsageTotal))
    is_monthly = content.report_type == ReportType.MONTHLY
    # Days by calendar month; months all in one.
    for _month, group in groupby(totals, lambda total: "" if is_monthly else f"{total.first:%Y-%m}"):
        rows = list(group)
        yield rows[0].first, _seconds(rows[0].first), _seconds(rows[-1].last + ONE_DAY), _total_readings(rows)


def _day_block(usage: DayReadings) -> tuple[int, int, bytes] | None:
    """Return start, end and readings of a day; it begins with its first reading and ends with its last one."""
    midnight, wh = _seconds(usage.day), usage.wh
    if not usage.est and None not in wh:
        numbers = [midnight] * (2 * len(wh))
        numbers[::2] = range(midnight, midnight + len(wh) * _SECONDS, _SECONDS)
        numbers[1::2] = wh  # type: ignore[assignment]
        return midnight, midnight + len(wh) * _SECONDS, _day_template(len(wh)) % tuple(numbers)
    present = [
        (midnight + slot * _SECONDS, value, is_estimated)
        for slot, (value, is_estimated) in enumerate(zip(wh, estimated_slots(usage), strict=True))
        if value is not None
    ]
    if not present:
        return None
    readings = (
        (_ESTIMATED if is_estimated else _ACTUAL) % (_SECONDS, at, value) for at, value, is_estimated in present
    )
    return present[0][0], present[-1][0] + _SECONDS, b"".join(readings)


@lru_cache(maxsize=4)
def _day_template(slots: int) -> bytes:
    """Return the readings of a complete day, with `%d` for start and value of each."""
    return _ACTUAL.replace(b"%d", b"%d" % _SECONDS, 1) * slots


def _total_readings(totals: Iterable[UsageTotal]) -> bytes:
    readings = []
    for total in totals:
        start = _seconds(total.first)
        duration = _seconds(total.last + ONE_DAY) - start
        readings.append((_ESTIMATED if total.is_estimated else _ACTUAL) % (duration, start, total.wh))
    return b"".join(readings)


def _seconds(day: date) -> int:
    """Return the Central midnight at which `day` begins, in seconds since 1970."""
    return int(day_start(day).timestamp())


class _Feed:
    """Ids, links and entries of one file. `key` names its subscription: the agreement, or a hash of meter and days."""

    def __init__(self, content: UsageContent) -> None:
        period = content.period
        self.content = content
        days = f"{period.first}/{period.last}"
        self.key = content.agreement_number or str(
            uuid.uuid5(NAMESPACE, f"{content.esiid}/{content.report_type}/{days}")
        )
        number = content.agreement_number
        self.title = f"Agreement {number}" if number else f"Usage {period.first} to {period.last}"
        self.subscription = f"{_RESOURCES}/Subscription/{self.key}"
        self.at = content.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def head(self) -> bytes:
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
            f"<id>{self._id('feed')}</id><title>{self.title}</title><updated>{self.at}</updated>"
            f'<link rel="self" href="{self.subscription}"/>\n'
        ).encode()

    def entry(self, what: str, *, title: str, links: tuple[str, ...], resource: str) -> bytes:
        """Return an entry with one resource; `links` are self, up, and any number of related ones."""
        rels = ("self", "up", *["related"] * (len(links) - 2))
        link_elements = "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in zip(rels, links, strict=True))
        return (
            f"<entry><id>{self._id(what)}</id>{link_elements}<title>{title}</title>"
            f'<content type="application/xml">{resource}</content>'
            f"<published>{self.at}</published><updated>{self.at}</updated></entry>\n"
        ).encode()

    def block_entry(self, what: str, blocks: str, day: date, start: int, end: int) -> tuple[bytes, bytes]:
        """Return what comes before and after the readings of a block."""
        resource = (
            f"<IntervalBlock {_ESPI}><interval><duration>{end - start}</duration><start>{start}</start></interval>"
            "|</IntervalBlock>"
        )
        begin, _bar, close = self.entry(
            what, title=day.isoformat(), links=(f"{blocks}/{start}", blocks), resource=resource
        ).partition(b"|")
        return begin, close

    def _id(self, what: str) -> str:
        return f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{self.key}/{what}')}"

"""The CSV of a customer's own usage: what a third party would get of the same days (C5, R3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meters.identifiers import SHOWN_DIGITS
from meters.usage.reader import stream_usage
from reports.csv_layouts import csv_chunks, layout_of
from reports.gzip_stream import pack
from usage_pages.usage import OwnMeter, period_of


@dataclass(frozen=True)
class OwnFile:
    """`size` is that of the bytes inside of `gzipped`."""

    file_name: str
    size: int
    gzipped: bytes


def own_file(meter: OwnMeter, *, type: str, first: date, last: date) -> OwnFile | None:
    """The file of `type` (a value of ReportType) with these days, or None if nothing is on record on any of them."""
    layout, days, esiid = layout_of(type), period_of(meter, first, last), meter.premise.esiid
    packed = pack(csv_chunks(layout, esiid, days, stream_usage(meter.premise.pk, days.first, days.last)))
    if packed.lines == 1:  # the header
        return None
    # An ESIID whole does not go into the name: browsers keep lists of names.
    name = f"usage-{esiid[-SHOWN_DIGITS:]}-{layout.slug}-{days.first}-{days.last}.csv"
    return OwnFile(name, packed.size, packed.gzipped)

"""The CSV of a customer's own usage: the file that a third party would get for the same days (C5, R3)."""

from __future__ import annotations

from datetime import date

from meters.identifiers import VISIBLE_DIGITS
from meters.usage.reader import stream_usage
from reports.csv_layouts import csv_chunks, csv_layout
from reports.gzip_stream import CompressedFile, compress
from usage_pages.customer_meters import CustomerMeter


def write_usage_file(meter: CustomerMeter, *, type: str, first: date, last: date) -> tuple[str, CompressedFile | None]:
    """Return the name and the content of the file of `type` (a ReportType); no content if there is no usage."""
    layout, period, esiid = csv_layout(type), meter.download_period(first, last), meter.premise.esiid
    file = compress(csv_chunks(layout, esiid, period, stream_usage(meter.premise.pk, period.first, period.last)))
    # Not the complete ESIID: browsers keep lists of file names.
    file_name = f"usage-{esiid[-VISIBLE_DIGITS:]}-{layout.slug}-{period.first}-{period.last}.csv"
    return file_name, file if file.line_count > 1 else None  # the first line is the header

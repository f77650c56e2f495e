"""The formats in which a report can be downloaded (R8): their names, and how usage becomes a file in each."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from agreements.models import ReportType
from reports.csv_layouts import CLEAN_LAYOUT, csv_chunks, csv_layout
from reports.green_button import green_button_chunks
from reports.gzip_stream import CompressedFile, compress
from reports.json_format import json_chunks
from reports.usage_content import UsageContent

# A rendering is made while someone waits for it: zlib-ng's second level takes half the time of the fourth, for files
# that are a tenth larger.
COMPRESSION_LEVEL = 2


class FileFormat(TextChoices):
    """CSV is the report's stored file; the others are renderings of it with the same readings."""

    CSV = "csv", "CSV"
    UTC_CSV = "utc_csv", _("CSV with UTC times")
    JSON = "json", "JSON"
    GREEN_BUTTON = "green_button", "Green Button XML"

    @property
    def path_name(self) -> str:
        """The last part of a download's address."""
        return PATH_NAMES[self]

    @property
    def content_type(self) -> str:
        types = {self.JSON: "application/json", self.GREEN_BUTTON: "application/atom+xml; charset=utf-8"}
        return types.get(self, "text/csv; charset=utf-8")

    @property
    def purpose(self) -> str:
        """What the format is for, in a sentence."""
        return str(PURPOSES[self])

    def file_name(self, begin: str, report_type: str, end: str = "") -> str:
        """Return a name such as smt-112326000001-15min-utc.csv."""
        slug = csv_layout(report_type).slug
        suffixes = {self.UTC_CSV: "-utc", self.GREEN_BUTTON: "-green-button"}
        extensions = {self.JSON: "json", self.GREEN_BUTTON: "xml"}
        return f"{begin}-{slug}{suffixes.get(self, '')}{end}.{extensions.get(self, 'csv')}"


PATH_NAMES = {
    FileFormat.CSV: "usage.csv",
    FileFormat.UTC_CSV: "usage-utc.csv",
    FileFormat.JSON: "usage.json",
    FileFormat.GREEN_BUTTON: "usage.xml",
}
PURPOSES = {
    FileFormat.CSV: _(
        "For spreadsheets. With 15-minute readings, also for programs that read Smart Meter Texas files."
    ),
    FileFormat.UTC_CSV: _(
        "For spreadsheets and programs that need the exact time of each reading. Only for 15-minute readings."
    ),
    FileFormat.JSON: _("For programs: energy in watt-hours, times in UTC."),
    FileFormat.GREEN_BUTTON: _("For energy apps that read Green Button files."),
}


def formats_of(report_type: str) -> list[FileFormat]:
    """Return the formats of a report type: only 15-minute readings have times."""
    has_times = report_type == ReportType.INTERVAL
    return [report_format for report_format in FileFormat if has_times or report_format != FileFormat.UTC_CSV]


def render_content(report_format: FileFormat, content: UsageContent) -> CompressedFile:
    """Return a file of any format but CSV, which is written by csv_layouts from days."""
    chunks: dict[FileFormat, Iterator[bytes]] = {
        FileFormat.UTC_CSV: utc_csv_chunks(content),
        FileFormat.JSON: json_chunks(content),
        FileFormat.GREEN_BUTTON: green_button_chunks(content),
    }
    return compress(chunks[report_format], level=COMPRESSION_LEVEL)


def utc_csv_chunks(content: UsageContent) -> Iterator[bytes]:
    return csv_chunks(CLEAN_LAYOUT, content.esiid, content.period, content.read(None))  # type: ignore[arg-type]

"""The file as a table: CSV as programs and spreadsheets write it, however they mangled it (K2)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from lib.refusals import Problem, Refused

# Column -> the form's field that it fills; the form has none for the company's own references.
FIELDS = {
    "ESIID": "esiid",
    "METER_NUMBER": "meter_number",
    "REGISTERED": "registered",
    "CUSTOMER_TYPE": "kind",
    "EMAIL": "email",
    "FIRST_NAME": "first_name",
    "MIDDLE_INITIAL": "middle_initial",
    "LAST_NAME": "last_name",
    "TITLE": "title",
    "COMPANY_NAME": "company_name",
    "STREET": "street",
    "CITY": "city",
    "STATE": "state",
    "ZIP": "zip_code",
    "PHONE": "phone",
    "LANGUAGE": "language",
    "REPORT_TYPE": "report_type",
    "REPORT_LENGTH": "report_length",
    "COMMENTS": "comments",
    "EXTERNAL_ID": "",
    "AUTHORIZATION_REFERENCE": "",
}
REQUIRED = ("ESIID", "METER_NUMBER", "REGISTERED", "CUSTOMER_TYPE", "EMAIL")
DELIMITERS = ",;\t"
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_QUOTED = re.compile(r"'[0-9=+@-]")  # and not a name such as 't Hooft
# In a column of a spreadsheet, these begin a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# The template has this row; it is refused where it was left in.
EXAMPLE = {
    "ESIID": "12345678901234567",
    "METER_NUMBER": "123456789",
    "REGISTERED": "no",
    "CUSTOMER_TYPE": "residential",
    "EMAIL": "jane@example.com",
    "FIRST_NAME": "Jane",
    "LAST_NAME": "Example",
    "STREET": "1 Example Street",
    "CITY": "Austin",
    "STATE": "TX",
    "ZIP": "78701",
    "LANGUAGE": "en",
    "REPORT_TYPE": "interval",
    "REPORT_LENGTH": "12m",
    "EXTERNAL_ID": "example",
}


@dataclass(frozen=True)
class TableRow:
    """`number` as a spreadsheet shows it: the header is row 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """The rows of a file by its columns; empty rows are left out."""

    header: tuple[str, ...]
    rows: tuple[TableRow, ...]

    def rows_hash(self) -> str:
        """Return a name of the contents: the same for the same rows, however they were saved and ordered."""
        rows = sorted(sorted(zip(self.header, row.cells, strict=False)) for row in self.rows)
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _refusal(message: str, code: str) -> Refused:
    return Refused(Problem(message, field="file", code=code))


def read_table(content: bytes) -> Table:
    """Return the table of a CSV file. Raises Refused with one sentence if it can't be read."""
    if len(content) > settings.BULK_FILE_BYTES:
        raise _refusal(_("Upload a file of at most 1 MB."), "too-large")
    if content.startswith((_ZIP, _OLD_EXCEL)):
        raise _refusal(
            _("This is an Excel or ZIP file. In Excel, choose Save As and the type “CSV UTF-8”, and upload that file."),
            "not-csv",
        )
    try:
        if content.startswith(_UTF_16) or b"\0" in content:
            raise UnicodeError
        text = content.decode("utf-8-sig")
    except UnicodeError:
        message = _(
            "We can't read the text in this file. In Excel, choose Save As and the type “CSV UTF-8”, and upload that."
        )
        raise _refusal(message, "encoding") from None
    if separator := _SEPARATOR_LINE.match(text):
        text = text[separator.end() :]
    first_line = text.partition("\n")[0]
    delimiter = separator[1] if separator else max(DELIMITERS, key=first_line.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (csv.Error, TypeError, ValueError):
        message = _(
            "A quotation mark in this file isn't closed, or a cell is too long. Save it as CSV again, and upload it."
        )
        raise _refusal(message, "not-csv") from None
    if not lines:
        raise _refusal(_("This file is empty."), "empty")
    header = [_unwrap(cell) for cell in lines[0]]
    while header and not header[-1]:
        header.pop()  # spreadsheets write columns that only look empty
    rows = [TableRow(number, tuple(map(_unwrap, cells))) for number, cells in enumerate(lines[1:], 2)]
    return _checked_table(header, [row for row in rows if any(row.cells)])


def table_of_rows(rows: Sequence[Mapping[str, str]]) -> Table:
    """Return the table of rows that a program sent by column name. Raises Refused."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    cells = [tuple(_unwrap(row.get(name, "")) for name in header) for row in rows]
    return _checked_table(header, [TableRow(number, each) for number, each in enumerate(cells, 2)])


def _unwrap(cell: str) -> str:
    """Return a cell without what spreadsheets and people put around a number to keep its digits: `="104"`, `'104`."""
    cell = re.sub("[\0\ud800-\udfff]", "", cell).strip().lstrip("\ufeff")
    if formula := _FORMULA.fullmatch(cell):
        cell = formula[1].replace('""', '"')
    return cell[1:].strip() if _QUOTED.match(cell) else cell


def _checked_table(typed: Sequence[str], rows: Sequence[TableRow]) -> Table:
    header = tuple(re.sub(r"[\s-]+", "_", name.strip().upper()) for name in typed)
    unknown = [name for name, column in zip(typed, header, strict=True) if column not in FIELDS]
    repeated = sorted({name for name in header if header.count(name) > 1})
    missing = [name for name in REQUIRED if name not in header]
    if missing and len(missing) == len(REQUIRED):
        names = ", ".join(REQUIRED)
        raise _refusal(_("Start the file with a row of column names. These are required: %s.") % names, "no-header")
    if unknown:
        names = ", ".join(f"“{name[:40]}”" for name in unknown[:10])
        message = _("Remove or rename these columns, which we don't know: %s. The template has every possible column.")
        raise _refusal(message % names, "unknown-column")
    if repeated:
        raise _refusal(_("Keep only one of the columns with the same name: %s.") % ", ".join(repeated), "same-column")
    if missing:
        raise _refusal(_("Add the missing columns: %s.") % ", ".join(missing), "missing-column")
    if not rows:
        raise _refusal(_("This file has no rows below its column names."), "empty")
    if len(rows) > settings.BULK_ROWS:
        message = _("Upload a file of at most %(most)d rows. This file has %(rows)d.")
        raise _refusal(message % {"most": settings.BULK_ROWS, "rows": len(rows)}, "too-many-rows")
    return Table(header, tuple(rows))


def write_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return CSV that a spreadsheet opens without running a cell as a formula (K6)."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    for row in (header, *rows):
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in row])
    return file.getvalue()


def template_csv() -> str:
    """Return a file with every column and one example row."""
    return write_csv(list(FIELDS), [[EXAMPLE.get(name, "") for name in FIELDS]])

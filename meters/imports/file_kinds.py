"""Files that people load by mistake, recognized by their first bytes, and what to do with each (D2)."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from meters.imports.results import FileError

# The beginning of the file, in bytes that are upper case and without quotation marks -> what it is and what to do.
_OTHER_KINDS = (
    (rb"-----BEGIN PGP|[\x84\x85\x8c\xc1]", _lazy("%(file)s is encrypted with PGP. Decrypt it and load the CSV.")),
    (rb"\xff\xfe|\xfe\xff", _lazy("%(file)s is UTF-16 text. Save it as UTF-8 CSV and load it again.")),
    (
        rb"\xd0\xcf\x11\xe0",
        _lazy("%(file)s is an Excel workbook. Load the CSV it was made from, or save it as CSV UTF-8."),
    ),
    (rb"%PDF-", _lazy("%(file)s is a PDF. Load the CSV of the same readings.")),
    (
        rb"7Z\xbc\xaf|RAR!|\x1f\x9d|BZH|\xfd7ZXZ",
        _lazy("%(file)s is packed in a way that can't be read. Unpack it and load the CSV."),
    ),
    (rb"<!DOCTYPE|<HTML", _lazy("%(file)s is a web page, perhaps an error page. Download the CSV again.")),
    (rb"<", _lazy("%(file)s is XML, perhaps Green Button. Download the readings as 15-minute interval CSV.")),
    (rb"[{\[]", _lazy("%(file)s is JSON. Download the readings as 15-minute interval CSV.")),
    (rb"0{7}1,|10000000,", _lazy("%(file)s is an LSE file. Download the readings as 15-minute interval CSV.")),
)
_KINDS = [(re.compile(rb"\s*(?:" + pattern + rb")"), message) for pattern, message in _OTHER_KINDS]


def refuse_other_kind(beginning: bytes, file: str) -> None:
    """Raise FileError with what to do if `beginning` shows that the file is of another kind than CSV."""
    start = beginning[:64].removeprefix(b"\xef\xbb\xbf").replace(b'"', b"").upper()
    for pattern, message in _KINDS:
        if pattern.match(start):
            raise FileError(str(message) % {"file": file})


def describe_columns(names: list[str], expected: tuple[str, ...]) -> str:
    """Say which columns of a header are unexpected, missing or repeated, compared with the `expected` ones."""
    parts = []
    repeated = [name for number, name in enumerate(names) if name in names[:number]]
    for label, columns in (
        (_("unexpected: %(columns)s"), [name or _("(empty)") for name in names if name not in expected]),
        (_("missing: %(columns)s"), [name for name in expected if name not in names]),
        (_("twice: %(columns)s"), repeated),
    ):
        if columns:
            listed = ", ".join(column[:40] for column in dict.fromkeys(columns[:12]))
            parts.append(label % {"columns": listed + (", …" if len(columns) > 12 else "")})
    return "; ".join(parts)

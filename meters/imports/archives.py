"""The CSVs in a file: plain, gzip or ZIP, checked from end to end before any row is imported (D2).

A damaged archive may unpack to rows that are plausible and wrong, so it is read once against its own checksum first.
The same pass finds decompression bombs.
"""

from __future__ import annotations

import gzip
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

from django.conf import settings
from django.utils.translation import gettext as _

from meters.imports.results import FileError

_CHUNK_BYTES = 1 << 20
# SMT adds a number to the names of the files that it sends by FTP: `IntervalMeterUsage.CSV.134642921`.
_CSV_NAME = re.compile(r"\.csv(?:\.[0-9]+)?$", re.IGNORECASE)
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"  # the first bytes of such files
# Real interval CSV shrinks 10 to 30 times, a year of zeros 150 times. Deflate's own limit is 1,032.
RATIO_LIMIT = 400
RATIO_COUNTS_FROM = 16 << 20  # bytes unpacked; a smaller file does no harm
DIRECTORY_LIMIT = 1 << 20  # bytes of a ZIP's directory, some ten thousand files; it is read into memory

# What opening and reading a damaged or hostile file raises.
UNREADABLE = (
    OSError,  # missing, forbidden, a failing disk; not a gzip, or a checksum that does not match
    EOFError,  # truncated
    zlib.error,  # corrupt
    zipfile.BadZipFile,  # contradicts its own directory or a checksum
    NotImplementedError,  # a compression or encryption that Python does not know
    ValueError,  # a name that is not text, an offset before the start of the file
)


class CsvSource(NamedTuple):
    """A CSV to read: its name for messages, its size in bytes, and the open file."""

    name: str
    size: int
    file: IO[bytes]


def unreadable(name: str | Path, error: Exception) -> FileError:
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    return FileError(
        _("%(file)s can't be read: %(reason)s. Check its name, and make sure that it's complete.")
        % {"file": name, "reason": reason}
    )


@contextmanager
def _reading(name: str | Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise unreadable(name, error) from error


def open_sources(path: str | Path) -> Iterator[CsvSource]:
    """Yield the CSV at `path`, or each one in the gzip or ZIP at `path`; FileError if it is damaged or unreadable."""
    with _reading(path):
        file = Path(path).open("rb")
    with file:
        with _reading(path):
            magic = file.read(4)
            is_zip = not magic.startswith(_GZIP) and zipfile.is_zipfile(file)
            file.seek(0)
            size = Path(path).stat().st_size
        if is_zip:
            yield from _open_zip(path, file)
        elif magic == _ZIP:  # its directory, at its end, is missing
            raise FileError(_("%(file)s is an incomplete ZIP. Download it again and load it.") % {"file": path})
        elif magic.startswith(_GZIP):
            with gzip.GzipFile(fileobj=file) as unpacked:
                size = _check_contents(path, unpacked, size, 0)
                unpacked.seek(0)
                yield CsvSource(str(path), size, cast("IO[bytes]", unpacked))
        else:
            yield CsvSource(str(path), size, file)


def _open_zip(path: str | Path, file: IO[bytes]) -> Iterator[CsvSource]:
    if _directory_bytes(file) > DIRECTORY_LIMIT:
        raise FileError(_("%(file)s contains too many files. Unpack it and load the CSV files.") % {"file": path})
    with _reading(path):
        archive = zipfile.ZipFile(file)
    members = [
        member
        for member in archive.infolist()
        if _CSV_NAME.search(member.filename) and not member.filename.startswith("__MACOSX/")
    ]
    if "xl/workbook.xml" in archive.namelist():
        raise FileError(
            _("%(file)s is an Excel workbook. Load the CSV it was made from, or save the sheet as CSV UTF-8.")
            % {"file": path}
        )
    if not members:
        if any(name.lower().endswith((".zip", ".gz", ".7z")) for name in archive.namelist()):
            raise FileError(
                _("%(file)s contains another archive. Unpack it and load the files inside.") % {"file": path}
            )
        raise FileError(_("%(file)s contains no CSV file. Check that it's the right file.") % {"file": path})
    unpacked_bytes = 0
    for member in members:
        name = f"{path}/{member.filename}"
        if member.flag_bits & 1:
            raise FileError(_("%(file)s is encrypted. Unpack it with its password and load the CSV.") % {"file": name})
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # Other methods unpack any amount from a single read.
            raise FileError(_("%(file)s uses an unusual compression. Unpack it and load the CSV.") % {"file": name})
        with _reading(name):
            csv = archive.open(member)
        with csv:
            unpacked_bytes += _check_contents(name, csv, member.compress_size, unpacked_bytes)
    for member in members:
        with archive.open(member) as csv:
            yield CsvSource(f"{path}/{member.filename}", member.file_size, csv)


def _check_contents(name: str | Path, file: IO[bytes] | gzip.GzipFile, packed: int, unpacked_before: int) -> int:
    """Read the file to its end and return its size in bytes; FileError if it is damaged or a decompression bomb."""
    size = 0
    while True:
        with _reading(name):
            chunk = file.read(_CHUNK_BYTES)
        if not chunk:
            return size
        size += len(chunk)
        # `packed` is what the ZIP claims. A false claim does not help against the other limit.
        is_bomb = size > RATIO_COUNTS_FROM and size > packed * RATIO_LIMIT
        if is_bomb or unpacked_before + size > settings.LOAD_UNPACKED_LIMIT:
            raise FileError(
                _("%(file)s unpacks to an unusually large file. Check where it comes from.") % {"file": name}
            )


def _directory_bytes(file: IO[bytes]) -> int:
    """Return the size that the ZIP's end record gives its directory; 0 if there is no such record."""
    file.seek(0, 2)
    file.seek(max(file.tell() - (1 << 16) - 128, 0))
    tail = file.read()
    file.seek(0)
    end = tail.rfind(b"PK\x05\x06")
    zip64_end = tail.rfind(b"PK\x06\x06", 0, max(end, 0))
    size = 0
    if 0 <= end <= len(tail) - 22:
        size = struct.unpack_from("<L", tail, end + 12)[0]
    if 0 <= zip64_end <= len(tail) - 56 and size == 0xFFFFFFFF:
        size = struct.unpack_from("<Q", tail, zip64_end + 40)[0]
    return int(size)

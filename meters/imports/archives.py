"""The CSVs in a file: plain, gzip or ZIP, checked as a whole before the first row of it is believed (D2).

A damaged archive may unpack to rows that look right and are not, so it is read through once, against its own checksum,
before anything of it is loaded. The same pass finds what unpacks without end.
"""

from __future__ import annotations

import gzip
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

_CHUNK = 1 << 20
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"  # what they begin with
# Real interval CSV packs 10 to 30 times, a year of nothing but zeros 150 times. Deflate itself ends at 1,032.
RATIO_LIMIT = 400
RATIO_COUNTS_FROM = 16 << 20  # bytes unpacked; a smaller file does no harm
DIRECTORY_LIMIT = 1 << 20  # bytes of a ZIP's list of files, some ten thousand of them; it is read into memory

# What opening and reading raise for a file that somebody else made or damaged.
UNREADABLE = (
    OSError,  # missing, forbidden, a failing disk; no gzip, or one against its own checksum
    EOFError,  # ends before its end
    zlib.error,  # cannot be unpacked
    zipfile.BadZipFile,  # contradicts its own list of files or a checksum
    NotImplementedError,  # packed or encrypted as Python cannot undo
    ValueError,  # a name that is no text, a place before the file's beginning
)


class Source(NamedTuple):
    """A CSV to read: its name for messages, its size in bytes, and the open file."""

    name: str
    size: int
    file: IO[bytes]


def sources(path: str | Path) -> Iterator[Source]:
    """The CSV at `path`, or each one in the gzip or ZIP at `path`. FileError if it cannot be opened or is damaged."""
    try:
        with Path(path).open("rb") as file:
            magic = file.read(4)
        zipped = not magic.startswith(_GZIP) and zipfile.is_zipfile(path)
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    if zipped:
        yield from _zip_members(path)
    elif magic == _ZIP:  # its list of files stands at its end
        raise FileError(_("%(file)s is a ZIP that is not whole. Fetch it again and load it.") % {"file": path})
    elif magic.startswith(_GZIP):
        yield from _gzip(path)
    else:
        with _open(path) as plain:
            yield Source(str(path), Path(path).stat().st_size, plain)


def unreadable(name: str | Path, error: Exception) -> FileError:
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    return FileError(
        _("%(file)s cannot be read: %(reason)s. Check its name and that it is whole.")
        % {"file": name, "reason": reason}
    )


@contextmanager
def _open(path: str | Path) -> Iterator[IO[bytes]]:
    try:
        file = Path(path).open("rb")
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    with file:
        yield file


def _gzip(path: str | Path) -> Iterator[Source]:
    with _open(path) as packed, gzip.GzipFile(fileobj=packed) as unpacked:
        size = _read_through(path, unpacked, Path(path).stat().st_size, 0)
        unpacked.seek(0)
        yield Source(str(path), size, cast("IO[bytes]", unpacked))


def _zip_members(path: str | Path) -> Iterator[Source]:
    with _open(path) as file:
        if _directory_size(file) > DIRECTORY_LIMIT:
            raise FileError(_("%(file)s lists too many files. Unpack it and load its CSVs.") % {"file": path})
        try:
            archive = zipfile.ZipFile(file)
        except UNREADABLE as error:
            raise unreadable(path, error) from error
        members = [member for member in archive.infolist() if _is_csv(member)]
        if not members:
            raise _without_csv(path, archive)
        unpacked = 0
        for member in members:
            unpacked += _check(f"{path}/{member.filename}", archive, member, unpacked)
        for member in members:
            with archive.open(member) as csv:
                yield Source(f"{path}/{member.filename}", member.file_size, csv)


def _is_csv(member: zipfile.ZipInfo) -> bool:
    return member.filename.lower().endswith(".csv") and not member.filename.startswith("__MACOSX/")


def _without_csv(path: str | Path, archive: zipfile.ZipFile) -> FileError:
    if any(name.lower().endswith((".zip", ".gz", ".7z")) for name in archive.namelist()):
        return FileError(_("%(file)s has an archive in it. Unpack it and load what is inside.") % {"file": path})
    return FileError(_("%(file)s has no CSV in it. Check that it is the right file.") % {"file": path})


def _check(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, unpacked_before: int) -> int:
    """The member's bytes, counted, not as the archive promises them; FileError if it is not to be loaded."""
    if member.flag_bits & 1:
        raise FileError(_("%(file)s is encrypted. Unpack it with its password and load the CSV.") % {"file": name})
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # The others unpack any amount from one read.
        raise FileError(_("%(file)s is packed in an unusual way. Unpack it and load the CSV.") % {"file": name})
    try:
        csv = archive.open(member)
    except UNREADABLE as error:
        raise unreadable(name, error) from error
    with csv:
        return _read_through(name, csv, member.compress_size, unpacked_before)


def _read_through(name: str | Path, file: IO[bytes] | gzip.GzipFile, packed: int, unpacked_before: int) -> int:
    size = 0
    while True:
        try:
            chunk = file.read(_CHUNK)
        except UNREADABLE as error:
            raise unreadable(name, error) from error
        if not chunk:
            return size
        size += len(chunk)
        # The packed size is the ZIP's own word, but whoever makes it larger gains nothing against the other limit.
        is_bomb = size > RATIO_COUNTS_FROM and size > packed * RATIO_LIMIT
        if is_bomb or unpacked_before + size > settings.LOAD_UNPACKED_LIMIT:
            raise FileError(
                _("%(file)s unpacks to more than any file of its size should. Check where it comes from.")
                % {"file": name}
            )


def _directory_size(file: IO[bytes]) -> int:
    """Bytes of the ZIP's list of files, as its end says; 0 if that cannot be found, which opening it will tell."""
    file.seek(0, 2)
    file.seek(max(file.tell() - (1 << 16) - 128, 0))
    tail = file.read()
    file.seek(0)
    end = tail.rfind(b"PK\x05\x06")
    large = tail.rfind(b"PK\x06\x06", 0, max(end, 0))
    size = 0
    if 0 <= end <= len(tail) - 22:
        size = struct.unpack_from("<L", tail, end + 12)[0]
    if 0 <= large <= len(tail) - 56 and size == 0xFFFFFFFF:
        size = struct.unpack_from("<Q", tail, large + 40)[0]
    return int(size)

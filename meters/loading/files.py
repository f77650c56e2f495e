"""Lines of a file that somebody else wrote: any encoding, any length, zipped or not, in constant memory."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from django.utils.translation import gettext as _

from meters.loading.results import Progress, Reason

LINE_LIMIT = 4096  # bytes; the longest real row has 400
_CHUNK = 1 << 18

# What opening and reading raise for a file that is missing, forbidden, damaged or an encrypted ZIP.
_UNREADABLE = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)

Line = tuple[int, bytes | None]  # number from 1, content without line end; None: longer than LINE_LIMIT


class LoadError(Exception):
    """The file as a whole cannot be loaded; the text says why and what to do."""


class Source(NamedTuple):
    """A CSV to read: its name for messages, its size in bytes, and the open file."""

    name: str
    size: int
    file: IO[bytes]


def sources(path: str | Path) -> Iterator[Source]:
    """The CSV at `path`, or each one in the ZIP at `path`. LoadError if it cannot be opened."""
    try:
        zipped = zipfile.is_zipfile(path)
        file = zipfile.ZipFile(path) if zipped else Path(path).open("rb")
        size = Path(path).stat().st_size
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    with file:
        if isinstance(file, zipfile.ZipFile):
            yield from _members(path, file)
        else:
            yield Source(str(path), size, file)


def _members(path: str | Path, archive: zipfile.ZipFile) -> Iterator[Source]:
    members = [member for member in archive.infolist() if member.filename.lower().endswith(".csv")]
    if not members:
        raise LoadError(_("%(file)s has no CSV in it. Check that it is the right file.") % {"file": path})
    for member in members:
        name = f"{path}/{member.filename}"
        try:
            file = archive.open(member)
        except _UNREADABLE as error:
            raise _unreadable(name, error) from error
        with file:
            yield Source(name, member.file_size, file)


def _unreadable(name: str | Path, error: Exception) -> LoadError:
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    return LoadError(
        _("%(file)s cannot be read: %(reason)s. Check its name and that it is whole.")
        % {"file": name, "reason": reason}
    )


def _chunks(source: Source) -> Iterator[bytes]:
    while True:
        try:
            chunk = source.file.read(_CHUNK)
        except _UNREADABLE as error:
            raise _unreadable(source.name, error) from error
        if not chunk:
            return
        yield chunk


def lines(source: Source, progress: Progress | None = None) -> Iterator[Line]:
    """The source's lines, numbered; a byte order mark and CR before LF are taken off. LoadError for UTF-16."""
    number, done, rest, overlong = 0, 0, b"", False
    for chunk in _chunks(source):
        if not done:
            if chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise LoadError(
                    _("%(file)s is UTF-16 text. Save it as UTF-8 CSV and load it again.") % {"file": source.name}
                )
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")
        done += len(chunk)
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            yield number, (None if overlong or len(line) > LINE_LIMIT else line.removesuffix(b"\r"))
            overlong = False
        if len(rest) > LINE_LIMIT:
            overlong, rest = True, b""
        if progress:
            progress(done, source.size)
    if rest or overlong:
        yield number + 1, (None if overlong else rest.removesuffix(b"\r"))


def header(numbered: Iterator[Line], source: Source) -> list[str]:
    """The names in the first line, upper case. LoadError if there is none."""
    _number, line = next(numbered, (0, b""))
    names = text_fields(line) if line else Reason.COLUMNS
    if isinstance(names, Reason):
        raise LoadError(_("%(file)s has no header line. Check that it is the right file.") % {"file": source.name})
    return [name.strip().upper() for name in names]


def text_fields(line: bytes | None) -> list[str] | Reason:
    """The row's fields, quoted or bare, without surrounding spaces; the reason if it is no row."""
    if line is None:
        return Reason.TOO_LONG
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return Reason.NOT_TEXT
    if "\0" in text:
        return Reason.NOT_TEXT
    if '"' not in text:
        return [field.strip() for field in text.split(",")]
    try:
        return [field.strip() for field in next(csv.reader([text], strict=True))]
    except (csv.Error, StopIteration):
        return Reason.QUOTES

"""Numbered lines of a file of unknown origin: any encoding and any line length, in constant memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import AnyStr

from django.utils.translation import gettext as _

from meters.imports.archives import UNREADABLE, CsvSource, unreadable
from meters.imports.file_kinds import refuse_other_kind
from meters.imports.results import FileError, InvalidRow, Progress, Reason

LINE_LIMIT = 4096  # bytes; ERCOT's longest possible row has 2,800, real ones have 400
_CHUNK_BYTES = 1 << 18

Line = tuple[int, bytes | None]  # number from 1, content without line end; None: longer than LINE_LIMIT


class TextWindow:
    """A moving window over the text of a CSV, without its byte order mark.

    `window[at:]` starts at line `number`; `fill` makes it hold at least the next 32 KiB, or the rest of the file.
    FileError for a file of another kind, and for one that can't be read to its end.
    """

    AHEAD = 1 << 15

    def __init__(self, source: CsvSource, progress: Progress | None = None) -> None:
        self.window, self.at, self.number, self.bytes_read = b"", 0, 1, 0
        self._source, self._progress = source, progress
        self._is_exhausted, self._line_at = False, 0
        self.fill()
        refuse_other_kind(self.window, source.name)
        self.window = self.window.removeprefix(b"\xef\xbb\xbf")

    def fill(self, wanted: int = AHEAD) -> None:
        if self._is_exhausted or len(self.window) - self.at >= wanted:
            return
        chunks = [self.window[self.at :]]
        size = len(chunks[0])
        while size < wanted and not self._is_exhausted:
            try:
                chunk = self._source.file.read(_CHUNK_BYTES)
            except UNREADABLE as error:
                raise unreadable(self._source.name, error) from error
            self._is_exhausted = not chunk
            chunks.append(chunk)
            size += len(chunk)
            self.bytes_read += len(chunk)
            if self._progress:
                self._progress(self.bytes_read, self._source.size)
        self.window, self.at = b"".join(chunks), 0

    def is_at_end(self) -> bool:
        self.fill(1)
        return self.at == len(self.window)

    def next_line(self) -> Line | None:
        """Return the line at the window's start, without CR before LF; None at the end of the file."""
        end = self.window.find(b"\n", self.at)
        if end < 0 or end - self.at > LINE_LIMIT:
            self.fill()
            end = self.window.find(b"\n", self.at)
            if self.at == len(self.window):
                return None
        number, self._line_at = self.number, self.at
        self.number += 1
        if (len(self.window) if end < 0 else end) - self.at > LINE_LIMIT:
            while end < 0 and not self.is_at_end():
                self.at = len(self.window)
                self.fill()
                end = self.window.find(b"\n", self.at)
            self.at = self._line_at = len(self.window) if end < 0 else end + 1
            return number, None
        self.at = len(self.window) if end < 0 else end + 1
        return number, self.window[self._line_at : self.at].removesuffix(b"\n").removesuffix(b"\r")

    def unread_line(self) -> None:
        """Go back to the start of the line that `next_line` returned last."""
        self.at = self._line_at
        self.number -= 1

    def advance(self, size: int, lines: int) -> None:
        """Move on by `size` bytes, which are `lines` whole lines."""
        self.at += size
        self.number += lines

    def lines(self) -> Iterator[Line]:
        while line := self.next_line():
            yield line

    def read_header(self) -> list[str]:
        """Return the column names in the first line, in upper case and with underscores; FileError if there are none.

        Empty ones at the end, which spreadsheets add, are left out: `trim_fields` fits the rows.
        """
        _number, line = self.next_line() or (0, b"")
        try:
            names = ["_".join(name.upper().split()) for name in split_fields(line or None)]
            while names and not names[-1]:
                names.pop()
            return names
        except InvalidRow as error:
            raise FileError(
                _("%(file)s has no header line. Check that it's the right file.") % {"file": self._source.name}
            ) from error


def trim_fields(fields: list[AnyStr], count: int) -> list[AnyStr]:
    """Return `fields` without empty ones after the first `count`; InvalidRow if there are not as many."""
    if len(fields) > count and not any(field.strip() for field in fields[count:]):
        return fields[:count]
    if len(fields) != count:
        raise InvalidRow(Reason.COLUMNS)
    return fields


def split_fields(line: bytes | None) -> list[str]:
    """Return the row's fields, quoted or not, without surrounding spaces; InvalidRow if it has none."""
    if line is None:
        raise InvalidRow(Reason.TOO_LONG)
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise InvalidRow(Reason.NOT_TEXT) from error
    if "\0" in text:
        raise InvalidRow(Reason.NOT_TEXT)
    if '"' not in text:
        return [field.strip() for field in text.split(",")]
    try:
        return [field.strip() for field in next(csv.reader([text], strict=True))]
    except (csv.Error, StopIteration) as error:
        raise InvalidRow(Reason.QUOTES) from error

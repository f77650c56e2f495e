"""Lines of a file that somebody else wrote: any encoding, any length, in constant memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.utils.translation import gettext as _

from meters.imports.archives import UNREADABLE, Source, sources, unreadable
from meters.imports.results import FileError, Progress, Reason

__all__ = ["LINE_LIMIT", "Line", "FileError", "Source", "Text", "header", "lines", "sources", "text_fields"]

LINE_LIMIT = 4096  # bytes; the longest real row has 400
_CHUNK = 1 << 18

Line = tuple[int, bytes | None]  # number from 1, content without line end; None: longer than LINE_LIMIT


class Text:
    """A source's text, seen through a window.

    `window[at:]` begins at line `number`; `fill` makes it hold the next 32 KiB at least, or all that is left. A byte
    order mark is taken off. FileError for UTF-16 and for a file that cannot be read on.
    """

    AHEAD = 1 << 15

    def __init__(self, source: Source, progress: Progress | None = None) -> None:
        self.window, self.at, self.number, self.bytes_read = b"", 0, 1, 0
        self._source, self._progress = source, progress
        self._ended, self._line_at = False, 0
        self.fill()
        if self.window[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise FileError(
                _("%(file)s is UTF-16 text. Save it as UTF-8 CSV and load it again.") % {"file": source.name}
            )
        self.window = self.window.removeprefix(b"\xef\xbb\xbf")

    def fill(self, wanted: int = AHEAD) -> None:
        if self._ended or len(self.window) - self.at >= wanted:
            return
        pieces = [self.window[self.at :]]
        held = len(pieces[0])
        while held < wanted and not self._ended:
            try:
                chunk = self._source.file.read(_CHUNK)
            except UNREADABLE as error:
                raise unreadable(self._source.name, error) from error
            self._ended = not chunk
            pieces.append(chunk)
            held += len(chunk)
            self.bytes_read += len(chunk)
            if self._progress:
                self._progress(self.bytes_read, self._source.size)
        self.window, self.at = b"".join(pieces), 0

    def next_line(self) -> Line | None:
        """The line at the window's beginning, without CR before LF; None at the end of the file."""
        end = self.window.find(b"\n", self.at)
        if end < 0 or end - self.at > LINE_LIMIT:
            self.fill()
            end = self.window.find(b"\n", self.at)
            if end < 0 and len(self.window) - self.at > LINE_LIMIT or end - self.at > LINE_LIMIT:
                return self._skip_line()
            if end < 0 and self.at == len(self.window):
                return None
        number, self._line_at = self.number, self.at
        self.number += 1
        if end < 0:
            self.at = len(self.window)
            return number, self.window[self._line_at :].removesuffix(b"\r")
        self.at = end + 1
        return number, self.window[self._line_at : end].removesuffix(b"\r")

    def unread(self) -> None:
        """Go back to before the line that `next_line` gave last."""
        self.at = self._line_at
        self.number -= 1

    def advance(self, size: int, lines: int) -> None:
        """Go on by `size` bytes that hold `lines` whole lines."""
        self.at += size
        self.number += lines

    def _skip_line(self) -> Line:
        number = self.number
        self.number += 1
        while (end := self.window.find(b"\n", self.at)) < 0:
            self.at = len(self.window)
            self.fill()
            if self.at == len(self.window):
                self._line_at = self.at
                return number, None
        self.at = self._line_at = end + 1
        return number, None


def lines(text: Text) -> Iterator[Line]:
    """The text's lines from where it stands, numbered."""
    while line := text.next_line():
        yield line


def header(text: Text, source: Source) -> list[str]:
    """The names in the first line, upper case. FileError if there is none."""
    _number, line = text.next_line() or (0, b"")
    names = text_fields(line) if line else Reason.COLUMNS
    if isinstance(names, Reason):
        raise FileError(_("%(file)s has no header line. Check that it is the right file.") % {"file": source.name})
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

"""Rejected rows as a CSV, to be mended or sent back: `--rejected FILE`."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from django.utils.translation import gettext as _

from meters.imports import FileError, Rejection

COLUMNS = ("FILE", "LINE", "REASON", "EXPLANATION", "ROW")


class RejectedRows:
    """Writes each rejection it is called with; `with` it. Without a path it writes nothing. The file holds whole rows
    of usage, so only its owner may read it. FileError if it cannot be written, or is one of the files `beside` it,
    which are read."""

    def __init__(self, path: str | None, *, beside: Iterable[str] = ()) -> None:
        if not path:
            self._file = None
            return
        if any(_is_same(path, other) for other in beside):
            raise FileError(_("%(file)s is a file to load. Name another file for the rejected rows.") % {"file": path})
        try:
            Path(path).touch(mode=0o600)
            self._file = open(path, "w", encoding="utf-8", newline="")
        except OSError as error:
            raise FileError(
                _("%(file)s cannot be written: %(reason)s. Name another file for the rejected rows.")
                % {"file": path, "reason": error.strerror}
            ) from error
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)

    def __enter__(self) -> RejectedRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def __call__(self, rejection: Rejection) -> None:
        if self._file:
            row = (rejection.row or b"").decode(errors="backslashreplace").replace("\0", r"\x00")
            self._writer.writerow(
                [rejection.file, rejection.line, rejection.reason.value, str(rejection.reason.label), row]
            )


def _is_same(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except (OSError, ValueError):  # one of them is not there
        return False

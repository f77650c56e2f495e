"""Rejected rows as a CSV, to be fixed or sent back: `--rejected FILE`."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from django.utils.translation import gettext as _

from meters.imports.results import FileError, RejectedRow

COLUMNS = ("FILE", "LINE", "REASON", "EXPLANATION", "ROW")


class RejectedRowsCsv:
    """A context that writes each rejected row it is called with to `path`.

    The file has whole rows of usage, so only its owner may read it. FileError if it can't be written, or if it is one
    of `inputs`, which are read.
    """

    def __init__(self, path: str, *, inputs: Iterable[str]) -> None:
        for other in inputs:
            with suppress(OSError, ValueError):  # one of them does not exist
                if Path(path).samefile(other):
                    raise FileError(
                        _("%(file)s is one of the files to load. Choose a different file for the rejected rows.")
                        % {"file": path}
                    )
        try:
            Path(path).touch(mode=0o600)
            self._file = Path(path).open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise FileError(
                _("%(file)s can't be written: %(reason)s. Choose a different file for the rejected rows.")
                % {"file": path, "reason": error.strerror}
            ) from error
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)

    def __enter__(self) -> RejectedRowsCsv:
        return self

    def __exit__(self, *_failure: object) -> None:
        self._file.close()

    def __call__(self, row: RejectedRow) -> None:
        text = (row.text or b"").decode(errors="backslashreplace").replace("\0", r"\x00")
        self._writer.writerow([row.file, row.line, row.reason.value, row.explanation, text])

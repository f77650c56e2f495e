"""What the load commands share: files in turn, rejected rows to stderr or a CSV, a summary to stdout, an exit status.

0: all rows are stored. 1: some rows were rejected, the others are stored. 2: a file could not be loaded, the database
did not answer, or the output could not be written. 130: interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from meters.imports.progress import ProgressLine
from meters.imports.rejected_rows import RejectedRowsCsv
from meters.imports.results import FileError, ImportResult, OnRejection, RejectedRow

LISTED_ROWS = 20  # rejected rows on stderr, of all files together

# By whether it is a dry run.
_SOME_REJECTED = {
    False: _lazy("Some rows were rejected. Fix them and load the file again. All other rows are loaded."),
    True: _lazy("Some rows would be rejected. Fix them, or load the file as it is. All other rows will be loaded."),
}
_ALL_REJECTED = _lazy(
    "Every row was rejected, and nothing was loaded. Check that this is the right file for this command."
)
_INTERRUPTED = {
    False: _lazy("Stopped. Rows already loaded are kept. To continue, load the file again."),
    True: _lazy("Stopped. Nothing was stored: this was a dry run."),
}
_DATABASE_FAILED = _lazy("The database is not responding: %(reason)s. Rows already loaded are kept. Try again later.")
_OUTPUT_FAILED = {
    False: _lazy(
        "The result can't be written: %(reason)s. Rows already loaded are kept. Free up space and load the file again."
    ),
    True: _lazy("The result can't be written: %(reason)s. Nothing was stored. Free up space and try again."),
}


class ImportCommand(BaseCommand):
    """A command that imports FILE... with `import_file`."""

    epilog = _lazy(
        "Exit status: 0 if all rows were loaded, 1 if some were rejected, 2 if a file could not be loaded, "
        "130 if stopped."
    )
    requires_system_checks: list[str] = []
    import_file: Callable[..., ImportResult]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = str(self.epilog)
        parser.add_argument("files", nargs="+", metavar="FILE", help=_("CSV, or gzip or ZIP of CSV"))
        parser.add_argument(
            "--dry-run", action="store_true", help=_("show what a load would do, without storing anything")
        )
        parser.add_argument(
            "--rejected",
            metavar="FILE",
            help=_("write rejected rows to this CSV file with line and reason, instead of listing the first ones"),
        )

    def handle(self, *args: Any, files: list[str], dry_run: bool, rejected: str | None, **options: Any) -> None:
        self._progress = ProgressLine(sys.stderr) if self.stderr.isatty() else None
        self._has_stored_rows, self._listed = False, 0
        failure = ""
        try:
            with ExitStack() as stack:
                on_rejection: OnRejection = self._list_rejected_row
                if rejected:
                    on_rejection = stack.enter_context(RejectedRowsCsv(rejected, inputs=files))
                status = max(self._import_file(path, on_rejection, dry_run) for path in files)
        except FileError as error:
            status, failure = 2, str(error)
        except OSError as error:  # importers handle their own files, so the output's disk is full
            status, failure = 2, str(_OUTPUT_FAILED[dry_run]) % {"reason": error.strerror}
        except (OperationalError, InterfaceError) as error:  # a traceback would exit with 1
            status, failure = 2, str(_DATABASE_FAILED) % {"reason": str(error).partition("\n")[0]}
        except KeyboardInterrupt:
            status, failure = 130, str(_INTERRUPTED[dry_run])
        if failure:
            self._clear_progress()
        elif status == 1:
            failure = str(_SOME_REJECTED[dry_run] if self._has_stored_rows else _ALL_REJECTED)
        elif status == 2:
            failure = _("Not every file could be loaded. See above.")
        if failure:
            raise CommandError(failure, returncode=status)

    def _import_file(self, path: str, on_rejection: OnRejection, dry_run: bool) -> int:
        """Import one file, print a summary, and return the exit status for it."""
        result: ImportResult | None
        try:
            result = type(self).import_file(path, on_rejection, self._progress, dry_run=dry_run)
            status = 1 if result.rejections else 0
            if not result.rows:
                self._clear_progress()
                self.stderr.write(f"{path}: {result.failure}")
                status = 2
        except FileError as error:
            self._clear_progress()
            self.stderr.write(str(error))
            result, status = error.result, 2
        self._clear_progress()
        self._has_stored_rows |= bool(result and result.rejections < result.rows)
        if result and (status < 2 or result.rows):
            self.stdout.write(format_summary(result, dry_run=dry_run))
        return status

    def _list_rejected_row(self, row: RejectedRow) -> None:
        """List the row on stderr, unless there were many."""
        self._listed += 1
        if self._listed <= LISTED_ROWS:
            self._clear_progress()
            self.stderr.write(str(row))
        elif self._listed == LISTED_ROWS + 1:
            self.stderr.write(_("More rows were rejected. To get all of them, load the file with --rejected FILE."))

    def _clear_progress(self) -> None:
        if self._progress:
            self._progress.clear()


def format_summary(result: ImportResult, *, dry_run: bool = False) -> str:
    """Describe what was done with a file in one line, and why rows were rejected in a line each."""
    lines = [
        _(
            "%(file)s: %(rows)d rows read, %(rejected)d rejected; %(unit)s: %(new)d new, %(changed)d changed, "
            "%(unchanged)d unchanged"
        )
        % {**vars(result), "rejected": result.rejections}
    ]
    if result.superseded:
        lines.append(_("  older revision, ignored: %(rows)d rows") % {"rows": result.superseded})
    if result.contradicted:
        lines.append(_("  kept, although the file has different values: %(rows)d rows") % {"rows": result.contradicted})
    lines += [f"  {count} x {reason.label}" for reason, count in result.rejected.most_common()]
    if result.older:
        months, days = settings.USAGE_RETENTION_MONTHS, settings.OLD_USAGE_KEPT.days
        lines.append(
            _(
                "%(older)d of these days are older than the %(months)d months for which usage is kept. They will "
                "be deleted in %(days)d days. Set USAGE_RETENTION_MONTHS to keep them."
            )
            % {"older": result.older, "months": months, "days": days}
        )
    if dry_run:
        lines.append(_("Nothing was stored: this was a dry run."))
    return "\n".join(lines)

"""What the load commands share: files in turn, rejected rows to stderr or a CSV, a summary to stdout, an exit status.

0: everything is in. 1: some rows were rejected, the good ones are in. 2: a file could not be loaded, the database
does not answer, or what there is to tell could not be written. 130: stopped.
"""

from __future__ import annotations

import sys
from typing import Any, Protocol

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from meters.imports import FileError, ImportResult, Rejection
from meters.imports.progress import Meter
from meters.imports.rejected_rows import RejectedRows
from meters.imports.results import OnRejection, Progress


class Loader(Protocol):
    def __call__(
        self, path: str, on_rejection: OnRejection, progress: Progress | None, *, dry_run: bool
    ) -> ImportResult: ...


class ImportCommand(BaseCommand):
    """A command that loads FILE... with `load`."""

    epilog = _lazy("Exit status: 0 all rows are in, 1 some were rejected, 2 a file could not be loaded, 130 stopped.")
    requires_system_checks: list[str] = []
    load: Loader

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = str(self.epilog)
        parser.add_argument("files", nargs="+", metavar="FILE", help=_("CSV, or gzip or ZIP of CSV"))
        parser.add_argument("--dry-run", action="store_true", help=_("say what a load would do, and store nothing"))
        parser.add_argument(
            "--rejected",
            metavar="FILE",
            help=_("write rejected rows to this CSV, with line and reason, instead of listing them"),
        )

    def handle(self, *args: Any, files: list[str], dry_run: bool, rejected: str | None, **options: Any) -> None:
        self._meter = Meter(sys.stderr) if self.stderr.isatty() else None
        self._loaded = False
        try:
            with RejectedRows(rejected, beside=files) as rejected_rows:
                self._tell = rejected_rows if rejected else self._list
                status = max(self._load(path, dry_run) for path in files)
        except FileError as error:
            raise CommandError(str(error), returncode=2) from error
        except OSError as error:  # the loaders tell of their own files: this is a full disk under the output
            self._clear_progress()
            raise CommandError(_cannot_write(error, dry_run), returncode=2) from error
        except (OperationalError, InterfaceError) as error:  # a traceback's status is 1, which means another thing here
            self._clear_progress()
            raise CommandError(_broke_off(error), returncode=2) from error
        except KeyboardInterrupt:
            self._clear_progress()
            raise CommandError(_stopped(dry_run), returncode=130) from None
        if status == 1:
            raise CommandError(_some_rejected(self._loaded, dry_run), returncode=1)
        if status:
            raise CommandError(_("Not every file could be loaded. See above."), returncode=2)

    def _load(self, path: str, dry_run: bool) -> int:
        """Load one file and tell what it did; the exit status that it deserves."""
        result: ImportResult | None
        try:
            result = type(self).load(path, self._tell, self._meter, dry_run=dry_run)
            status = 1 if result.rejections else 0
        except FileError as error:
            self._clear_progress()
            self.stderr.write(str(error))
            result, status = error.result, 2
        self._clear_progress()
        self._loaded |= bool(result and result.rejections < result.rows)
        if result and (status < 2 or result.rows):
            self.stdout.write(summary(result, dry_run=dry_run))
        return status

    def _list(self, rejection: Rejection) -> None:
        self._clear_progress()
        self.stderr.write(str(rejection))

    def _clear_progress(self) -> None:
        if self._meter:
            self._meter.clear()


def _some_rejected(loaded: bool, dry_run: bool) -> str:
    """`loaded`: whether any row was good."""
    if not loaded:
        return _("Every row was rejected; nothing is in. Check that the file is the right one for this command.")
    if dry_run:
        return _("Some rows would be rejected. Mend them, or load the file: the others go in.")
    return _("Some rows were rejected; the others are in. Mend the rejected ones and load again.")


def _stopped(dry_run: bool) -> str:
    if dry_run:
        return _("Stopped. Nothing was stored: this was a dry run.")
    return _("Stopped. What was stored stays; load the file again to go on.")


def _broke_off(error: Exception) -> str:
    return _(
        "The database does not answer: %(reason)s. What was stored stays; when it answers, load the file again."
    ) % {"reason": str(error).partition("\n")[0]}


def _cannot_write(error: OSError, dry_run: bool) -> str:
    if dry_run:
        return _("What the load would do cannot be written: %(reason)s. Make room and try again.") % {
            "reason": error.strerror
        }
    return _(
        "What the load did cannot be written: %(reason)s. What was stored stays; make room and load the file again."
    ) % {"reason": error.strerror}


def summary(result: ImportResult, *, dry_run: bool = False) -> str:
    """What a file did, in one line, and why rows were rejected, a line each."""
    told = _(
        "%(file)s: %(rows)d rows read, %(rejected)d rejected; %(unit)s: %(new)d new, %(changed)d changed, "
        "%(unchanged)d unchanged"
    ) % {**vars(result), "rejected": result.rejections}
    reasons = [f"  {count} x {reason.label}" for reason, count in result.rejected.most_common()]
    notes = []
    if result.older:
        notes.append(
            _(
                "%(older)d of these days are older than the %(months)d months for which usage is kept. They stay for "
                "%(days)d days from now; then they are dropped. Set USAGE_RETENTION_MONTHS to keep them."
            )
            % {
                "older": result.older,
                "months": settings.USAGE_RETENTION_MONTHS,
                "days": settings.OLD_USAGE_KEPT.days,
            }
        )
    if dry_run:
        notes.append(_("Nothing was stored: this was a dry run."))
    return "\n".join([told, *reasons, *notes])

"""What the load commands share: files in turn, rejected rows to stderr, a summary to stdout, an exit status.

0: everything is in. 1: some rows were rejected, the good ones are in. 2: a file could not be loaded.
"""

from __future__ import annotations

import sys
from typing import Any, Protocol

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from meters.loading import LoadError, LoadResult, Rejection
from meters.loading.results import OnRejection, Progress


class Loader(Protocol):
    def __call__(self, path: str, on_rejection: OnRejection, progress: Progress | None) -> LoadResult: ...


class LoadCommand(BaseCommand):
    """A command that loads FILE... with `load`."""

    epilog = _lazy("Exit status: 0 all rows are in, 1 some were rejected, 2 a file could not be loaded.")
    requires_system_checks: list[str] = []
    load: Loader

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = str(self.epilog)
        parser.add_argument("files", nargs="+", metavar="FILE", help=_("CSV, or ZIP of CSV"))

    def handle(self, *args: Any, files: list[str], **options: Any) -> None:
        status, shown = 0, self._progress()
        for path in files:
            try:
                result = type(self).load(path, self._tell, shown)
            except LoadError as error:
                self._clear_progress()
                self.stderr.write(str(error))
                status = 2
                continue
            except KeyboardInterrupt:
                self._clear_progress()
                raise CommandError(
                    _("Stopped. What was stored stays; load the file again to go on."), returncode=130
                ) from None
            self._clear_progress()
            self.stdout.write(summary(result))
            if result.rejections:
                status = max(status, 1)
        if status == 1:
            raise CommandError(
                _("Some rows were rejected; the others are in. Mend the rejected ones and load again."), returncode=1
            )
        if status:
            raise CommandError(_("Not every file could be loaded. See above."), returncode=2)

    def _tell(self, rejection: Rejection) -> None:
        self._clear_progress()
        self.stderr.write(str(rejection))

    def _progress(self) -> Progress | None:
        if not self.stderr.isatty():
            return None

        def show(done: int, size: int) -> None:
            sys.stderr.write(f"\r{done * 100 // max(size, 1):3} %")
            sys.stderr.flush()

        return show

    def _clear_progress(self) -> None:
        if self.stderr.isatty():
            sys.stderr.write("\r\x1b[K")


def summary(result: LoadResult) -> str:
    """What a file did, in one line, and why rows were rejected, a line each."""
    told = _(
        "%(file)s: %(rows)d rows read, %(rejected)d rejected; %(unit)s: %(new)d new, %(changed)d changed, "
        "%(unchanged)d unchanged"
    ) % {**vars(result), "rejected": result.rejections}
    reasons = [f"  {count} x {reason.label}" for reason, count in result.rejected.most_common()]
    return "\n".join([told, *reasons])

"""Uploaded files: kept in pieces in the database, loaded by one worker at a time, forgotten when loaded (D2)."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, connections, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from meters.imports import LoadError, LoadResult, Rejection, load_meters, load_premises, load_usage
from meters.models import Load, LoadChunk, LoadKind, LoadRejection, LoadState
from notifications import bell

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

CHUNK = 1 << 20  # bytes
KEPT_REJECTIONS = 10_000
ATTEMPTS = 5  # then the load is given up: it is the file, not the machine
PROGRESS_EVERY = 1.0  # seconds

_LOADERS: dict[str, Callable[..., LoadResult]] = {
    LoadKind.PREMISES: load_premises,
    LoadKind.METERS: load_meters,
    LoadKind.USAGE: load_usage,
}
# One load at a time in the whole portal: a second one would take the worker that sends emails and makes reports.
_LOCK = 0x534D5410
_FOLDER = "smt-load-"


class AlreadyLoading(Exception):
    """The same file waits or is being loaded. The text says so."""


def queue(
    kind: str, file: UploadedFile, *, by: AbstractBaseUser, only_tdsp: int | None, at: datetime | None = None
) -> Load:
    """Take in an uploaded file, to be loaded by a worker; with `only_tdsp`, only that TDSP's rows of it (D1).

    Raises AlreadyLoading if this file waits or is being loaded already.
    """
    digest = hashlib.sha256()
    for piece in file.chunks(CHUNK):
        digest.update(piece)
    load = Load(kind=kind, file_name=(file.name or "file")[-200:], size=file.size or 0, sha256=digest.hexdigest())
    load.by_id, load.tdsp_id, load.queued_at = by.pk, only_tdsp, at or Now()
    try:
        with transaction.atomic():
            load.save()
            for number, piece in enumerate(file.chunks(CHUNK)):
                LoadChunk.objects.create(load=load, number=number, content=piece)
            bell.ring("load queued")
    except IntegrityError as error:
        if "file_waits_once" not in str(error):
            raise
        raise AlreadyLoading(_("This very file is being loaded already. Look at its page under Data files.")) from error
    return load


def load_due(*, at: datetime | None = None) -> int:
    """Load what waits, the oldest first, unless another worker does; returns how many were loaded (D2).

    A worker that is killed lets go of the lock with its connection, and the next sweep begins its load again. That is
    harmless: loading a file again changes nothing.
    """
    if not Load.objects.unfinished().exists():
        return 0
    with _alone() as keeper:
        if keeper is None:
            return 0
        loaded = 0
        while load := Load.objects.unfinished().first():
            _run(load, keeper, at)
            loaded += 1
        return loaded


@contextmanager
def _alone() -> Iterator[BaseDatabaseWrapper | None]:
    """A connection that holds the lock of loading, or None if another worker holds it.

    It is one of its own: it shows progress while the load's transaction is open, and ends with this process.
    """
    with closing(connections.create_connection("default")) as keeper, keeper.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        yield keeper if cursor.fetchone()[0] else None


def _run(load: Load, keeper: BaseDatabaseWrapper, at: datetime | None) -> None:
    load.attempts += 1
    Load.objects.filter(pk=load.pk).update(
        state=LoadState.RUNNING, attempts=load.attempts, started_at=at or Now(), bytes_done=0
    )
    outcome = _Outcome(load, keeper)
    try:
        with _on_own_disk(load) as path:
            outcome.path = str(path)
            result = _LOADERS[load.kind](path, outcome.reject, outcome.progress, only_tdsp=load.tdsp_id)
        outcome.end(result, at)
    except LoadError as error:
        outcome.fail(outcome.named(str(error)), at, error.result)
    except Exception:  # the connection, the disk, a bug: another try may do, and the file stays until the last one
        logger.exception("Load %s stopped at attempt %s.", load.pk, load.attempts)
        if load.attempts >= ATTEMPTS:
            outcome.fail(
                _("Loading stopped %(times)d times. Tell the portal's operator, who finds the cause in the log.")
                % {"times": load.attempts},
                at,
            )
        else:
            raise


@contextmanager
def _on_own_disk(load: Load) -> Iterator[Path]:
    """The file on this machine's own disk, for as long as it is needed: a ZIP is read from its end."""
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*"):
        if not _runs(left.name.removeprefix(_FOLDER).split("-")[0]):
            shutil.rmtree(left, ignore_errors=True)  # of a worker that was killed
    with tempfile.TemporaryDirectory(prefix=f"{_FOLDER}{os.getpid()}-") as folder:
        path = Path(folder) / "file"
        with path.open("wb") as file:
            for number in load.chunks.values_list("number", flat=True):
                file.write(load.chunks.values_list("content", flat=True).get(number=number))
        yield path


def _runs(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


class _Outcome:
    """What one run of a load tells, written down when it ends; nothing of a run that was killed stays."""

    def __init__(self, load: Load, keeper: BaseDatabaseWrapper) -> None:
        self.load = load
        self.path = ""
        self._keeper = keeper
        self._told_at = 0.0
        self._rejected: Counter[str] = Counter()
        self._kept: list[LoadRejection] = []

    def reject(self, rejection: Rejection) -> None:
        self._rejected[rejection.reason.value] += 1
        if len(self._kept) < KEPT_REJECTIONS:
            self._kept.append(
                LoadRejection(
                    load=self.load,
                    file=self.named(rejection.file)[-250:],
                    line=rejection.line,
                    reason=rejection.reason.value,
                )
            )

    def progress(self, done: int, size: int) -> None:
        if monotonic() - self._told_at < PROGRESS_EVERY:
            return
        self._told_at = monotonic()
        with self._keeper.cursor() as cursor:
            cursor.execute(
                "UPDATE meters_load SET bytes_done = %s, bytes_total = %s WHERE id = %s", [done, size, self.load.pk]
            )

    def named(self, text: str) -> str:
        """`text` with the uploaded file's name in place of the worker's own."""
        return text.replace(self.path, self.load.file_name)

    def end(self, result: LoadResult, at: datetime | None) -> None:
        if result.rows and result.rejections >= result.rows:
            self.fail(
                _("No row of the file could be loaded. Check that it holds what you chose, and see below."), at, result
            )
        elif not result.rows:
            self.fail(_("The file has no rows. Check that it is the right one."), at)
        else:
            self._write(at, state=LoadState.DONE, error="", counts=result)

    def fail(self, error: str, at: datetime | None, counts: LoadResult | None = None) -> None:
        """`counts`: what went in all the same."""
        self._write(at, state=LoadState.FAILED, error=error[:500], counts=counts)

    def _write(self, at: datetime | None, *, state: str, error: str, counts: LoadResult | None = None) -> None:
        rejected = self._rejected.total()
        with transaction.atomic():
            self.load.chunks.all().delete()
            LoadRejection.objects.bulk_create(self._kept, batch_size=1_000)
            Load.objects.filter(pk=self.load.pk).update(
                state=state,
                error=error,
                finished_at=at or Now(),
                rows=counts.rows if counts else rejected,
                new=counts.new if counts else 0,
                changed=counts.changed if counts else 0,
                unchanged=counts.unchanged if counts else 0,
                older=counts.older if counts else 0,
                rejected=rejected,
                rejected_by_reason=dict(self._rejected),
            )
        logger.info("Load %s of %s is %s.", self.load.pk, self.load.kind, state)

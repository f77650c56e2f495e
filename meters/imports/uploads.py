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

from meters.imports import FileError, ImportResult, Rejection, import_meters, import_premises, import_usage
from meters.models import Upload, UploadChunk, UploadKind, UploadRejection, UploadState
from notifications.wakeup import wake_workers

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

CHUNK = 1 << 20  # bytes
KEPT_REJECTIONS = 10_000
ATTEMPTS = 5  # then the load is given up: it is the file, not the machine
PROGRESS_EVERY = 1.0  # seconds

_LOADERS: dict[str, Callable[..., ImportResult]] = {
    UploadKind.PREMISES: import_premises,
    UploadKind.METERS: import_meters,
    UploadKind.USAGE: import_usage,
}
# One load at a time in the whole portal: a second one would take the worker that sends emails and makes reports.
_LOCK = 0x534D5410
_FOLDER = "smt-load-"


class AlreadyUploaded(Exception):
    """The same file waits or is being loaded. The text says so."""


def queue_upload(
    kind: str, file: UploadedFile, *, by: AbstractBaseUser, only_tdsp: int | None, at: datetime | None = None
) -> Upload:
    """Take in an uploaded file, to be loaded by a worker; with `only_tdsp`, only that TDSP's rows of it (D1).

    Raises AlreadyUploaded if this file waits or is being loaded already.
    """
    digest = hashlib.sha256()
    for piece in file.chunks(CHUNK):
        digest.update(piece)
    upload = Upload(kind=kind, file_name=(file.name or "file")[-200:], size=file.size or 0, sha256=digest.hexdigest())
    upload.by_id, upload.tdsp_id, upload.queued_at = by.pk, only_tdsp, at or Now()
    try:
        with transaction.atomic():
            upload.save()
            for number, piece in enumerate(file.chunks(CHUNK)):
                UploadChunk.objects.create(upload=upload, number=number, content=piece)
            wake_workers("load queued")
    except IntegrityError as error:
        if "file_waits_once" not in str(error):
            raise
        raise AlreadyUploaded(
            _("This very file is being loaded already. Look at its page under Data files.")
        ) from error
    return upload


def import_due_uploads(*, at: datetime | None = None) -> int:
    """Load what waits, the oldest first, unless another worker does; returns how many were loaded (D2).

    A worker that is killed lets go of the lock with its connection, and the next sweep begins its load again. That is
    harmless: loading a file again changes nothing.
    """
    if not Upload.objects.unfinished().exists():
        return 0
    with _alone() as keeper:
        if keeper is None:
            return 0
        loaded = 0
        while upload := Upload.objects.unfinished().first():
            _run(upload, keeper, at)
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


def _run(upload: Upload, keeper: BaseDatabaseWrapper, at: datetime | None) -> None:
    upload.attempts += 1
    Upload.objects.filter(pk=upload.pk).update(
        state=UploadState.RUNNING, attempts=upload.attempts, started_at=at or Now(), bytes_done=0
    )
    outcome = _Outcome(upload, keeper)
    try:
        with _on_own_disk(upload) as path:
            outcome.path = str(path)
            result = _LOADERS[upload.kind](path, outcome.reject, outcome.progress, only_tdsp=upload.tdsp_id)
        outcome.end(result, at)
    except FileError as error:
        outcome.fail(outcome.named(str(error)), at, error.result)
    except Exception:  # the connection, the disk, a bug: another try may do, and the file stays until the last one
        logger.exception("Upload %s stopped at attempt %s.", upload.pk, upload.attempts)
        if upload.attempts >= ATTEMPTS:
            outcome.fail(
                _("Loading stopped %(times)d times. Tell the portal's operator, who finds the cause in the log.")
                % {"times": upload.attempts},
                at,
            )
        else:
            raise


@contextmanager
def _on_own_disk(upload: Upload) -> Iterator[Path]:
    """The file on this machine's own disk, for as long as it is needed: a ZIP is read from its end."""
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*"):
        if not _runs(left.name.removeprefix(_FOLDER).split("-")[0]):
            shutil.rmtree(left, ignore_errors=True)  # of a worker that was killed
    with tempfile.TemporaryDirectory(prefix=f"{_FOLDER}{os.getpid()}-") as folder:
        path = Path(folder) / "file"
        with path.open("wb") as file:
            for number in upload.chunks.values_list("number", flat=True):
                file.write(upload.chunks.values_list("content", flat=True).get(number=number))
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

    def __init__(self, upload: Upload, keeper: BaseDatabaseWrapper) -> None:
        self.upload = upload
        self.path = ""
        self._keeper = keeper
        self._told_at = 0.0
        self._rejected: Counter[str] = Counter()
        self._kept: list[UploadRejection] = []

    def reject(self, rejection: Rejection) -> None:
        self._rejected[rejection.reason.value] += 1
        if len(self._kept) < KEPT_REJECTIONS:
            self._kept.append(
                UploadRejection(
                    upload=self.upload,
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
                "UPDATE meters_upload SET bytes_done = %s, bytes_total = %s WHERE id = %s", [done, size, self.upload.pk]
            )

    def named(self, text: str) -> str:
        """`text` with the uploaded file's name in place of the worker's own."""
        return text.replace(self.path, self.upload.file_name)

    def end(self, result: ImportResult, at: datetime | None) -> None:
        if result.rows and result.rejections >= result.rows:
            self.fail(
                _("No row of the file could be loaded. Check that it holds what you chose, and see below."), at, result
            )
        elif not result.rows:
            self.fail(_("The file has no rows. Check that it is the right one."), at)
        else:
            self._write(at, state=UploadState.DONE, error="", counts=result)

    def fail(self, error: str, at: datetime | None, counts: ImportResult | None = None) -> None:
        """`counts`: what went in all the same."""
        self._write(at, state=UploadState.FAILED, error=error[:500], counts=counts)

    def _write(self, at: datetime | None, *, state: str, error: str, counts: ImportResult | None = None) -> None:
        rejected = self._rejected.total()
        with transaction.atomic():
            self.upload.chunks.all().delete()
            UploadRejection.objects.bulk_create(self._kept, batch_size=1_000)
            Upload.objects.filter(pk=self.upload.pk).update(
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
        logger.info("Upload %s of %s is %s.", self.upload.pk, self.upload.kind, state)

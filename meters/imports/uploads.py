"""Uploaded files: stored in chunks in the database, imported by one worker at a time, deleted when imported (D2)."""

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

from meters.imports import FileError, ImportResult, RejectedRow, import_meters, import_premises, import_usage
from meters.models import Upload, UploadChunk, UploadKind, UploadRejection, UploadState
from notifications.wakeup import wake_workers

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
STORED_REJECTIONS = 10_000
MAX_ATTEMPTS = 5  # after that it is the file, not the machine
PROGRESS_SECONDS = 1.0

_IMPORTERS: dict[str, Callable[..., ImportResult]] = {
    UploadKind.PREMISES: import_premises,
    UploadKind.METERS: import_meters,
    UploadKind.USAGE: import_usage,
}
# One import at a time in the whole portal: a second one would occupy the worker that sends emails and makes reports.
_LOCK = 0x534D5410
_FOLDER = "smt-upload-"


class AlreadyUploaded(Exception):
    """The same file is waiting or being imported. The text says so."""


def queue_upload(
    kind: str, file: UploadedFile, *, by: AbstractBaseUser, only_tdsp: int | None, at: datetime | None = None
) -> Upload:
    """Store an uploaded file and queue its import; with `only_tdsp`, of only that TDSP's rows (D1).

    Raises AlreadyUploaded if this file is waiting or being imported.
    """
    digest = hashlib.sha256()
    for chunk in file.chunks(CHUNK_BYTES):
        digest.update(chunk)
    upload = Upload(kind=kind, file_name=(file.name or "file")[-200:], size=file.size or 0, sha256=digest.hexdigest())
    upload.by_id, upload.tdsp_id, upload.queued_at = by.pk, only_tdsp, at or Now()
    try:
        with transaction.atomic():
            upload.save()
            for number, chunk in enumerate(file.chunks(CHUNK_BYTES)):
                UploadChunk.objects.create(upload=upload, number=number, content=chunk)
            wake_workers("load queued")
    except IntegrityError as error:
        if "file_waits_once" not in str(error):
            raise
        raise AlreadyUploaded(_("This file is already being loaded. See its page under Data files.")) from error
    return upload


def import_due_uploads(*, at: datetime | None = None) -> int:
    """Import the waiting uploads, oldest first, unless another worker does; return how many (D2).

    A killed worker's lock ends with its connection, and the next sweep imports its file again, which is harmless.
    """
    if not Upload.objects.unfinished().exists():
        return 0
    # A second connection holds the lock and shows progress while the import's transaction is open.
    with closing(connections.create_connection("default")) as side, side.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        count = 0
        while upload := Upload.objects.unfinished().first():
            ImportAttempt(upload, side).run(at)
            count += 1
        return count


@contextmanager
def _copied_to_disk(upload: Upload) -> Iterator[Path]:
    """Copy the file to this machine's disk, because reading a ZIP starts at its end."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*"):
        try:
            os.kill(int(folder.name.removeprefix(_FOLDER).split("-")[0]), 0)
        except (ValueError, ProcessLookupError):  # the worker was killed
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:  # it runs as another user
            pass
    with tempfile.TemporaryDirectory(prefix=f"{_FOLDER}{os.getpid()}-") as folder_name:
        path = Path(folder_name) / "file"
        with path.open("wb") as file:
            for number in upload.chunks.values_list("number", flat=True):
                file.write(upload.chunks.values_list("content", flat=True).get(number=number))
        yield path


class ImportAttempt:
    """One attempt to import an upload. It stores its outcome when it ends, so a killed attempt leaves none."""

    def __init__(self, upload: Upload, side: BaseDatabaseWrapper) -> None:
        self._upload, self._side = upload, side
        self._path = ""
        self._progress_at = 0.0
        self._rejected: Counter[str] = Counter()
        self._stored_rejections: list[UploadRejection] = []

    def run(self, at: datetime | None) -> None:
        upload = self._upload
        upload.attempts += 1
        Upload.objects.filter(pk=upload.pk).update(
            state=UploadState.RUNNING, attempts=upload.attempts, started_at=at or Now(), bytes_done=0
        )
        try:
            with _copied_to_disk(upload) as path:
                self._path = str(path)
                result = _IMPORTERS[upload.kind](path, self._reject, self._show_progress, only_tdsp=upload.tdsp_id)
        except FileError as error:
            self._finish(at, self._with_uploaded_name(str(error)), error.result)
        except Exception:  # the connection, the disk or a bug: another attempt may succeed
            logger.exception("Upload %s failed at attempt %s.", upload.pk, upload.attempts)
            if upload.attempts < MAX_ATTEMPTS:
                raise
            error_text = _(
                "Loading failed %(times)d times. Tell the portal's operator, who can find the cause in the log."
            )
            self._finish(at, error_text % {"times": upload.attempts}, None)
        else:
            error_text = ""
            if not result.rows:
                error_text = _("The file has no rows. Check that it's the right file.")
            elif result.rejections >= result.rows:
                error_text = _(
                    "No row of the file could be loaded. Check that it is the kind you chose, and see below."
                )
            self._finish(at, error_text, result)

    def _reject(self, row: RejectedRow) -> None:
        self._rejected[row.reason.value] += 1
        if len(self._stored_rejections) < STORED_REJECTIONS:
            file = self._with_uploaded_name(row.file)[-250:]
            self._stored_rejections.append(
                UploadRejection(upload=self._upload, file=file, line=row.line, reason=row.reason.value)
            )

    def _show_progress(self, done: int, size: int) -> None:
        if monotonic() - self._progress_at < PROGRESS_SECONDS:
            return
        self._progress_at = monotonic()
        with self._side.cursor() as cursor:
            cursor.execute(
                "UPDATE meters_upload SET bytes_done = %s, bytes_total = %s WHERE id = %s",
                [done, size, self._upload.pk],
            )

    def _with_uploaded_name(self, text: str) -> str:
        return text.replace(self._path, self._upload.file_name)

    def _finish(self, at: datetime | None, error: str, result: ImportResult | None) -> None:
        """Store the outcome; `result` counts what was imported, also before an error."""
        rejected = self._rejected.total()
        state = UploadState.FAILED if error else UploadState.DONE
        counts = result or ImportResult("", "", rows=rejected)
        with transaction.atomic():
            self._upload.chunks.all().delete()
            UploadRejection.objects.bulk_create(self._stored_rejections, batch_size=1_000)
            Upload.objects.filter(pk=self._upload.pk).update(
                state=state,
                error=error[:500],
                finished_at=at or Now(),
                rows=counts.rows,
                new=counts.new,
                changed=counts.changed,
                unchanged=counts.unchanged,
                older=counts.older,
                rejected=rejected,
                rejected_by_reason=dict(self._rejected),
            )
        logger.info("Upload %s of %s is %s.", self._upload.pk, self._upload.kind, state)

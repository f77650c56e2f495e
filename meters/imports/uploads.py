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

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from meters.imports import FileError, ImportResult, Reason, RejectedRow, import_meters, import_premises, import_usage
from meters.models import Upload, UploadChunk, UploadKind, UploadRejection, UploadState
from notifications.wakeup import wake_workers

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

_COUNTS = ("rows", "new", "changed", "unchanged", "superseded", "older")
_PROGRESS = "UPDATE meters_upload SET bytes_done = %s, bytes_total = %s WHERE id = %s"


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
            wake_workers("upload queued")
    except IntegrityError as error:
        if "upload_waits_once" not in str(error):
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
            import_upload(upload, side, at)
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


def import_upload(upload: Upload, side: BaseDatabaseWrapper, at: datetime | None) -> None:
    """Import one upload. The outcome is stored at the end, so a killed attempt leaves none.

    Progress is written through `side`, which is outside of the import's transaction.
    """
    counts, error, path_on_disk, progress_at = ImportResult("", ""), "", "", 0.0
    rejected: Counter[str] = Counter()
    stored: list[UploadRejection] = []

    def reject(row: RejectedRow) -> None:
        rejected[row.reason.value] += 1
        if len(stored) < STORED_REJECTIONS:
            file = row.file.replace(path_on_disk, upload.file_name)[-250:]
            stored.append(
                UploadRejection(upload=upload, file=file, line=row.line, reason=row.reason, column=row.column)
            )

    def show_progress(done: int, size: int) -> None:
        nonlocal progress_at
        if monotonic() - progress_at >= PROGRESS_SECONDS:
            progress_at = monotonic()
            with side.cursor() as cursor:
                cursor.execute(_PROGRESS, [done, size, upload.pk])

    upload.attempts += 1
    Upload.objects.filter(pk=upload.pk).update(
        state=UploadState.RUNNING, attempts=upload.attempts, started_at=at or Now(), bytes_done=0
    )
    try:
        with _copied_to_disk(upload) as path:
            path_on_disk = str(path)
            counts = _IMPORTERS[upload.kind](path, reject, show_progress, only_tdsp=upload.tdsp_id)
        error = counts.failure
    except FileError as failure:
        error = str(failure).replace(path_on_disk, upload.file_name)
        counts = failure.result or ImportResult("", "", rows=rejected.total())
    except Exception:  # the connection, the disk or a bug: another attempt may succeed
        logger.exception("Upload %s failed at attempt %s.", upload.pk, upload.attempts)
        if upload.attempts < MAX_ATTEMPTS:
            raise
        error = _(
            "Loading failed %(times)d times. Tell the operator of this portal, who can find the cause in the log."
        ) % {"times": upload.attempts}
        counts = ImportResult("", "", rows=rejected.total())
    state = UploadState.FAILED if error else UploadState.PARTIAL if rejected else UploadState.DONE
    with transaction.atomic():
        upload.chunks.all().delete()
        UploadRejection.objects.bulk_create(stored, batch_size=1_000)
        Upload.objects.filter(pk=upload.pk).update(
            state=state,
            error=error[:500],
            finished_at=at or Now(),
            **{name: getattr(counts, name) for name in _COUNTS},
            contradicted=rejected[Reason.OTHER_VALUE],
            rejected=rejected.total(),
            rejected_by_reason=dict(rejected),
        )
    logger.info("Upload %s of %s is %s.", upload.pk, upload.kind, state)

"""Files that staff upload in the admin are imported once, by one worker at a time, and leave a result (D2)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.urls import reverse

from meters.imports import uploads
from meters.imports.upload_handler import LimitedUploadHandler, is_too_large
from meters.models import Upload, UploadChunk, UploadKind, UploadState, UsageDay
from tests.factories import OperatorFactory, PremiseFactory, TdspFactory, UploadChunkFactory, UploadFactory
from tests.meters.usage_files import DAY, OTHER_ESIID, import_file, row, rows, text

pytestmark = pytest.mark.django_db

MIDNIGHT = ("00:00", "00:15")


def queue(content: bytes, **options) -> Upload:
    file = SimpleUploadedFile("night.csv", content)
    options = {"by": OperatorFactory(), "only_tdsp": None} | options
    return uploads.queue_upload(UploadKind.USAGE, file, **options)


def imported(upload: Upload) -> Upload:
    uploads.import_due_uploads()
    upload.refresh_from_db()
    return upload


def test_an_upload_is_imported_and_its_content_deleted(premise):
    """D2."""
    upload = imported(queue(text(*rows())))
    assert (upload.state, upload.error) == (UploadState.DONE, "")
    assert (upload.rows, upload.new, upload.changed, upload.unchanged, upload.rejected) == (96, 1, 0, 0, 0)
    assert UsageDay.objects.get().wh == [*range(1, 97)]
    assert not UploadChunk.objects.exists() and uploads.import_due_uploads() == 0


def test_rejected_rows_are_stored_without_their_text(premise, monkeypatch):
    """D2, X4: file, line and reason, up to a limit; all are counted."""
    monkeypatch.setattr(uploads, "STORED_REJECTIONS", 2)
    upload = imported(queue(text(*rows()[1:], *[row(MIDNIGHT, "x")] * 3)))
    assert (upload.state, upload.rejected, upload.rejected_by_reason) == (UploadState.PARTIAL, 3, {"kwh": 3})
    stored = upload.rejections.values_list("file", "line", "reason")
    assert list(stored) == [("night.csv", 97, "kwh"), ("night.csv", 98, "kwh")]


def test_ignored_and_contradicting_rows_are_counted_apart(premise, client):
    """D2: on the page of the upload, and in the file of its rejected rows."""
    imported(queue(text(*rows())))
    older = rows(["1"] * 96, revision="03/03/2026 01:00:00", day=DAY)
    surplus = rows(direction="Surplus Generation")
    upload = imported(queue(text(*older, *rows(["9"] * 96)[:2], *surplus)))
    assert (upload.state, upload.new, upload.unchanged) == (UploadState.PARTIAL, 1, 0)
    assert (upload.superseded, upload.contradicted, upload.rejected) == (96, 2, 2)
    client.force_login(upload.by)
    page = client.get(reverse("admin:meters_upload_change", args=[upload.pk])).content.decode()
    for sentence in ("2 rows rejected", "Of an older revision, not needed", "a different value from the one on record"):
        assert sentence in page


def test_the_field_that_is_wrong_is_in_the_file_of_rejected_rows(premise, client):
    """D2."""
    content = f"ESIID,METER_NUMBER,INSTALLED_ON\n{premise.esiid},1,2126-01-01\n".encode()
    file = SimpleUploadedFile("meters.csv", content)
    upload = imported(uploads.queue_upload(UploadKind.METERS, file, by=OperatorFactory(), only_tdsp=None))
    client.force_login(upload.by)
    written = client.get(reverse("admin:meters_upload_rejected", args=[upload.pk])).content.decode()
    assert "meters.csv,2,INSTALLED_ON: The date is after today." in written


def test_an_upload_of_a_tdsp_imports_only_rows_of_its_premises(premise):
    """D1."""
    PremiseFactory(esiid=OTHER_ESIID, tdsp=TdspFactory())
    upload = imported(queue(text(*rows(), *rows(esiid=OTHER_ESIID)), only_tdsp=premise.tdsp_id))
    assert (upload.new, upload.rejected_by_reason) == (1, {"other_tdsp": 96})


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"A,B\n", "night.csv: the header does not match any known usage layout"),
        (text(), "The file has no rows"),
        (text(row(MIDNIGHT, "x")), "Every row was rejected"),
    ],
)
def test_a_file_without_good_rows_fails_with_a_sentence(premise, content, error):
    """D2: with the uploaded file's name, not the worker's."""
    upload = imported(queue(content))
    assert upload.state == UploadState.FAILED and upload.error.startswith(error)
    assert not UploadChunk.objects.exists()


def test_a_file_that_is_waiting_is_not_queued_twice(premise):
    """D2."""
    queue(text(*rows()))
    with pytest.raises(uploads.AlreadyUploaded, match="already being loaded"):
        queue(text(*rows()))
    uploads.import_due_uploads()
    assert imported(queue(text(*rows()))).unchanged == 1


def test_an_attempt_that_stops_is_repeated_up_to_a_limit(premise, monkeypatch):
    """D2: the file is kept until the last attempt."""

    def stop(*args: object, **options: object) -> None:
        raise OSError("disk")

    monkeypatch.setitem(uploads._IMPORTERS, UploadKind.USAGE, stop)
    upload = queue(text(*rows()))
    for attempt in range(1, uploads.MAX_ATTEMPTS):
        with pytest.raises(OSError, match="disk"):
            uploads.import_due_uploads()
        upload.refresh_from_db()
        assert (upload.state, upload.attempts) == (UploadState.RUNNING, attempt)
        assert upload.chunks.exists()
    assert imported(upload).state == UploadState.FAILED
    assert "failed 5 times" in upload.error and not upload.chunks.exists()


def test_another_worker_that_imports_is_left_alone(premise):
    """D2: one import at a time."""
    upload = queue(text(*rows()))
    parameters = connection.get_connection_params()
    with psycopg.connect(**{**parameters, "cursor_factory": psycopg.Cursor, "context": None}) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [uploads._LOCK])
        assert uploads.import_due_uploads() == 0
    upload.refresh_from_db()
    assert upload.state == UploadState.QUEUED


def test_files_that_a_killed_worker_left_are_removed(premise):
    """D2: those of a running worker stay."""
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    left = Path(tempfile.gettempdir()) / f"{uploads._FOLDER}{int(ended.stdout)}-test"
    running = Path(tempfile.gettempdir()) / f"{uploads._FOLDER}{os.getpid()}-test"
    left.mkdir()
    running.mkdir()
    try:
        imported(queue(text(*rows())))
        assert running.exists() and not left.exists()
    finally:
        running.rmdir()


def test_progress_is_written_while_the_file_is_imported(premise, monkeypatch):
    """D2: bytes read, and the size of the file."""
    upload = UploadFactory(kind=UploadKind.USAGE)
    UploadChunkFactory(upload=upload, content=text(*rows()))
    monkeypatch.setattr(uploads, "_PROGRESS", "SELECT set_config('test.progress', concat_ws('/', %s, %s, %s), false)")
    with closing(connections.create_connection("default")) as side:
        uploads.import_upload(upload, side, None)
        with side.cursor() as cursor:
            cursor.execute("SELECT current_setting('test.progress')")
            assert cursor.fetchone() == (f"{len(text(*rows()))}/{len(text(*rows()))}/{upload.pk}",)


def test_an_upload_is_cut_at_the_limit_and_refused(settings):
    """D2: a large file does not fill the disk."""
    settings.LOAD_UPLOAD_LIMIT = 10
    handler = LimitedUploadHandler()
    handler.new_file("file", "a.csv", "text/csv", 12)
    assert handler.receive_data_chunk(b"x" * 8, 0) is None  # stored in the temporary file
    assert handler.receive_data_chunk(b"x" * 8, 8) is None
    assert handler.file.tell() == 8
    assert is_too_large(SimpleUploadedFile("a.csv", b"x" * 11)) and not is_too_large(SimpleUploadedFile("b", b"x"))


def test_a_file_of_a_command_is_the_same_as_an_upload(tmp_path, premise):
    """D2: both ways count alike."""
    result, _rejected = import_file(tmp_path, text(*rows()))
    upload = imported(queue(text(*rows())))
    assert (result.new, upload.unchanged, upload.rows) == (1, 1, result.rows)

"""Uploaded files are counted while they arrive, so that a large one does not fill a disk (D2)."""

from __future__ import annotations

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Keeps at most settings.LOAD_UPLOAD_LIMIT bytes of a file and drops the rest. See `is_too_large`."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if start + len(raw_data) > settings.LOAD_UPLOAD_LIMIT:
            return None
        return super().receive_data_chunk(raw_data, start)


def is_too_large(file: UploadedFile) -> bool:
    return bool((file.size or 0) > settings.LOAD_UPLOAD_LIMIT)

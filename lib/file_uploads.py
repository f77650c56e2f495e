"""Which views take a file, from whom and how large; all others refuse files and large bodies unread (O1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import SuspiciousMultipartForm
from django.core.files.uploadhandler import FileUploadHandler

_ATTRIBUTE = "file_policy"


@dataclass(frozen=True)
class FilePolicy:
    """A view's rule: `handler` takes in files of at most `limit()` bytes from a user for whom `may_send` is true."""

    handler: type[FileUploadHandler]
    limit: Callable[[], int]
    may_send: Callable[[Any], bool]


def accepts_file(policy: FilePolicy) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let the decorated view take files. Its wrappers must copy its attributes, as functools.wraps does."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        setattr(view, _ATTRIBUTE, policy)
        return view

    return decorate


def file_policy(view: Callable[..., Any]) -> FilePolicy | None:
    return getattr(view, _ATTRIBUTE, None)


class RefusingUploadHandler(FileUploadHandler):
    """Refuses the first file of a form before a byte of it is stored. Every view's, unless it has a policy."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SuspiciousMultipartForm("A file was sent to a page that takes none.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        raise SuspiciousMultipartForm("A file was sent to a page that takes none.")

    def file_complete(self, file_size: int) -> None:
        return None

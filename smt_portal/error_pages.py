"""Error pages that need no database: the database may be what failed."""

from __future__ import annotations

import errno
import sys

import psycopg
from django.http import HttpRequest, HttpResponse
from django.template import loader

from smt_portal.logs import error_chain

RETRY_AFTER_SECONDS = 10
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_TEMPORARY = (
    # Connections, resources, locks, timeouts, restarts: never the data.
    psycopg.OperationalError,
    psycopg.InterfaceError,  # the connection is closed
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.ReadOnlySqlTransaction,  # a replica that is not promoted yet
)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an unhandled error: 503 with Retry-After if it passes by itself, else 500 (O1).

    Django calls this while it handles the error.
    """
    if is_temporary(sys.exc_info()[1]):
        return _page("503.html", 503, {"Retry-After": str(RETRY_AFTER_SECONDS)})
    return _page("500.html", 500)


def is_temporary(error: BaseException | None) -> bool:
    """Whether the database is away, restarting, full, or let a statement wait for too long; or a disk is full."""
    return error is not None and any(
        isinstance(link, _TEMPORARY) or (isinstance(link, OSError) and link.errno in _NO_SPACE)
        for link in error_chain(error)
    )


def too_large() -> HttpResponse:
    """Return the page for a request whose body is larger than its page takes (O1)."""
    return _page("413.html", 413)


def _page(template: str, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(loader.get_template(template).render(), status=status, headers=headers)

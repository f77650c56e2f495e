"""An id for each request and each task, in every line that it logs and in the response (O2)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
FROM_PROXY = re.compile(r"[A-Za-z0-9-]{8,64}")

current_id: ContextVar[str] = ContextVar("current_id", default="")


def request_id(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Name the request: as the proxy named it if there is one, never as a client that reaches us directly does."""

    def middleware(request: HttpRequest) -> HttpResponse:
        named = request.headers.get(HEADER, "") if settings.TRUSTED_PROXY_COUNT else ""
        name = named if FROM_PROXY.fullmatch(named) else str(uuid.uuid4())
        request.request_id = name  # type: ignore[attr-defined] # Django logs a refusal after all middleware
        token = current_id.set(name)
        try:
            response = get_response(request)
        finally:
            current_id.reset(token)
        response.headers[HEADER] = name
        return response

    return middleware

"""Log what a page of the admin shows before the page leaves the server (D3)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from accounts.audit.access_log import log_access
from accounts.models import signed_in


class AccessLogMiddleware:
    """Write the access log from `request.viewed_records`. If that fails, the page is not shown (D3)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if viewed_records := getattr(request, "viewed_records", []):
            log_access(signed_in(request), viewed_records)
        return response

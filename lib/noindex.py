"""Pages that search engines must not index."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse


def noindex(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ask search engines not to index a page whose address contains a token (X5)."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return page

"""Requests whose body is too large for their page are refused before anything reads or stores it (O1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from lib.file_uploads import file_policy
from smt_portal import error_pages

FORM_BYTES = 64 * 1024  # around a file: the fields beside it and the form's own lines


class BodyLimitMiddleware(MiddlewareMixin):
    """Must come before every middleware that reads a form, such as CsrfViewMiddleware."""

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_rest: Any) -> HttpResponse | None:
        limit, policy = settings.DATA_UPLOAD_MAX_MEMORY_SIZE, file_policy(view)
        if policy and request.method == "POST":
            if not policy.may_send(request.user):
                return redirect_to_login(request.get_full_path())
            request.upload_handlers = [policy.handler(request)]
            limit = policy.limit() + FORM_BYTES
        # Without a length Django reads no body.
        length = request.META.get("CONTENT_LENGTH") or "0"
        return error_pages.too_large() if not length.isdecimal() or int(length) > limit else None

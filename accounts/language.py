"""In which language a page is shown: chosen on it, kept in a cookie, preferred in an account (C6).

A choice by a link (`?lang=es`) only changes what is shown, so that it works without cookies, without JavaScript and on
the decision page, whose address is a secret that must stay in the path.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from accounts.models import User

PARAMETER = "lang"


def chosen_language(request: HttpRequest) -> str | None:
    """What this visitor chose with the switch, by the page's address or else by the cookie; None: has not chosen."""
    for choice in (request.GET.get(PARAMETER), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)):
        if choice in dict(settings.LANGUAGES):
            return choice
    return None


def keep(response: HttpResponse, language: str) -> None:
    """Remember `language` in this browser."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def prefer(user: User, language: str) -> None:
    """Keep `language` as the user's preference, also for emails."""
    User.objects.filter(pk=user.pk).update(language=language)
    user.language = language


class LanguageMiddleware:
    """Shows what the page's address says, else what a signed-in user prefers, else what LocaleMiddleware found."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        linked = request.GET.get(PARAMETER)
        if linked not in dict(settings.LANGUAGES):
            linked = None
        language = linked or _preferred(request)
        if language is None:
            return self.get_response(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
        if linked:
            keep(response, linked)
        return response


def _preferred(request: HttpRequest) -> str | None:
    # Whoever has no session is nobody: a page for strangers must not ask the database for a user.
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not isinstance(request.user, User):
        return None
    return request.user.language

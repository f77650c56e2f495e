"""The language of a page: chosen on it, stored in a cookie, preferred in an account (C6).

A choice by link (`?lang=es`) changes only the page and the cookie, so that it works without JavaScript and on the
decision page, whose address is a secret that must stay in the path.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from accounts.models import User

PARAMETER = "lang"
ORGANIZATIONS = "en"  # the pages of third parties and staff are in English only (T2)


def chosen_language(request: HttpRequest) -> str | None:
    """Return the language that the visitor chose, in the page's address or the cookie; None without a choice."""
    for choice in (request.GET.get(PARAMETER), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)):
        if choice in dict(settings.LANGUAGES):
            return choice
    return None


def set_language_cookie(response: HttpResponse, language: str) -> HttpResponse:
    """Remember `language` in this browser. Returns the response."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
        secure=settings.LANGUAGE_COOKIE_SECURE,
    )
    return response


class LanguageMiddleware:
    """Use the language of the page's address, else the user's preference, else what LocaleMiddleware chose.

    Third parties' users and staff read everything in English, because their pages are not translated.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        choice = request.GET.get(PARAMETER)
        linked = choice if choice in dict(settings.LANGUAGES) else None
        # Without a session cookie there is no user to look up in the database.
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
        user = request.user if has_session and isinstance(request.user, User) else None
        if user and user.represents_organization:
            return render_in(ORGANIZATIONS, self.get_response, request)
        language = linked or (user.language if user else None)
        if language is None:
            return self.get_response(request)
        response = render_in(language, self.get_response, request)
        return set_language_cookie(response, linked) if linked else response


def page_language(user: User) -> str:
    """Return the language of the portal's pages for `user`, who has not chosen another."""
    return ORGANIZATIONS if user.represents_organization else user.language


def render_in(language: str, view: Callable[..., HttpResponse], request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Return the response of `view` in `language`, whichever was active before."""
    with translation.override(language):
        request.LANGUAGE_CODE = language
        response = view(request, **kwargs)
        response.headers.setdefault("Content-Language", language)
    return response


def for_companies(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Render the page in English without a language switch: third parties need it before they have an account (T2)."""

    @wraps(view)
    def page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return render_in(ORGANIZATIONS, view, request, **kwargs)

    return page

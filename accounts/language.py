"""In which language a page is shown: chosen on it, kept in a cookie, preferred in an account (C6).

A choice by a link (`?lang=es`) only changes what is shown, so that it works without cookies, without JavaScript and on
the decision page, whose address is a secret that must stay in the path.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from accounts.models import User
from companies.models import membership_of

PARAMETER = "lang"
COMPANIES = "en"  # third parties and staff: their pages are in English (T2)


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
    """Shows what the page's address says, else what a signed-in user prefers, else what LocaleMiddleware found.

    To a third party's users and staff everything is shown in English: half of a page in Spanish would help nobody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        linked = request.GET.get(PARAMETER)
        if linked not in dict(settings.LANGUAGES):
            linked = None
        user = _signed_in(request)
        if user and _works_for_somebody(user):
            return shown_in(COMPANIES, self.get_response, request)
        language = linked or (user.language if user else None)
        if language is None:
            return self.get_response(request)
        response = shown_in(language, self.get_response, request)
        if linked:
            keep(response, linked)
        return response


def language_of(user: User) -> str:
    """In which language `user` reads the portal's pages, if they choose no other."""
    return COMPANIES if _works_for_somebody(user) else user.language


def shown_in(language: str, view: Callable[..., HttpResponse], request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """The answer of `view` in `language`, whatever was active before."""
    with translation.override(language):
        request.LANGUAGE_CODE = language
        response = view(request, **kwargs)
        response.headers.setdefault("Content-Language", language)
    return response


def for_companies(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that only companies' people need, also before they have an account: in English, without a switch."""

    @wraps(view)
    def page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return shown_in(COMPANIES, view, request, **kwargs)

    return page


def _works_for_somebody(user: User) -> bool:
    return bool(user.is_staff or membership_of(user))


def _signed_in(request: HttpRequest) -> User | None:
    # Whoever has no session is nobody: a page for strangers must not ask the database for a user.
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not isinstance(request.user, User):
        return None
    return request.user

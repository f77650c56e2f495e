"""When a session ends by itself: 8 hours after signing in, and for organizations after an hour of silence (X3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.models import User

_SIGNED_IN_AT, _SEEN_AT = "signed_in_at", "seen_at"  # seconds since 1970
_PRECISION = 60  # seconds: not every request writes the session


class SessionLimitsMiddleware:
    """Sign out who is due; the page goes on without a user, and the sign-in page it leads to says why."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without a session cookie there is no user to look up in the database.
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
        if has_session and isinstance(user := request.user, User):
            if reason := _end_of_session(request, user):
                logout(request)
                messages.warning(request, reason)
            elif time.time() - request.session.get(_SEEN_AT, 0) >= _PRECISION:
                request.session[_SEEN_AT] = int(time.time())
        return self.get_response(request)


def _end_of_session(request: HttpRequest, user: User) -> str:
    """Return why the session is over, for its user; empty if it is not."""
    now = time.time()
    if now - request.session.setdefault(_SIGNED_IN_AT, int(now)) >= settings.SESSION_COOKIE_AGE:
        hours = settings.SESSION_COOKIE_AGE // 3600
        return _("You were signed out %(hours)d hours after signing in. Sign in again to continue.") % {"hours": hours}
    idle_seconds = settings.SESSION_IDLE_PERIOD.total_seconds()
    if user.represents_organization and now - request.session.get(_SEEN_AT, now) >= idle_seconds:
        minutes = int(idle_seconds // 60)
        return _("You were signed out after %(minutes)d minutes without activity. Sign in again to continue.") % {
            "minutes": minutes
        }
    return ""


def start_session(request: HttpRequest, **_kwargs: Any) -> None:
    """Note when a session began, as the receiver of `user_logged_in`."""
    request.session[_SIGNED_IN_AT] = request.session[_SEEN_AT] = int(time.time())

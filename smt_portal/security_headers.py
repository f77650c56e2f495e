"""Headers of every response: what its page may do, who may embed it, and what a browser may keep."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

Handler = Callable[[HttpRequest], HttpResponse]

SIGN_OUT = {"account_logout", "admin:logout"}
_UNUSED = [
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation"),
    *("gyroscope", "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "usb"),
]
_PERMISSIONS = ", ".join(f"{feature}=()" for feature in _UNUSED)
_PERMISSIONS += ", publickey-credentials-create=(self), publickey-credentials-get=(self)"  # passkeys (X3)


def security_headers(get_response: Handler) -> Handler:
    """Add what a response does not say itself. `SECURE_CSP` is the setting that Django 6 reads itself."""
    policy = "; ".join(f"{name} {' '.join(sources)}" for name, sources in settings.SECURE_CSP.items())

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if _is_signed_in(request, response):
            # The next person at this computer must not get the page by the Back button.
            patch_cache_control(response, private=True, no_store=True)
        if request.method == "POST" and request.resolver_match and request.resolver_match.view_name in SIGN_OUT:
            # Not "cookies": one of them tells whether a customer's answer comes from a company's browser (X1).
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    return middleware


def _is_signed_in(request: HttpRequest, response: HttpResponse) -> bool:
    # Without a session cookie there is no user to look up; while the database is away neither.
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or response.status_code in (500, 503):
        return False
    return hasattr(request, "user") and request.user.is_authenticated

"""Every answer below /api/v1 and /smt: no cookie, no page, a request id and the limits (V2, V13, V14, M6).

It is around Django's other middleware, so that their refusals and Django's own errors become problems, too.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from api.authentication import count_failure
from api.clients import revoke_leaked_key
from api.key_text import KEY, SECRET
from api.problem_kinds import BY_STATUS
from api.problems import CONTENT_TYPE, ApiProblem, problem_response
from api.smt.failures import failure_response

PREFIX = "/api/v1/"
SMT_PREFIX = "/smt"  # in any letter case (M1)
PAGES = "/api/v1/problems/"  # for people: the types of problems
_SECRET_NAMES = ("access_token", "api_key", "apikey", "client_secret", "key", "token")
_JSON = ("application/json", CONTENT_TYPE)


def api_answers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer requests to the API as a program expects it; everything else passes."""

    def middleware(request: HttpRequest) -> HttpResponse:
        is_smt = f"{request.path_info.lower()}/".startswith(f"{SMT_PREFIX}/")
        if not is_smt and (not request.path_info.startswith(PREFIX) or request.path_info.startswith(PAGES)):
            return get_response(request)
        refuse = failure_response if is_smt else problem_response
        # A browser's session, language and CSRF token mean nothing here: nothing below reads them.
        for name in ("HTTP_COOKIE", "HTTP_ACCEPT_LANGUAGE"):
            request.META.pop(name, None)
        try:
            _refuse_secret_in_address(request)
            response = get_response(request)
        except ApiProblem as problem:
            response = refuse(request, problem)
        if response.status_code >= 400 and response.headers.get("Content-Type", "").partition(";")[0] not in _JSON:
            response = refuse(request, _problem_of(response))
        response.cookies.clear()
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Request-Id"] = request.request_id  # type: ignore[attr-defined]
        # Language and cookie were not read, so no answer varies with them.
        varies_by_encoding = "Accept-Encoding" in response.headers.get("Vary", "")
        for name in ("Vary", "Content-Language"):
            if name in response.headers:
                del response.headers[name]
        if varies_by_encoding:
            response.headers["Vary"] = "Accept-Encoding"
        if counted := getattr(request, "counted", None):
            for name, value in counted.headers.items():
                response.headers[name] = value
        return response

    return middleware


def _problem_of(response: HttpResponse) -> ApiProblem:
    """Return the problem that says what `response`, a page, says with its status."""
    code = BY_STATUS.get(response.status_code, "internal-error" if response.status_code >= 500 else "not-found")
    kept = {name: response.headers[name] for name in ("Allow", "Retry-After") if name in response.headers}
    return ApiProblem(code, headers=kept)


def _refuse_secret_in_address(request: HttpRequest) -> None:
    """Raise ApiProblem if the query string has a key or a token, or names a place for one (P8).

    A key that is one is revoked. Each such request counts as a failed authentication.
    """
    if not request.META.get("QUERY_STRING"):
        return
    texts = [text for values in request.GET.lists() for text in (values[0], *values[1])]
    secrets = [found[0] for text in texts for found in SECRET.finditer(text)]
    if not secrets and not any(name.lower() in _SECRET_NAMES for name in request.GET):
        return
    for secret in secrets:
        if KEY.fullmatch(secret):
            revoke_leaked_key(secret)
    count_failure(request)
    raise ApiProblem("secret-in-url")

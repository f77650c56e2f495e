"""Operations about the client itself: who it is, a new key, a token (P6, P7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from api import clients
from api.authentication import Access, Caller, authenticate_basic, refuse_excess
from api.problems import ApiProblem
from api.request_limits import TOKEN, WINDOW_SECONDS, WRITE, count_request, quotas, used_now
from api.tokens import issue_token
from api.v1.examples import ME, NEW_KEY, OLD_KEY_ENDS, TOKEN_ISSUED, UNKNOWN_CLIENT, UNKNOWN_SCOPE
from api.v1.interface import interface
from api.v1.schemas import KeyRotation, MeAnswer, NewKeyAnswer, TokenAnswer, TokenProblemAnswer
from lib.refusals import Refused

_TOKEN_FORM = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"type": "string", "const": "client_credentials"},
                    "scope": {
                        "type": "string",
                        "description": "Separated by spaces. By default, all of the client's scopes.",
                    },
                    "client_id": {"type": "string"},
                    "client_secret": {"type": "string", "description": "A key."},
                },
            },
            "example": {"grant_type": "client_credentials", "scope": "agreements:read reports:read"},
        }
    },
}


@interface.get(
    "/me",
    operation_id="getMe",
    auth=Access(),
    response=MeAnswer,
    openapi_extra={"x-examples": {200: ME}},
)
def get_me(request: HttpRequest) -> dict[str, Any]:
    """Get your client

    Your API client, its company, scopes, and key, and how much of each limit is used this minute.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    used = used_now(caller.client)
    return {
        "client": {"id": caller.client.client_id, "name": caller.client.name},
        "company": {"name": caller.company.legal_name, "standing": caller.company.standing},
        "environment": caller.client.environment,
        "scopes": [scope for scope in caller.client.scopes if scope in caller.scopes],
        "key": {"prefix": caller.key.prefix, "expires_at": caller.key.expires_at},
        "limits": [
            {"policy": policy, "quota": quota, "window_seconds": WINDOW_SECONDS, "used": used[policy]}
            for policy, quota in quotas().items()
        ],
    }


@interface.post(
    "/me/rotate-key",
    operation_id="rotateKey",
    auth=Access(policy=WRITE),
    response={201: NewKeyAnswer},
    openapi_extra={
        "x-problems": ["too-many-keys"],
        "x-request-example": OLD_KEY_ENDS,
        "x-examples": {201: NEW_KEY},
    },
)
def rotate_key(request: HttpRequest, rotation: KeyRotation) -> dict[str, Any]:
    """Get a new key

    The new key is valid for as long as the old one was. The old one expires after the number of hours that you set.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    try:
        issued = clients.replace_own_key(caller.key, overlap=timedelta(hours=rotation.old_key_ends_in_hours))
    except Refused as refused:
        code = "too-many-keys" if refused.problems[0].code == "too-many-keys" else "not-authenticated"
        raise ApiProblem(code) from refused
    caller.key.refresh_from_db()
    old_key = {"prefix": caller.key.prefix, "expires_at": caller.key.expires_at}
    new = issued.key
    return {"key": issued.text, "prefix": new.prefix, "expires_at": new.expires_at, "old_key": old_key}


@interface.post(
    "/oauth/token",
    operation_id="getToken",
    response={200: TokenAnswer, 400: TokenProblemAnswer, 401: TokenProblemAnswer},
    openapi_extra={
        "requestBody": _TOKEN_FORM,
        "x-problems": ["authentication-limit", "rate-limited"],
        "x-examples": {200: TOKEN_ISSUED, 400: UNKNOWN_SCOPE, 401: UNKNOWN_CLIENT},
    },
)
def get_token(request: HttpRequest) -> HttpResponse:
    """Get a token

    OAuth 2.0 client credentials (RFC 6749, 4.4). Send the client's ID and a key with HTTP Basic or in the form. The
    token lasts an hour, but not longer than its key. You don't need a token: a key works wherever a token does.
    """
    form = request.POST
    if not form.get("grant_type"):
        return _oauth_error("invalid_request", "Send a form with grant_type=client_credentials.")
    if form["grant_type"] != "client_credentials":
        return _oauth_error("unsupported_grant_type", "Set grant_type to client_credentials.")
    caller = authenticate_basic(request, form.get("client_id", ""), form.get("client_secret", ""))
    if caller is None:
        response = _oauth_error("invalid_client", "Send the client's ID and a valid key.", status=401)
        response["WWW-Authenticate"] = 'Basic realm="api"'
        return response
    refuse_excess(request, count_request(caller.client, TOKEN))
    wanted = set(form.get("scope", "").split()) or caller.scopes
    if not wanted <= caller.scopes:
        return _oauth_error("invalid_scope", "Ask only for scopes that the client has.")
    token = issue_token(caller.key, wanted)
    answer = {"access_token": token.text, "token_type": "Bearer", "expires_in": token.seconds}
    return JsonResponse(answer | {"scope": " ".join(token.scopes)})


def _oauth_error(error: str, description: str, status: int = 400) -> HttpResponse:
    return JsonResponse({"error": error, "error_description": description}, status=status)

"""Who sends a request to the API: a client, by its key or by a token (P5, P7, P9, P10)."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now
from django.http import HttpRequest

from accounts.models import User
from accounts.rate_limits import LimitReached, spend
from api import key_text
from api.models import ApiClient, ApiKey, ApiToken
from api.problems import ApiProblem
from api.request_limits import READ, CountedRequest, count_request, failures_of
from api.scopes import SCOPES
from companies.models import Company, FingerprintKind, membership_of
from companies.trust.fingerprints import Fingerprints, fingerprint_request, record_fingerprints
from lib.central_time import utc_or_now
from lib.client_address import client_address, client_network

NOT_ACCEPTED = "Send a key or a token that works in the Authorization header, after the word Bearer."
_USE_PRECISION = timedelta(minutes=1)
_RELATED = ("client__membership__user", "client__membership__company")


@dataclass(frozen=True)
class Caller:
    """The client behind a request, the key that it presented and what it may do now."""

    client: ApiClient
    key: ApiKey
    scopes: frozenset[str]

    @property
    def user(self) -> User:
        return self.client.membership.user

    @property
    def company(self) -> Company:
        return self.client.company


class Access:
    """What an operation needs: a credential with all of `scopes`, within the limit of `policy`; `test`: a test key."""

    def __init__(self, *scopes: str, policy: str = READ, test: bool = False) -> None:
        if not set(SCOPES) >= set(scopes):
            raise ValueError(f"There is no such scope: {scopes}.")
        self.scopes, self.policy, self.test = scopes, policy, test

    def __call__(self, request: HttpRequest) -> Caller:
        caller = authenticate(request)
        refuse_excess(request, count_request(caller.client, self.policy))
        if self.test and not caller.client.is_test:
            raise ApiProblem("test-key-only")
        for scope in self.scopes:
            if scope not in caller.scopes:
                raise ApiProblem("missing-scope", f"This needs the scope {scope}.")
        has_body = request.META.get("CONTENT_LENGTH") not in (None, "", "0")
        if request.method in ("POST", "PATCH") and has_body and request.content_type != "application/json":
            raise ApiProblem("unsupported-media-type")
        return caller


def refuse_excess(request: HttpRequest, counted: CountedRequest) -> None:
    """Note the counted request for the answer's headers. Raises ApiProblem if it is over the limit (V14)."""
    request.counted = counted  # type: ignore[attr-defined]  # read by api.middleware
    if counted.is_over:
        detail = f"You can send {counted.quota} requests per minute here."
        raise ApiProblem("rate-limited", detail, retry_at=counted.ends_at, retry_seconds=counted.seconds_left)


def authenticate(request: HttpRequest) -> Caller:
    """Return the client whose key or token the Authorization header has, in one query. Raises ApiProblem."""
    scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
    text = text.strip()
    if scheme.lower() == "bearer" and key_text.KEY.fullmatch(text):
        key, scopes = _find_key(text), None
    elif scheme.lower() == "bearer" and key_text.TOKEN.fullmatch(text):
        key, scopes = _find_token(text)
    else:
        key, scopes = None, None
    if key is None:
        count_failure(request)
        raise ApiProblem("not-authenticated", NOT_ACCEPTED, headers={"WWW-Authenticate": 'Bearer realm="api"'})
    return _caller(request, key, scopes)


def authenticate_basic(request: HttpRequest, client_id: str, secret: str) -> Caller | None:
    """Return the client with this id and key, for a token; None, and a failure is counted, if there is none (P7)."""
    return authenticate_pair(request, *(_basic_credentials(request) or (client_id, secret)))


def authenticate_pair(request: HttpRequest, name: str, password: str) -> Caller | None:
    """Return the client with the id `name` and the key `password`; None, and a failure is counted, if there is none."""
    key = _find_key(password)
    if key is None or key.client.client_id.upper() != name.upper():
        count_failure(request)
        return None
    return _caller(request, key, None)


def count_failure(request: HttpRequest) -> None:
    """Count a failed authentication. Raises ApiProblem if its network had too many (P9).

    Only failures are refused: a company's key goes on working while someone else in its network guesses.
    """
    try:
        with transaction.atomic():
            spend([failures_of(client_network(request))])
    except LimitReached as limit:
        seconds = int((limit.free_at - utc_or_now()).total_seconds()) + 1
        raise ApiProblem("authentication-limit", retry_at=limit.free_at, retry_seconds=seconds) from limit


def _find_key(text: str) -> ApiKey | None:
    prefix = key_text.key_prefix(text)
    if not prefix:
        return None
    is_recent = Q(last_used_at__gt=Now() - _USE_PRECISION)
    recent = ExpressionWrapper(is_recent, output_field=BooleanField())
    keys = ApiKey.objects.select_related(*_RELATED).with_is_live().annotate(is_recent=recent)
    key = keys.filter(prefix=prefix).first()
    if key is None or not secrets.compare_digest(key.key_hash, key_text.hash_secret(text)):
        return None
    return key if key.is_live and _is_enabled(key.client) else None


def _find_token(text: str) -> tuple[ApiKey | None, frozenset[str] | None]:
    is_recent = Q(key__last_used_at__gt=Now() - _USE_PRECISION)
    tokens = ApiToken.objects.select_related(*(f"key__{path}" for path in _RELATED))
    live = tokens.filter(expires_at__gt=Now(), key__revoked_at=None, key__expires_at__gt=Now())
    recent = live.annotate(is_recent=ExpressionWrapper(is_recent, output_field=BooleanField()))
    token = recent.filter(token_hash=key_text.hash_secret(text)).first()
    if token is None or not _is_enabled(token.key.client):
        return None, None
    token.key.is_recent = token.is_recent  # type: ignore[attr-defined]
    return token.key, frozenset(token.scopes)


def _is_enabled(client: ApiClient) -> bool:
    return client.disabled_at is None and membership_of(client.membership.user) is not None


def _caller(request: HttpRequest, key: Any, scopes: frozenset[str] | None) -> Caller:
    """Return who presented `key`, with those of the client's scopes that a token has. Raises ApiProblem."""
    client: ApiClient = key.client
    if client.is_test and not settings.SANDBOX_ENABLED:
        raise ApiProblem("live-key-only")
    address = client_address(request)
    if client.allowed_networks and not any(
        address in ip_network(network) for network in client.allowed_networks if address
    ):
        raise ApiProblem("network-not-allowed")
    _record_use(request, key)
    granted = frozenset(client.scopes)
    return Caller(client, key, granted if scopes is None else granted & scopes)


def _record_use(request: HttpRequest, key: Any) -> None:
    """Record when the key was used, and its network as one of the company's (P10); once a minute and network."""
    seen = fingerprint_request(request)
    network: Fingerprints = {kind: hashes for kind, hashes in seen.items() if kind == FingerprintKind.NETWORK}
    network_hash = network[FingerprintKind.NETWORK][0] if network else ""
    if key.is_recent and key.last_network_hash == network_hash:
        return
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=Now(), last_network_hash=network_hash)
    if not key.client.is_test:
        record_fingerprints(key.client.company, network)


def _basic_credentials(request: HttpRequest) -> tuple[str, str] | None:
    scheme, _space, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password

"""OAuth 2.0 access tokens for a client's key (RFC 6749, 4.4; P7)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models.functions import Now

from api import key_text
from api.models import ApiKey, ApiToken


@dataclass(frozen=True)
class IssuedToken:
    """A token's text, which exists nowhere else, and what it may do."""

    text: str = field(repr=False)
    scopes: list[str]
    seconds: int


def issue_token(key: ApiKey, scopes: Collection[str]) -> IssuedToken:
    """Issue a token with those of the client's `scopes`, which are checked again at each request."""
    text, period = key_text.new_token(), settings.API_TOKEN_PERIOD
    token_hash, granted = key_text.hash_secret(text), sorted(scopes)
    ApiToken.objects.create(key=key, token_hash=token_hash, scopes=granted, expires_at=Now() + period)
    return IssuedToken(text, granted, int(period.total_seconds()))


def delete_old_tokens(*, at: datetime | None = None) -> int:
    """Delete expired tokens and return their number."""
    return ApiToken.objects.filter(expires_at__lt=at or Now()).delete()[0]

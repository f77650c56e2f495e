"""Sealed links: a 256-bit token derived from a key and a nonce, stored nowhere but as a hash (X5).

A row keeps the nonce, so that an email can be rendered again; without the key from the environment a copy of the
database opens no link.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from django.conf import settings

NONCE_BYTES = 16


def new_nonce() -> bytes:
    """A fresh nonce, 16 bytes."""
    return secrets.token_bytes(NONCE_BYTES)


def token_of(nonce: bytes) -> str:
    """The token that belongs to `nonce`: 43 URL-safe characters, 256 bits."""
    digest = hmac.new(settings.DECISION_LINK_KEY.encode(), b"decision-link:" + bytes(nonce), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_of(token: str) -> str:
    """What a table may store of a token: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()

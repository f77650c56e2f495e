"""Sealed links: a 256-bit token derived from a key and a nonce, stored nowhere but as a hash (X5).

A row keeps the nonce, so that an email can be rendered again; without the key from the environment a copy of the
database opens no link. Each use has a purpose of its own: a nonce gives another token for each.

A link that a package makes (a password reset) cannot be derived again. It is kept encrypted, until its email is sent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

NONCE_BYTES = 16
DECISION_LINK = "decision-link"  # a customer's answer to an agreement
ACCOUNT_LINK = "account-link"  # a step on the way to an account: an address confirmed, an invitation taken


def new_nonce() -> bytes:
    """A fresh nonce, 16 bytes."""
    return secrets.token_bytes(NONCE_BYTES)


def token_of(nonce: bytes, purpose: str = DECISION_LINK) -> str:
    """The token that belongs to `nonce` for `purpose`: 43 URL-safe characters, 256 bits."""
    sealed = f"{purpose}:".encode() + bytes(nonce)
    digest = hmac.new(settings.DECISION_LINK_KEY.encode(), sealed, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def encrypted(secret: str) -> bytes:
    """`secret` as a row may hold it until its email is sent."""
    return _cipher().encrypt(secret.encode())


def decrypted(kept: bytes) -> str:
    """What `encrypted` took; ValueError where it was made with another key."""
    try:
        return _cipher().decrypt(kept).decode()
    except InvalidToken as problem:
        raise ValueError("The link was sealed with another DECISION_LINK_KEY.") from problem


def _cipher() -> Fernet:
    digest = hashlib.sha256(b"email-secret:" + settings.DECISION_LINK_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def hash_of(token: str) -> str:
    """What a table may store of a token: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()

"""One-time link tokens: 256 bits derived from a key and a nonce, and stored only as a hash (X5).

A row keeps the nonce, so that an email can be rendered again. Without the key from the environment, a copy of the
database opens no link. A nonce gives a different token for each purpose, and names the key of
settings.DECISION_LINK_KEY that it was made for: of several keys the first is for new nonces, each for its own.

A link that a package makes, such as a password reset, cannot be derived again. It is encrypted until its email is sent.
So are secrets that the portal must know again; stored ones are encrypted with the new key after it was replaced.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

DECISION_LINK = "decision-link"  # a customer's answer to a request
ACCOUNT_LINK = "account-link"  # a step toward an account: an address confirmed, an invitation accepted
_LINKS, _SECRETS = b"email-secret:", b"stored-secret:"  # what a cipher is for is part of its key


def new_nonce() -> bytes:
    """Return 16 random bytes after the name of the current key."""
    return _key_name(_keys()[0]) + secrets.token_bytes(16)


def derive_token(nonce: bytes, purpose: str = DECISION_LINK) -> str:
    """Return the token of `nonce` for `purpose`: 43 URL-safe characters, 256 bits.

    Raises ValueError if the key of `nonce` is no longer in settings.DECISION_LINK_KEY.
    """
    nonce = bytes(nonce)
    key = next((key for key in _keys() if nonce.startswith(_key_name(key))), None)
    if key is None:
        raise ValueError("The link was made with a key that DECISION_LINK_KEY no longer has.")
    digest = salted_hmac(purpose, nonce, secret=key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_token(token: str) -> str:
    """Return what a table may store of a token: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def encrypt_link(link: str) -> bytes:
    """Return `link` as a row may store it until its email is sent."""
    return _cipher(_LINKS).encrypt(link.encode())


def decrypt_link(ciphertext: bytes) -> str:
    """Reverse `encrypt_link`. Raises ValueError if no key of settings.DECISION_LINK_KEY fits."""
    try:
        return _cipher(_LINKS).decrypt(bytes(ciphertext)).decode()
    except InvalidToken as error:
        raise ValueError("The link was encrypted with a key that DECISION_LINK_KEY no longer has.") from error


def encrypt_secret(secret: str) -> bytes:
    """Return `secret` as a row may keep it."""
    return _cipher(_SECRETS).encrypt(secret.encode())


def decrypt_secret(ciphertext: bytes) -> str:
    """Reverse `encrypt_secret`. Raises ValueError if no key of settings.DECISION_LINK_KEY fits."""
    try:
        return _cipher(_SECRETS).decrypt(bytes(ciphertext)).decode()
    except InvalidToken as error:
        raise ValueError("The secret was encrypted with a key that DECISION_LINK_KEY no longer has.") from error


def renew_secret(ciphertext: bytes) -> bytes | None:
    """Return the secret encrypted with the first key; None if it is already. Raises ValueError as `decrypt_secret`."""
    try:
        _cipher(_SECRETS, _keys()[:1]).decrypt(bytes(ciphertext))
    except InvalidToken:
        return encrypt_secret(decrypt_secret(ciphertext))
    return None


def noindex(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ask search engines not to index a page whose address contains a token (X5)."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return page


def _keys() -> list[str]:
    return [key.strip() for key in settings.DECISION_LINK_KEY.split(",")]


def _key_name(key: str) -> bytes:
    return hashlib.sha256(b"key-name:" + key.encode()).digest()[:4]


def _cipher(purpose: bytes, keys: Sequence[str] = ()) -> MultiFernet:
    digests = [hashlib.sha256(purpose + key.encode()).digest() for key in keys or _keys()]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])

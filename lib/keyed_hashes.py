"""Hashes that can be compared, not read: keyed with SECRET_KEY, and known again after it was replaced (A4)."""

from __future__ import annotations

from django.conf import settings
from django.utils.crypto import salted_hmac


def keyed_hashes(purpose: str, value: str) -> tuple[str, ...]:
    """Return the hash of `value` under SECRET_KEY, which is stored, and under each of SECRET_KEY_FALLBACKS.

    A search compares with all of them.
    """
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return tuple(salted_hmac(purpose, value, secret=key, algorithm="sha256").hexdigest() for key in keys)

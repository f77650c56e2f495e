"""Keys and tokens as texts: random, recognizable by secret scanners, and stored only as a hash (P5, P7).

A key is `smtp_live_` + 8 characters that name it + `_` + 43 random characters + 6 that check all others. A typing
mistake is found without a query. 256 random bits need no slow hash.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
KEY = re.compile(r"smtp_(live|test)_([0-9A-Za-z]{8})_[0-9A-Za-z]{49}")
TOKEN = re.compile(r"smtt_[0-9A-Za-z]{43}")
SECRET = re.compile(rf"{KEY.pattern}|{TOKEN.pattern}")
_SECRET_LENGTH, _CHECK_LENGTH = 43, 6


def new_key(environment: str) -> tuple[str, str]:
    """Return a new key and the characters that name it."""
    prefix = "".join(secrets.choice(ALPHABET) for _each in range(8))
    body = f"smtp_{environment}_{prefix}_{_random_text()}"
    return body + _check(body), prefix


def new_token() -> str:
    """Return a new access token."""
    return f"smtt_{_random_text()}"


def new_client_id() -> str:
    """Return a new name of a client: ten capital letters and digits that are not mistaken for each other."""
    return "".join(secrets.choice("23456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _each in range(10))


def key_prefix(text: str) -> str:
    """Return the characters that name the key `text`; empty if it cannot be a key."""
    found = KEY.fullmatch(text)
    is_key = found and secrets.compare_digest(_check(text[:-_CHECK_LENGTH]), text[-_CHECK_LENGTH:])
    return found[2] if found and is_key else ""


def hash_secret(text: str) -> str:
    """Return what a table may store of a key or a token."""
    return hashlib.sha256(text.encode()).hexdigest()


def _random_text() -> str:
    return _base62(int.from_bytes(secrets.token_bytes(32), "big"), _SECRET_LENGTH)


def _check(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECK_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _each in range(length):
        number, rest = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[rest])
    return "".join(reversed(digits))

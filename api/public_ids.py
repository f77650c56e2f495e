"""Ids that programs see: a prefix, and the time with 80 random bits as a ULID writes them (W1)."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32


def new_event_id() -> str:
    return _new_id("evt")


def new_endpoint_id() -> str:
    return _new_id("whe")


def new_delivery_id() -> str:
    return _new_id("dlv")


def _new_id(prefix: str) -> str:
    number = int(time.time() * 1000) << 80 | secrets.randbits(80)
    digits = [_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(digits)}"

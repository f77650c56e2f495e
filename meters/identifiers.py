"""ESIIDs and meter numbers as people type them (docs/file-formats.md)."""

from __future__ import annotations

import re

from lib.digits import bare_digits

_METER_NOISE = re.compile(r"[\s'’`\-–—]+")
_ESIID = re.compile(r"(?:[0-9]{17}|[0-9]{22})")
_METER = re.compile(r"[0-9A-Z]{1,20}")

VISIBLE_DIGITS = 7


def normalize_esiid(typed: str) -> str | None:
    """Return the digits of an ESIID typed with spaces, dashes or an apostrophe; None if it is not one."""
    digits = bare_digits(typed)
    return digits if digits and _ESIID.fullmatch(digits) else None


def normalize_meter_number(typed: str) -> str | None:
    """Return a meter number in upper case without spaces, dashes and one leading letter; None if it is not one."""
    number = _METER_NOISE.sub("", typed).upper()
    if len(number) > 1 and number[0].isalpha() and number[1].isdigit():
        number = number[1:]
    return number if number.isascii() and _METER.fullmatch(number) else None


def mask_esiid(esiid: str) -> str:
    """Mask all but the last seven digits (E1, C7)."""
    return "•" * max(len(esiid) - VISIBLE_DIGITS, 0) + esiid[-VISIBLE_DIGITS:]

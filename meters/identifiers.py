"""ESIIDs, meter numbers and names of electricity providers as people type them (docs/file-formats.md)."""

from __future__ import annotations

import re
import unicodedata

from lib.digits import bare_digits

_METER_NOISE = re.compile(r"[\s'’`\-–—]+")
_ESIID = re.compile(r"(?:[0-9]{17}|[0-9]{22})")
_ROUNDED = re.compile(r"[0-9][.,]?[0-9]*[Ee]\+?[0-9]+|[0-9]{15,22}\.0+")
_METER = re.compile(r"[0-9A-Z]{1,20}")

VISIBLE_DIGITS = 7
TEST_PREFIX = "1099999"  # of ESIIDs that only test keys know; no utility has it (V16)

# Legal forms, which people leave out of a company's name.
_LEGAL_FORMS = frozenset("co company corp corporation inc incorporated limited llc llp lp ltd".split())


def normalize_esiid(typed: str) -> str | None:
    """Return the digits of an ESIID typed with spaces, dashes or an apostrophe; None if it is not one."""
    digits = bare_digits(typed)
    return digits if digits and _ESIID.fullmatch(digits) else None


def is_rounded_number(typed: str) -> bool:
    """Whether a program wrote the ESIID as a number and lost its last digits: `1.04437E+16`, `10443720009000016.0`.

    Such numbers have 15 to 17 exact digits, so what remains may be a neighbor's ESIID.
    """
    return bool(_ROUNDED.fullmatch(typed.strip()))


def ends_in_zeros(esiid: str) -> bool:
    """Whether the digits that a spreadsheet can't keep, all but the first fifteen, are zeros."""
    return not esiid[15:].strip("0")


def normalize_meter_number(typed: str) -> str | None:
    """Return a meter number in upper case without spaces, dashes and one leading letter; None if it is not one."""
    number = _METER_NOISE.sub("", typed).upper()
    if len(number) > 1 and number[0].isalpha() and number[1].isdigit():
        number = number[1:]
    return number if number.isascii() and _METER.fullmatch(number) else None


def is_certificate_number(text: str) -> bool:
    """Whether `text` can be the certificate number of an electricity provider: five digits."""
    return len(text) == 5 and text.isascii() and text.isdigit()


def provider_name_key(name: str) -> str:
    """Return a provider's name without case, accents, punctuation, spaces and legal form, to be compared (X7).

    `TXU Energy Retail Co., L.L.C.` and `txu energy retail` have one key.
    """
    letters = unicodedata.normalize("NFKD", name).casefold().replace("&", " and ")
    words = re.sub(r"[^0-9a-z]+", " ", re.sub(r"[.'’\u0300-\u036f]", "", letters)).split()
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    return "".join(words)


def mask_esiid(esiid: str) -> str:
    """Mask all but the last seven digits (E1, C7)."""
    return "•" * max(len(esiid) - VISIBLE_DIGITS, 0) + esiid[-VISIBLE_DIGITS:]

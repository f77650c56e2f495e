"""Numbers as people type and paste them."""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[\s'’`\-–—.]+")


def bare_digits(typed: str) -> str | None:
    """Return the digits of a number with spaces, dashes, dots or an apostrophe; None if there is anything else."""
    digits = _SEPARATORS.sub("", typed)
    return digits if digits.isascii() and digits.isdigit() else None

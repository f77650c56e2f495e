"""What no password list knows: words that everybody would try here, and one character again and again.

Beside the length and the list of known passwords these are what NIST SP 800-63B-4 asks for; there are no rules of
composition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LEFT_AT_LEAST = 8  # characters of its own that a password needs beside words that everybody would try here
DIFFERENT_AT_LEAST = 5


class ExpectedWordsValidator:
    """Refuses passwords that are little more than the portal's name, the user's own data or a repeated character."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError with the next step."""
        if len(set(password.casefold())) < DIFFERENT_AT_LEAST:
            raise ValidationError(
                _("This password repeats a few characters. Choose one with more different characters."),
                code="password_repeats",
            )
        rest = _plain(password)
        for word in sorted({_plain(word) for word in _expected(user)}, key=len, reverse=True):
            if len(word) >= 4:
                rest = rest.replace(word, "")
        if len(rest) < LEFT_AT_LEAST and rest != _plain(password):
            raise ValidationError(
                _(
                    "This password is mostly the name of this website or your own data. "
                    "Choose words that have nothing to do with either."
                ),
                code="password_expected",
            )

    def get_help_text(self) -> str:
        return _("Your password can't be the name of this website or your own data with little more.")


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _expected(user: Any) -> Iterator[str]:
    yield settings.SITE_NAME
    yield from settings.SITE_NAME.split()
    yield from ("smartmetertexas", "password", "contraseña", "electricity", "portal")
    if user is None:
        return
    for name in ("username", "first_name", "last_name", "email"):
        value = str(getattr(user, name, "") or "")
        yield value
        yield value.partition("@")[0]
    customer, membership = getattr(user, "customer", None), getattr(user, "membership", None)
    for company in (customer and customer.company_name, membership and membership.company.legal_name):
        yield company or ""
        yield from (company or "").split()

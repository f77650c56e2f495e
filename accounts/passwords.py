"""What password lists miss: words expected on this portal, and one character repeated.

With the minimum length and the list of known passwords, these are the rules of NIST SP 800-63B-4. It recommends no
rules about kinds of characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator, UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MINIMUM_OTHER_LENGTH = 8  # characters that a password needs beside expected words
MINIMUM_DIFFERENT = 5


class KnownPasswordValidator(CommonPasswordValidator):
    """Refuse passwords that are on Django's list."""

    def get_error_message(self) -> str:
        return _("This password is too common. Enter a different one.")

    def get_help_text(self) -> str:
        return _("Your password can't be one that many people use.")


class PersonalDataValidator(UserAttributeSimilarityValidator):
    """Refuse passwords that resemble the user's own data."""

    def get_error_message(self) -> str:
        return _("This password is too similar to your User ID, name, or email. Enter a different one.")

    def get_help_text(self) -> str:
        return _("Your password can't be similar to your User ID, name, or email.")


class ExpectedWordsValidator:
    """Refuse passwords that are little more than the portal's name, the user's own data or a repeated character."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(set(password.casefold())) < MINIMUM_DIFFERENT:
            raise ValidationError(
                _("This password repeats a few characters. Enter one with a wider mix of characters."),
                code="password_repeats",
            )
        letters = _letters_and_digits(password)
        rest = letters
        for word in sorted({_letters_and_digits(word) for word in self.expected_words(user)}, key=len, reverse=True):
            if len(word) >= 4:
                rest = rest.replace(word, "")
        if len(rest) < MINIMUM_OTHER_LENGTH and rest != letters:
            raise ValidationError(
                _(
                    "This password is too similar to your name, your email, or the name of this website. "
                    "Enter a different one."
                ),
                code="password_expected",
            )

    def get_help_text(self) -> str:
        return _("Your password can't be based on the name of this website or repeat only a few characters.")

    def expected_words(self, user: Any) -> Iterator[str]:
        """Yield what people would try: words of this portal and the data of `user`, who may be None or not saved."""
        yield settings.SITE_NAME
        yield from settings.SITE_NAME.split()
        yield from ("smartmetertexas", "password", "contraseña", "electricity", "portal")
        for name in ("username", "first_name", "last_name", "email"):
            value = str(getattr(user, name, "") or "")
            yield value
            yield value.partition("@")[0]


def _letters_and_digits(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())

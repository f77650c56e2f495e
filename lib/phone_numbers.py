"""Telephone numbers as people in the USA read and dial them, with their extension (T8).

Also a template library, built into both template engines: `{{ agreement.contact_phone|phone }}`.
"""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.utils.html import format_html
from phonenumber_field.phonenumber import PhoneNumber, to_python

register = template.Library()
USA_AND_CANADA = 1
# The words that a number may have; any other, as in "1-800-CALL-US" or "24 hours", is meant for people.
WORDS_OF_NUMBERS = {"tel", "x", "ext", "extension"}


def with_extension(phone: PhoneNumber | str, extension: str) -> PhoneNumber | str:
    """Return a copy of `phone` with `extension`; what is empty stays empty."""
    if isinstance(phone, str) or not phone or not extension:
        return phone
    extended = PhoneNumber()
    extended.merge_from(phone)
    extended.extension = extension
    return extended


def phone_text(phone: PhoneNumber | str | None) -> str:
    """Return a text of a number that can be read again (RFC 3966), which a country's own form need not be.

    Other texts stay as they are.
    """
    return phone.as_rfc3966 if isinstance(phone, PhoneNumber) and phone.is_valid() else str(phone or "")


def split_extension(phone: PhoneNumber | str) -> tuple[PhoneNumber | str, str]:
    """Return the number and its extension, for a form with one field for each; reverses `with_extension`."""
    if isinstance(phone, str) or not phone or not phone.extension:
        return phone, ""
    number = PhoneNumber()
    number.merge_from(phone)
    number.extension = None
    return number, phone.extension


@register.filter("phone")
def format_phone(phone: PhoneNumber | str | None) -> str:
    """Return "(512) 555-0100 ext. 12", or "+44 20 7946 0958" with the country code of another country.

    PhoneField reads it back as the same number. What is no number, or has other words, stays as it is written.
    """
    if not phone:
        return ""
    number: Any = to_python(phone, region="US") if isinstance(phone, str) else phone
    words = re.findall(r"[^\W\d_]+", phone.lower()) if isinstance(phone, str) else []
    if not number or not number.is_valid() or not WORDS_OF_NUMBERS.issuperset(words):
        return str(phone)
    number, extension = split_extension(number)
    text = number.as_national if number.country_code == USA_AND_CANADA else number.as_international
    return f"{text} ext. {extension}" if extension else text


@register.filter
def phone_link(phone: str) -> str:
    """Return `phone` by `format_phone`, as a link that dials it; alone if it is no number that can be dialed (C7)."""
    number, text = to_python(phone, region="US"), format_phone(phone)
    return format_html('<a href="{}">{}</a>', number.as_rfc3966, text) if number and number.is_valid() else text

"""Filters for users' text in emails: names on one line, comments quoted, nothing that looks like our own text (E3)."""

from __future__ import annotations

import re
import textwrap
import unicodedata

from django import template

register = template.Library()

QUOTE, WIDTH, ZERO_WIDTH = "> ", 72, "\u200c"

# Control, format (bidirectional overrides, zero-width), surrogate and private characters; each kind of space and line
# break becomes a plain space first.
_UNWANTED = {"Cc", "Cf", "Cs", "Co", "Cn"}


@register.filter
def one_line(value: object, length: int | None = None) -> str:
    """Return `value` as one line of at most `length` characters, without control and bidirectional characters."""
    text = re.sub(r"\s+", " ", str(value))
    text = "".join(character for character in text if unicodedata.category(character) not in _UNWANTED).strip()
    return text if length is None or len(text) <= length else text[: length - 1].rstrip() + "…"


@register.filter
def quoted(value: object) -> str:
    """Return `value` with `> ` before every line, wrapped: a mail program's wrapping would look like our own text."""
    lines: list[str] = []
    for line in str(value).strip().splitlines():
        lines += textwrap.wrap(one_line(line), WIDTH - len(QUOTE), break_on_hyphens=False) or [""]
    return "\n".join((QUOTE + line).rstrip() for line in lines)


@register.filter
def inert_links(value: object) -> str:
    """Return `value` with a zero-width character in web and email addresses: mail programs make no links of them."""
    return re.sub(r"(:)(?=//)|(?<=\w)([.@])(?=[^\W_])", lambda part: part[0] + ZERO_WIDTH, str(value))


@register.filter
def before_stop(name: object) -> str:
    """Return `name` for the end of a sentence, which has its own full stop: "Acme Inc." loses one."""
    return str(name).removesuffix(".")

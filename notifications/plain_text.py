"""Other people's words in plain text: names on one line, comments quoted, nothing that can pass for our words (E3)."""

from __future__ import annotations

import re
import textwrap
import unicodedata

QUOTE = "> "
WIDTH = 72

# Control, format (bidirectional overrides, zero-width), surrogate and private characters; each kind of space and line
# break becomes a plain space first.
_UNWANTED = {"Cc", "Cf", "Cs", "Co", "Cn"}
_SPACE = re.compile(r"\s+")


def one_line(value: object, length: int | None = None) -> str:
    """`value` as one line without control and bidirectional characters, at most `length` characters long."""
    text = _SPACE.sub(" ", str(value))
    text = "".join(character for character in text if unicodedata.category(character) not in _UNWANTED).strip()
    if length is not None and len(text) > length:
        text = text[: length - 1].rstrip() + "…"
    return text


def quoted(value: object) -> str:
    """`value` with `> ` before every line.

    Long lines are wrapped here: where a mail program wraps them, the rest of the line stands at the margin and can pass
    for our own words.
    """
    lines: list[str] = []
    for line in str(value).strip().splitlines():
        lines += textwrap.wrap(one_line(line), WIDTH - len(QUOTE), break_on_hyphens=False) or [""]
    return "\n".join((QUOTE + line).rstrip() for line in lines)


def before_stop(name: object) -> str:
    """`name` for the end of a sentence: "Acme Inc." brings its full stop along, and the sentence has one already."""
    return str(name).removesuffix(".")

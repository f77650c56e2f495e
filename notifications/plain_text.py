"""Users' text in plain-text emails: names on one line, comments quoted, nothing that looks like our own text (E3)."""

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
    """Return `value` as one line of at most `length` characters, without control and bidirectional characters."""
    text = _SPACE.sub(" ", str(value))
    text = "".join(character for character in text if unicodedata.category(character) not in _UNWANTED).strip()
    if length is not None and len(text) > length:
        text = text[: length - 1].rstrip() + "…"
    return text


def quoted(value: object) -> str:
    """Return `value` with `> ` before every line.

    Long lines are wrapped here. If a mail program wrapped them, the rest of a line would look like our own text.
    """
    lines: list[str] = []
    for line in str(value).strip().splitlines():
        lines += textwrap.wrap(one_line(line), WIDTH - len(QUOTE), break_on_hyphens=False) or [""]
    return "\n".join((QUOTE + line).rstrip() for line in lines)


def before_stop(name: object) -> str:
    """Return `name` for the end of a sentence, which has its own full stop: "Acme Inc." loses one."""
    return str(name).removesuffix(".")

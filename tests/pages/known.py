"""Which markup has been looked at already. What differs in words and numbers alone keeps or breaks the same rules."""

from __future__ import annotations

import re


class Known:
    """The markup that `has` was asked about."""

    def __init__(self) -> None:
        self._met: set[str] = set()

    def has(self, html: str) -> bool:
        """Was a page like this met before? From now on it was."""
        markup = skeleton(html)
        is_known = markup in self._met
        self._met.add(markup)
        return is_known

    def __len__(self) -> int:
        return len(self._met)


def skeleton(html: str) -> str:
    """The markup without words and numbers, and the style sheets."""
    tags = re.findall(r"<[^>]+>", re.sub(r"(?s)<(script|title)\b.*?</\1>", "", html))
    sheets = re.findall(r"<link[^>]+stylesheet[^>]+>", html)
    return "".join(sheets) + re.sub(r'\d+|(href|value|content|action|src)="[^"]*"', "", "".join(tags))

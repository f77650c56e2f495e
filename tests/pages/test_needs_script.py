"""Without JavaScript nobody sees a button that then does nothing (A1)."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from tests.pages.visits import all_visits, visit_page

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class ScriptButtons(HTMLParser):
    """Collects the buttons that only a script makes work: of passkeys, or of no form; and which are always visible."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.hidden_at: list[int] = []
        self.depth = 0
        self.count = 0
        self.always_visible: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("div", "p"):
            self.depth += 1
            if "needs-script" in (values.get("class") or "").split():
                self.hidden_at.append(self.depth)
        name = values.get("id") or ""
        if tag == "button" and (values.get("type") == "button" or "webauthn" in name or "passkey" in name):
            self.count += 1
            if not self.hidden_at and "hidden" not in values:
                self.always_visible.append(name or str(values))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("div", "p"):
            if self.hidden_at and self.hidden_at[-1] == self.depth:
                self.hidden_at.pop()
            self.depth -= 1


def test_buttons_of_scripts_are_hidden_without_them(filled: dict[str, Any]) -> None:
    """A1: pages of keys and passkeys, in each of their states."""
    visits = [visit for visit in all_visits() if visit.name.startswith(("mfa_", "account_login"))]
    pages = {str(visit): ScriptButtons(visit_page(visit, filled, "en").content.decode()) for visit in visits}
    assert sum(page.count for page in pages.values()) >= 5
    assert not {name: page.always_visible for name, page in pages.items() if page.always_visible}

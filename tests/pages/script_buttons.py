"""Buttons that do nothing without JavaScript."""

from __future__ import annotations

from html.parser import HTMLParser


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

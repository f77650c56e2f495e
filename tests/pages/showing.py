"""What Django's test client got, in Chromium: a server of one page, which the browser may keep style sheets from."""

from __future__ import annotations

import mimetypes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles import finders
from playwright.sync_api import ConsoleMessage, Page

# Everything that opens is open, and nothing moves: else a color may be measured on its way from one to the other.
PREPARE = """() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync("*, ::before, ::after { transition: none !important }")
    document.adoptedStyleSheets = [sheet]
    for (const one of document.querySelectorAll("details")) one.open = true
}"""
LOOK = """async (options) => {
    const found = options ? (await axe.run(document, options)).violations : []
    return [found, document.documentElement.scrollWidth - document.documentElement.clientWidth]
}"""
LANGUAGE = ["html-has-lang", "html-lang-valid", "valid-lang"]
# What depends on colors, on the width and on the language; the other rules read the markup alone.
SEEN = ["color-contrast", "target-size", "link-in-text-block", *LANGUAGE]


def options(rules: list[str] | None) -> dict[str, Any] | None:
    """What axe.run is asked for; None if `rules` are none."""
    if rules == []:
        return None
    # Left off by axe, though of WCAG 2.2 AA.
    asked: dict[str, Any] = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
    return asked if rules is None else asked | {"runOnly": rules}


class Screen:
    """`page`, showing one answer after the other. Call `close` in the end."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.answer: Any = None
        self.others: dict[str, Any] = {}  # address -> what the client got there, for what a page asks for besides
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        Thread(target=self.server.serve_forever, daemon=True).start()
        page.add_init_script(AXE_SCRIPT)
        self._complaints: list[str] = []
        page.on("console", self._hear)
        self._width, self._scheme = 0, ""

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def show(self, answer: Any) -> None:
        """The page of `answer`, with every part of it that opens open."""
        self.answer = answer
        self.page.goto(f"http://127.0.0.1:{self.server.server_port}/shown/")
        self.page.evaluate(PREPARE)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complaints.append(f"{message.text} {message.location.get('url', '')}".strip())

    def problems(self, width: int, scheme: str, *, rules: list[str] | None) -> list[str]:
        """What is wrong at `width` in `scheme`: it breaks one of `rules`, or of all if None, or scrolls sideways."""
        self._set(width, scheme)
        found, too_wide = self.page.evaluate(LOOK, options(rules))
        said = [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
        if too_wide > 0:
            said.append(f"{too_wide} pixels too wide")
        return [f"at {width} px, {scheme}: {one}" for one in said]

    def heard(self) -> list[str]:
        """What the browser has complained of, as when the policy of a page refuses a style or a script."""
        complaints, self._complaints = self._complaints, []
        return complaints

    def _set(self, width: int, scheme: str) -> None:
        if width != self._width:
            self.page.set_viewport_size({"width": width, "height": 900})
        if scheme != self._scheme:
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        self._width, self._scheme = width, scheme

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        screen = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                other = screen.answer if self.path == "/shown/" else screen.others.get(self.path)
                if other is not None:
                    kept = {"Content-Security-Policy", "Content-Type"}
                    headers = {name: value for name, value in other.headers.items() if name in kept}
                    self._send(200, other.content, headers)
                elif self.path.startswith("/static/") and (found := finders.find(self.path.removeprefix("/static/"))):
                    kind = mimetypes.guess_type(self.path)[0] or "application/octet-stream"
                    body = Path(found).read_bytes()
                    self._send(200, body, {"Content-Type": kind, "Cache-Control": "max-age=3600"})
                else:
                    self._send(404, b"", {})

            def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler

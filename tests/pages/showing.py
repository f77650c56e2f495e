"""What Django's test client got, in Chromium: a server of one page, which the browser may keep style sheets from."""

from __future__ import annotations

import json
import mimetypes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles import finders
from playwright.sync_api import Page

OPEN_EVERYTHING = "document.querySelectorAll('details').forEach(one => one.open = true)"
# Else a color may be measured on its way from one to the other.
STAND_STILL = """() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync("*, ::before, ::after { transition: none !important }")
    document.adoptedStyleSheets = [sheet]
}"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LANGUAGE = ["html-has-lang", "html-lang-valid", "valid-lang"]
# What depends on colors, on the width and on the language; the other rules read the markup alone.
SEEN = ["color-contrast", "target-size", "link-in-text-block", *LANGUAGE]


class Screen:
    """`page`, showing one answer after the other. Call `close` in the end."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.answer: Any = None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        Thread(target=self.server.serve_forever, daemon=True).start()
        page.add_init_script(AXE_SCRIPT)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def show(self, answer: Any) -> None:
        """The page of `answer`, with every part of it that opens open."""
        self.answer = answer
        self.page.goto(f"http://127.0.0.1:{self.server.server_port}/shown/")
        self.page.evaluate(STAND_STILL)
        self.page.evaluate(OPEN_EVERYTHING)

    def problems(self, width: int, scheme: str, *, rules: list[str] | None) -> list[str]:
        """What is wrong at `width` in `scheme`: it scrolls sideways, or breaks one of `rules`, or of all if None."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        said = [] if rules == [] else self._violations(rules)
        if (too_wide := self.page.evaluate(TOO_WIDE)) > 0:
            said.append(f"{too_wide} pixels too wide")
        return [f"at {width} px, {scheme}: {one}" for one in said]

    def _violations(self, rules: list[str] | None) -> list[str]:
        # Left off by axe, though of WCAG 2.2 AA.
        options: dict[str, Any] = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
        if rules is not None:
            options["runOnly"] = rules
        found = self.page.evaluate(f"axe.run(document, {json.dumps(options)}).then(found => found.violations)")
        return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        screen = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/shown/":
                    kept = {"Content-Security-Policy", "Content-Type"}
                    headers = {name: value for name, value in screen.answer.headers.items() if name in kept}
                    self._send(200, screen.answer.content, headers)
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

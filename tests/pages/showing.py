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

# Everything that opens is open but menus, which cover what is behind them, and nothing moves: else a color may be
# measured on its way from one to the other.
PREPARE = """() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync("*, ::before, ::after { transition: none !important }")
    document.adoptedStyleSheets = [sheet]
    for (const one of document.querySelectorAll("details:not(.drop)")) one.open = true
}"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
RUN = "async (options) => (await axe.run(document, options)).violations"
# Contrast takes most of the time of axe, and depends on a text's color, size and weight and on what is behind it alone.
# So texts that are like one with enough contrast in all of these are left out, but never what is placed over something.
MEASURE = """async ([options, measured]) => {
    const known = new Set(measured), behind = new Map(), keys = new Map()
    const isDark = matchMedia("(prefers-color-scheme: dark)").matches
    const backgroundOf = (one) => {
        if (!one) return isDark  // what nothing else is in front of
        if (!behind.has(one)) {
            const style = getComputedStyle(one), above = backgroundOf(one.parentElement)
            const own = [style.backgroundColor, style.backgroundImage, style.opacity, style.filter, style.mixBlendMode]
            const isPlain = own.join() === "rgba(0, 0, 0, 0),none,1,none,normal"
            const isPlaced = ["absolute", "fixed", "sticky"].includes(style.position)
            behind.set(one, above === null || isPlaced ? null : isPlain ? above : `${above}/${own}`)
        }
        return behind.get(one)
    }
    const isText = (one) => one.matches("input, select, textarea")
        || [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())
    for (const one of document.body.querySelectorAll("*")) {
        if (!isText(one) || !one.checkVisibility()) continue
        const background = backgroundOf(one), style = getComputedStyle(one)
        const key = background === null ? null
            : `${style.color} ${style.fontSize} ${style.fontWeight} ${style.textShadow} ${background}`
        if (!known.has(key)) keys.set(one, key)
    }
    if (!keys.size) return [[], []]
    const { violations, passes } = await axe.run({ include: [...keys.keys()] }, options)
    const good = passes.flatMap((rule) => rule.nodes.map((node) => keys.get(node.element)))
    const told = violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => ({ html })) }))
    return [told, good.filter(Boolean)]
}"""
CONTRAST = "color-contrast"
LANGUAGE = ["html-has-lang", "html-lang-valid", "valid-lang"]
# What depends on colors, on the width and on the language; the other rules read the markup alone.
COLORS = [CONTRAST, "link-in-text-block"]
SEEN = [*COLORS, "target-size", *LANGUAGE]


def options(rules: list[str] | None) -> dict[str, Any]:
    """What axe.run is asked for, but for contrast."""
    # Left off by axe, though of WCAG 2.2 AA.
    enabled = {"target-size": {"enabled": True}, CONTRAST: {"enabled": False}}
    asked: dict[str, Any] = {"resultTypes": ["violations"], "preload": False, "rules": enabled}
    return asked if rules is None else asked | {"runOnly": [rule for rule in rules if rule != CONTRAST]}


CONTRAST_ALONE = {"runOnly": [CONTRAST], "resultTypes": ["violations", "passes"], "elementRef": True, "preload": False}


class Screen:
    """`page`, showing one answer after the other. Call `close` in the end."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.answer: Any = None
        self.others: dict[str, Any] = {}  # address -> what the client got there, for what a page asks for besides
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        Thread(target=self.server.serve_forever, daemon=True).start()
        self._measured: set[str] = set()  # which colors have enough contrast in front of which backgrounds
        self._complaints: list[str] = []
        page.add_init_script(AXE_SCRIPT)  # sent once; the browser keeps it compiled for the pages that follow
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
        found = self._broken(rules) if rules != [] else []
        said = [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
        if (too_wide := self.page.evaluate(TOO_WIDE)) > 0:
            said.append(f"{too_wide} pixels too wide")
        return [f"at {width} px, {scheme}: {one}" for one in said]

    def _broken(self, rules: list[str] | None) -> list[Any]:
        found: list[Any] = []
        if (others := options(rules)).get("runOnly") != []:
            found = self.page.evaluate(RUN, others)
        if rules is None or CONTRAST in rules:
            pale, good = self.page.evaluate(MEASURE, [CONTRAST_ALONE, sorted(self._measured)])
            self._measured |= set(good)
            found += pale
        return found

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

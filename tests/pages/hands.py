"""Somebody without a mouse: Tab, Shift+Tab, Enter, Space, arrows and letters alone, and every stop shows its focus."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Download, Page

# The devtools look at the page so, also where its own scripts are off.
FOCUSED = """() => {
    const one = document.activeElement, look = getComputedStyle(one), place = one.getBoundingClientRect()
    return {
        tag: one.tagName, type: one.type || "", name: one.name || "", value: one.value || "", id: one.id,
        words: one.innerText.trim().replace(/\\s+/g, " "),
        isMain: one.matches("main .btn:not(.btn--second, .btn--text)"),
        isMarked: look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0,
        isInSight: place.width > 0 && place.height > 0 && place.bottom > 0 && place.top < innerHeight,
    }
}"""
TEXT_OF = "value => [...document.activeElement].find(one => one.value === value).text.trim()"


class Hands:
    """On the keys of `page`. `stops` counts what had the focus."""

    def __init__(self, page: Page) -> None:
        self.page, self.stops = page, 0

    def tab(self, key: str = "Tab") -> Any:
        """What has the focus after `key`; it can be seen that it has."""
        self.page.keyboard.press(key)
        focused = self.page.evaluate(FOCUSED)
        if focused["tag"] != "BODY":
            assert focused["isMarked"], f"no sign of the focus on {focused}"
            self._in_sight(focused)
            self.stops += 1
        return focused

    def _in_sight(self, focused: Any) -> None:
        for _each in range(150):  # the browser scrolls there by the next frame, which a busy machine draws late
            if focused["isInSight"]:
                return
            self.page.wait_for_timeout(20)
            focused = self.page.evaluate(FOCUSED)
        raise AssertionError(f"the focus is out of sight on {focused}")

    def find(self, key: str = "Tab", **wanted: str) -> None:
        """Go with `key` to what has the `wanted` words, name, value or id; AssertionError if it cannot be reached."""
        for _each in range(200):
            focused = self.tab(key)
            if focused["tag"] != "BODY" and all(
                focused[name] == " ".join(value.split()) for name, value in wanted.items()
            ):
                return
        raise AssertionError(f"{wanted} cannot be reached")

    def press(self, words: str, key: str = "Tab") -> None:
        """Go with `key` to the link or button that says `words`, and through it to the next page."""
        self.find(key, words=words)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def fetch(self, words: str) -> Download:
        """Go to the link or button that says `words`; the file that it gives."""
        self.find(words=words)
        with self.page.expect_download() as download:
            self.page.keyboard.press("Enter")
        return download.value

    def fill(self, answers: dict[str, str], *, button: str = "") -> None:
        """Type `answers`, by field name, on the way down to the `button` ("" for the main one), and press it."""
        self.answer(answers)
        for _each in range(100):
            focused = self.tab()
            if (focused["words"] == button) if button else focused["isMain"]:
                with self.page.expect_navigation():
                    self.page.keyboard.press("Enter")
                return
        raise AssertionError(f"{button or 'the main button'} cannot be reached")

    def answer(self, answers: dict[str, str]) -> None:
        """Type `answers`, by field name, on the way down the page; a checkbox is named by "name=value"."""
        still_open = {name: answer for name, answer in answers.items() if answer}
        for _each in range(200):
            if not still_open:
                return
            focused = self.tab()
            name = focused["name"]
            if f"{name}={focused['value']}" in still_open:
                name = f"{name}={focused['value']}"
            if name in still_open:
                self._type(focused, still_open.pop(name))
        raise AssertionError(f"not reached: {still_open}")

    def _down_to(self, answer: str) -> None:
        for _each in range(20):
            if self.page.evaluate(FOCUSED)["value"] == answer:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no arrow leads to {answer}")

    def _type(self, focused: Any, answer: str) -> None:
        keyboard = self.page.keyboard
        if focused["type"] == "radio":
            keyboard.press("Space")
            self._down_to(answer)
        elif focused["type"] == "checkbox":
            keyboard.press("Space")
        elif focused["tag"] == "SELECT":
            keyboard.type(self.page.evaluate(TEXT_OF, answer))
        elif focused["type"] == "date":
            keyboard.type(answer)
        else:
            keyboard.press("Control+A")
            keyboard.type(answer)

"""A page as the tests of its look read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Page:
    """What a page consists of. `links` are its addresses, `same_page` the ids it links to, `ids` those it has."""

    language: str = ""
    title: str = ""
    h1: int = 0
    main: int = 0
    inline: list[str] = field(default_factory=list)  # styles and scripts that the policy would refuse
    links: list[str] = field(default_factory=list)
    assets: list[str] = field(default_factory=list)
    same_page: set[str] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    described_by: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        page = self.page
        if tag == "html":
            page.language = given.get("lang", "")
        page.h1 += tag == "h1"
        page.main += tag == "main"
        self._in_title = tag == "title"
        if tag == "style" or "style" in given or any(name.startswith("on") for name in given):
            page.inline.append(self.get_starttag_text() or tag)
        if tag == "script" and "src" not in given and given.get("type") != "application/json":  # which is data
            page.inline.append(self.get_starttag_text() or tag)
        if tag == "a":
            target = given["href"]
            if target.startswith("#"):
                page.same_page.add(target[1:])
            else:
                page.links.append(target)
        if tag in {"link", "script", "img"}:
            page.assets.append(given.get("href") or given.get("src") or "")
        if "id" in given:
            page.ids.append(given["id"])
        if tag == "label" and "for" in given:
            page.labels.add(given["for"])
        page.described_by |= set(given.get("aria-describedby", "").split())

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.page.title += data


def read(html: bytes) -> Page:
    """`html`, a whole document in UTF-8, taken apart."""
    reader = _Reader()
    reader.feed(html.decode())
    return reader.page

"""The exact words on which a customer decides, as plain text, to be kept with the authorization (C7).

They are read from the very template that the page includes, so that what is kept cannot say anything else.
"""

from __future__ import annotations

from html.parser import HTMLParser

from django.template.loader import render_to_string
from django.utils import timezone, translation

from agreements.models import Agreement
from lib.central_time import CENTRAL

TERMS = "agreements/terms.html"
_ENDS_LINE = {"p", "li", "h2", "h3", "dd", "br", "div", "blockquote", "section", "ul", "dl"}
_BEGINS = {"li": "- ", "h2": "## ", "h3": "### "}


def decision_text(agreement: Agreement, *, language: str) -> str:
    """What the decision page says about `agreement` in `language`: a line for each paragraph, fact or point."""
    with translation.override(language), timezone.override(CENTRAL):
        html = render_to_string(TERMS, {"agreement": agreement})
    return as_text(html)


def as_text(html: str) -> str:
    """The words of `html` in lines: `## heading`, `- point`, `label: value`, `> quotation`."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "\n".join(reader.lines) + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._line = ""
        self._quoted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ENDS_LINE and tag != "dd":  # a fact stands behind its label
            self._end_line()
        self._quoted = self._quoted or tag == "blockquote"
        if tag == "h2" and self.lines:
            self.lines.append("")
        self._line += _BEGINS.get(tag, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "dt":
            self._line = f"{self._line.rstrip()}: "
        if tag in _ENDS_LINE:
            self._end_line()
        if tag == "blockquote":
            self._quoted = False

    def handle_data(self, data: str) -> None:
        self._line += data

    def _end_line(self) -> None:
        words = " ".join(self._line.split())
        if words:
            self.lines.append(f"> {words}" if self._quoted else words)
        self._line = ""

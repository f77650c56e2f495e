"""The text of the decision page, as plain text, to be stored with the authorization (C7).

It is rendered from the template that the page includes, so the two cannot differ.
"""

from __future__ import annotations

from html.parser import HTMLParser

from django.template.loader import render_to_string
from django.utils import timezone, translation

from agreements.models import Agreement
from lib.central_time import CENTRAL

TERMS = "agreements/terms.html"
_BLOCK_TAGS = {"p", "li", "h2", "h3", "dd", "br", "div", "blockquote", "section", "ul", "dl"}
_MARKERS = {"li": "- ", "h2": "## ", "h3": "### "}


def decision_text(agreement: Agreement, *, language: str) -> str:
    """Return the decision page's text in `language`: a line for each paragraph, fact or list item."""
    with translation.override(language), timezone.override(CENTRAL):
        html = render_to_string(TERMS, {"agreement": agreement})
    return html_to_text(html)


def html_to_text(html: str) -> str:
    """Return the text of `html` in lines: `## heading`, `- item`, `label: value`, `> quotation`."""
    parser = TextParser()
    parser.feed(html)
    parser.close()
    return "\n".join(parser.lines) + "\n"


class TextParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.line = ""
        self.is_quoted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCK_TAGS and tag != "dd":  # a fact follows its label on the same line
            self.end_line()
        self.is_quoted = self.is_quoted or tag == "blockquote"
        if tag == "h2" and self.lines:
            self.lines.append("")
        self.line += _MARKERS.get(tag, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "dt":
            self.line = f"{self.line.rstrip()}: "
        if tag in _BLOCK_TAGS:
            self.end_line()
        if tag == "blockquote":
            self.is_quoted = False

    def handle_data(self, data: str) -> None:
        self.line += data

    def end_line(self) -> None:
        if words := " ".join(self.line.split()):
            self.lines.append(f"> {words}" if self.is_quoted else words)
        self.line = ""

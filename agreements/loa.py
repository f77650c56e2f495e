"""The letter of authorization (LOA): the text of what a customer authorized, as page and PDF (EM203, P2.3).

The text is stored with its version and the hash of what it prints; page and PDF are made of the stored text. The
decision page is stored as plain text (C7), rendered from the template that the page includes, so the two cannot differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from django.template import engines
from django.template.loader import render_to_string
from django.utils import timezone, translation

from agreements.models import Agreement, Letter, ReportScope
from agreements.period import awaited_days_of, offer_context, offered_period
from agreements.states import Channel
from lib.central_time import CENTRAL
from lib.letter_font import printable

VERSION = "2026-11-30"
# How a line of the letter's text begins. Text of others begins no line, so it is no markup (E3).
_KINDS = {"## ": "heading", "- ": "points", "= ": "facts", "": "lines"}
# Of the decision page's HTML.
_BLOCK_TAGS = {"p", "li", "h1", "h2", "h3", "dd", "br", "div", "blockquote", "section", "ul", "dl", "figcaption"}
_MARKERS = {"li": "- ", "h1": "# ", "h2": "## ", "h3": "### "}


def sign(agreement: Agreement, *, at: datetime, channel: Channel, page_text: str, page_language: str) -> Letter:
    """Store what the customer authorized at `at`, in the submission's language, and the text of the decision page.

    That page was in `page_language` (C7). Letters that the PDF cannot print, for
    example in an address from a file, are replaced in the text by their codes (A1).
    """
    with translation.override(agreement.submission.language), timezone.override(CENTRAL):
        context = {"agreement": agreement, "signed_at": at, "in_account": channel == Channel.ACCOUNT}
        context["period"] = offered_period(agreement, at=at)
        context["awaited_first"], context["latest_day"] = awaited_days_of(agreement, at)
        text = engines["text"].get_template("agreements/letter.txt").render(context)
    text = "".join(f"{printable(line)}\n" for line in text.strip().splitlines())
    return Letter.objects.create(
        agreement=agreement, version=VERSION, signed_at=at,
        language=agreement.submission.language,
        text=text, sha256=hashlib.sha256(printed_text(text).encode()).hexdigest(),
        decision_language=page_language, decision_text=page_text,
        decision_sha256=hashlib.sha256(page_text.encode()).hexdigest(),
    )  # fmt: skip


def printed_text(text: str) -> str:
    """Return the letter's text as it is printed, without what marks a line's kind: the text that is hashed."""
    return "".join(f"{words}\n" for _kind, words in _lines(text))


def blocks(letter: Letter) -> list[tuple[str, list[Any]]]:
    """Return the letter's text in order, for a page: (kind, its lines).

    A kind is "heading", "points", "lines" or "facts"; a line of facts is its label, with the colon, and its value.
    """
    blocks: list[tuple[str, list[Any]]] = []
    for kind, words in _lines(letter.text):
        if kind == "heading" or not blocks or blocks[-1][0] != kind:
            blocks.append((kind, []))
        label, _colon, value = words.partition(": ")
        blocks[-1][1].append((f"{label}:", value) if kind == "facts" else words)
    return blocks


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in filter(None, text.splitlines()):
        marker = next(marker for marker in _KINDS if line.startswith(marker))
        yield _KINDS[marker], line.removeprefix(marker)


def file_name(agreement: Agreement) -> str:
    return f"smt-{agreement.number}-authorization.pdf"


def decision_text(
    agreements: Sequence[Agreement], *, language: str, at: datetime, scope: ReportScope | None = None
) -> str:
    """Return the text in `language` of the decision page about `agreements` with the share `scope` (C9).

    A line for each paragraph, fact or list item.
    """
    context = offer_context(agreements, at=at, scope=scope)
    with translation.override(language), timezone.override(CENTRAL):
        html = render_to_string("agreements/terms.html", context)
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

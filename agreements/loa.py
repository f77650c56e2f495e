"""The letter of authorization (LOA): the text of what a customer authorized, as page and PDF (EM203, P2.3).

The text is stored with its version and hash; the PDF is drawn from the stored text. The decision page is stored as
plain text (C7), rendered from the template that the page includes, so the two cannot differ.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from html.parser import HTMLParser
from importlib.resources import files

from django.conf import settings
from django.template import engines
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from agreements.models import Agreement, Letter
from agreements.period import awaited_days, offer_context, offered_period
from lib.central_time import CENTRAL
from notifications.templatetags.plain_text import one_line

VERSION = "2026-11"
HEADING = "## "  # starts a heading in the letter's plain text
_KINDS = {HEADING: "heading", "- ": "points", "": "lines"}
# Of the decision page's HTML.
_BLOCK_TAGS = {"p", "li", "h2", "h3", "dd", "br", "div", "blockquote", "section", "ul", "dl"}
_MARKERS = {"li": "- ", "h2": "## ", "h3": "### "}


def sign(agreement: Agreement, *, at: datetime, page_language: str | None = None) -> Letter:
    """Store what the customer authorized at `at`, in the submission's language, and the text of the decision page.

    That page was in `page_language`, by default the submission's (C7).
    """
    page_language = page_language or agreement.submission.language
    page_text = decision_text(agreement, language=page_language, at=at)
    with translation.override(agreement.submission.language), timezone.override(CENTRAL):
        context = {"agreement": agreement, "signed_at": at, "period": offered_period(agreement, at=at)}
        context["latest_day"] = awaited_days(at)[1]
        text = engines["text"].get_template("agreements/letter.txt").render(context)
    text = text.strip() + "\n"
    return Letter.objects.create(
        agreement=agreement, version=VERSION, signed_at=at,
        language=agreement.submission.language, text=text, sha256=hashlib.sha256(text.encode()).hexdigest(),
        decision_language=page_language, decision_text=page_text,
        decision_sha256=hashlib.sha256(page_text.encode()).hexdigest(),
    )  # fmt: skip


def blocks(letter: Letter) -> list[tuple[str, list[str]]]:
    """Return the letter's text for a page: ("heading" | "points" | "lines", its lines), in order."""
    blocks: list[tuple[str, list[str]]] = []
    for line in filter(None, letter.text.splitlines()):
        marker = next(marker for marker in _KINDS if line.startswith(marker))
        kind = _KINDS[marker]
        if kind == "heading" or not blocks or blocks[-1][0] != kind:
            blocks.append((kind, []))
        blocks[-1][1].append(line.removeprefix(marker))
    return blocks


def file_name(agreement: Agreement) -> str:
    return f"smt-{agreement.number}-authorization.pdf"


class LetterPage(FPDF):
    footing = ""

    def footer(self) -> None:
        self.set_y(-16)
        self.set_font("Open Sans", size=8)
        self.set_text_color(90)
        self.cell(0, 5, self.footing, align="C")


def as_pdf(letter: Letter) -> bytes:
    """Return the letter as PDF on US Letter paper. Its date is the signature's, so the bytes are deterministic."""
    with translation.override(letter.language):
        footing = _("Agreement %(number)s · text version %(version)s · SHA-256 of the text %(sha256)s…") % {
            "number": letter.agreement.number, "version": letter.version, "sha256": letter.sha256[:16],
        }  # fmt: skip
        title = _("Letter of authorization")
    page = LetterPage(format="Letter", unit="mm")
    page.footing = footing
    page.set_creation_date(letter.signed_at)
    page.set_title(f"{title} {letter.agreement.number}")
    page.set_lang(letter.language)
    page.set_author(settings.SITE_NAME)
    for style, name in (("", "Regular"), ("B", "Bold")):
        page.add_font("Open Sans", style=style, fname=str(files("ttf_opensans") / "ttf" / f"OpenSans-{name}.ttf"))
    page.set_margins(22, 20, 22)
    page.set_auto_page_break(True, margin=22)
    page.add_page()
    for line in letter.text.splitlines():
        if line.startswith(HEADING):
            page.ln(1)
            page.set_font("Open Sans", style="B", size=15 if page.page == 1 and page.get_y() < 30 else 11)
            line = line.removeprefix(HEADING)
        else:
            page.set_font("Open Sans", size=10)
        if line:
            page.multi_cell(0, 5.2, one_line(line), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        else:
            page.ln(2.6)
    return bytes(page.output())


def decision_text(agreement: Agreement, *, language: str, at: datetime) -> str:
    """Return the decision page's text in `language` at `at`: a line for each paragraph, fact or list item."""
    context = {"agreement": agreement, **offer_context(agreement, at=at)}
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

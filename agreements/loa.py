"""The letter of authorization (LOA): the readable text of what a customer authorized (EM203, P2.3).

The text is kept with its version and hash; the PDF is drawn from the kept text, so that both say the same.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from importlib.resources import files

from django.conf import settings
from django.template import engines
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from agreements.decision_text import decision_text
from agreements.models import Agreement, Letter
from lib.central_time import CENTRAL
from notifications.plain_text import one_line

VERSION = "2026-11"
HEADING = "## "  # marks a heading in the letter's plain text
POINT = "- "
_KINDS = {HEADING: "heading", POINT: "points", "": "lines"}


def sign(agreement: Agreement, *, at: datetime, page_language: str | None = None) -> Letter:
    """Write down what the customer authorized with the acceptance at `at`, in the customer's language.

    Beside it what the customer read before, in the language `page_language` of that page (C7).
    """
    page_language = page_language or agreement.language
    shown = decision_text(agreement, language=page_language)
    with translation.override(agreement.language), timezone.override(CENTRAL):
        text = engines["text"].get_template("agreements/letter.txt").render({"agreement": agreement, "signed_at": at})
    text = text.strip() + "\n"
    return Letter.objects.create(
        agreement=agreement,
        version=VERSION,
        language=agreement.language,
        text=text,
        sha256=_sha256(text),
        signed_at=at,
        decision_language=page_language,
        decision_text=shown,
        decision_sha256=_sha256(shown),
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def blocks(letter: Letter) -> list[tuple[str, list[str]]]:
    """The letter's text for a page: ("heading" | "points" | "lines", its lines), in order."""
    found: list[tuple[str, list[str]]] = []
    for line in letter.text.splitlines():
        mark = next(mark for mark in _KINDS if line.startswith(mark))
        kind = _KINDS[mark]
        if line and (kind == "heading" or not found or found[-1][0] != kind):
            found.append((kind, []))
        if line:
            found[-1][1].append(line.removeprefix(mark))
    return found


def file_name(agreement: Agreement) -> str:
    return f"smt-{agreement.number}-authorization.pdf"


@cache
def _font(style: str) -> str:
    return str(files("ttf_opensans") / "ttf" / f"OpenSans-{style}.ttf")


class _Page(FPDF):
    footing = ""

    def footer(self) -> None:
        self.set_y(-16)
        self.set_font("Open Sans", size=8)
        self.set_text_color(90)
        self.cell(0, 5, self.footing, align="C")


def as_pdf(letter: Letter) -> bytes:
    """The letter as PDF on US Letter paper, one or two sheets; its date is the signature's, so bytes repeat."""
    with translation.override(letter.language):
        footing = _("Agreement %(number)s · text version %(version)s · SHA-256 of the text %(sha256)s…") % {
            "number": letter.agreement.number,
            "version": letter.version,
            "sha256": letter.sha256[:16],
        }
        title = _("Letter of authorization")
    page = _Page(format="Letter", unit="mm")
    page.footing = footing
    page.set_creation_date(letter.signed_at)
    page.set_title(f"{title} {letter.agreement.number}")
    page.set_lang(letter.language)
    page.set_author(settings.SITE_NAME)
    page.add_font("Open Sans", fname=_font("Regular"))
    page.add_font("Open Sans", style="B", fname=_font("Bold"))
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

"""The letter of authorization as PDF, tagged for screen readers (A1, EM203), set by Typst.

The template gets everything as JSON and reads no file, so text of others is never markup (E3). It prints no letter that
it lacks: PDF/UA-1 refuses those, and `lib.letter_font` has replaced them before the letter was signed.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any, cast

import typst
from django.conf import settings
from django.db.models import F, Func, Value
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from agreements import loa
from agreements.models import Letter
from lib import letter_font

TEMPLATE = settings.BASE_DIR / "templates" / "agreements" / "letter.typ"


class LetterNotSet(Exception):
    """Typst warned, for example about a font that it did not find: it would print less than the text."""


@cache
def _template() -> bytes:
    return TEMPLATE.read_bytes()


@cache
def _fonts() -> typst.Fonts:
    """Return the font of the letter alone, so that every computer makes the same bytes."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(letter_font.FOLDER)])


def as_pdf(letter: Letter) -> bytes:
    """Return the letter on US Letter paper. Its date is the signature's, so the bytes are deterministic."""
    with translation.override(letter.language):
        title = _("Letter of authorization")
        printed: dict[str, Any] = {
            "title": f"{title} {letter.agreement.number}",
            "page_number": _("Page %(page)s of %(pages)s") % {"page": "{page}", "pages": "{pages}"},
            "footer": [
                _("Agreement %(number)s · text version %(version)s")
                % {"number": letter.agreement.number, "version": letter.version},
                _("SHA-256 of the text: %(sha256)s") % {"sha256": letter.sha256},
                _("Check this letter at %(url)s") % {"url": settings.PORTAL_ORIGIN + reverse("document_check")},
            ],
        }
    printed |= {"author": settings.SITE_NAME, "language": letter.language, "font": letter_font.FAMILY}
    printed["blocks"] = loa.blocks(letter)
    # A compiler serves one thread at a time; making one costs nothing beside setting the letter.
    compiler = typst.Compiler(
        _template(), font_paths=_fonts(), ignore_system_fonts=True, sys_inputs={"letter": json.dumps(printed)}
    )
    pdf, warnings = compiler.compile_with_warnings(
        format="pdf", pdf_standards=["ua-1"], timestamp=int(letter.signed_at.timestamp())
    )
    if warnings:
        raise LetterNotSet(f"{len(warnings)} warnings while setting letter {letter.pk}")  # X4: without their text
    return cast(bytes, pdf)


def issue_pdf(letter: Letter) -> bytes:
    """Return the PDF and record its SHA-256 with the letter, so that its holder can check it (R9)."""
    pdf = as_pdf(letter)
    sha256 = hashlib.sha256(pdf).hexdigest()
    unknown = Letter.objects.filter(pk=letter.pk).exclude(pdf_hashes__contains=[sha256])
    unknown.update(pdf_hashes=Func(F("pdf_hashes"), Value(sha256), function="array_append"))
    return pdf

"""Styles of emails in attributes, because Gmail and others drop style sheets (E1)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from css_inline import CSSInliner
from django.conf import settings

STYLE_SHEET = Path(settings.BASE_DIR) / "templates/emails/inline.css"


def styles_in_attributes(html: str) -> str:
    """Return the email `html` with the rules of inline.css in its elements' style attributes."""
    return _inliner().inline(html)


@cache
def _inliner() -> CSSInliner:
    # An email's own <style> stays as it is: it says so with data-css-inline="ignore".
    return CSSInliner(
        extra_css=STYLE_SHEET.read_text(),
        keep_style_tags=True,
        load_remote_stylesheets=False,
        minify_css=True,
        resolve_css_variables=True,
    )

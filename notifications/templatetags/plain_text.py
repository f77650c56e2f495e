"""`{{ comments|quoted }}` and `{{ name|one_line }}`, for other people's words in emails (E3)."""

from __future__ import annotations

from django import template

from notifications import plain_text

register = template.Library()

register.filter("one_line", plain_text.one_line)
register.filter("quoted", plain_text.quoted)

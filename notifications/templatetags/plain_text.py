"""Filters for users' text in our sentences (E3): `{{ comments|quoted }}`, `{{ name|one_line }}`, and
`{{ name|before_stop }}` where a full stop follows."""

from __future__ import annotations

from django import template

from notifications import plain_text

register = template.Library()

register.filter("one_line", plain_text.one_line)
register.filter("quoted", plain_text.quoted)
register.filter("before_stop", plain_text.before_stop)

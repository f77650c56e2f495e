"""Where lines may not break: `{{ words|keep_hyphens }}`."""

from __future__ import annotations

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()  # built into the template engines


@register.filter
def keep_hyphens(words: object) -> SafeString:
    """Return `words` with no line break at the hyphen of "15-minute"."""
    return mark_safe(re.sub(r"\w+-\w+", r'<span class="nowrap">\g<0></span>', escape(words)))

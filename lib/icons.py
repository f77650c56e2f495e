"""Icons as inline SVG: `{% icon "check" %}`. Each is a line in the color of the text beside it, 16 units wide."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()  # built into the template engines

_PATHS = {
    "check": "M3 8.5l3.3 3.3L13 5",
    "clock": "M8 4.5V8l2.5 1.8M8 1.8a6.2 6.2 0 100 12.4A6.2 6.2 0 008 1.8z",
    "cross": "M4 4l8 8m0-8l-8 8",
    "down": "M4 6l4 4 4-4",
    "download": "M8 2v8m0 0L4.5 6.8M8 10l3.5-3.2M2.5 13.5h11",
    "info": "M8 7.2v4M8 4.6v.1M8 1.8a6.2 6.2 0 100 12.4A6.2 6.2 0 008 1.8z",
    "left": "M10 3.5L5.5 8l4.5 4.5",
    "lock": "M4 7.2h8v6.5H4zM5.5 7V5a2.5 2.5 0 015 0v2",
    "mail": "M1.8 3.5h12.4v9H1.8zM2 4l6 5 6-5",
    "menu": "M2 4h12M2 8h12M2 12h12",
    "minus": "M3.5 8h9",
    "phone": (
        "M3.2 1.8h2.4l1.2 3.3-1.6 1.2a8.6 8.6 0 004.5 4.5l1.2-1.6 3.3 1.2v2.4c0 .8-.7 1.4-1.4 1.4"
        "C6.9 14.2 1.8 9.1 1.8 3.2c0-.8.6-1.4 1.4-1.4z"
    ),
    "plus": "M8 3v10M3 8h10",
    "right": "M6 3.5L10.5 8 6 12.5",
    "search": "M7 2.2a4.8 4.8 0 100 9.6 4.8 4.8 0 000-9.6zM10.5 10.5l3.5 3.5",
    "shield": "M8 1.5l5.5 2v4c0 3.5-2.3 5.8-5.5 7-3.2-1.2-5.5-3.5-5.5-7v-4z",
    "warning": "M8 5.8v3.4m0 2.2v.1M8 1.8l6.6 11.9H1.4z",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return the icon, hidden from screen readers: words beside it say the same (A1). Unknown names raise KeyError."""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d="{}"/></svg>', _PATHS[name]
    )

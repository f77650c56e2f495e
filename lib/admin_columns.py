"""The cells of the administration's lists: states as icon and word, two facts in two lines, short dates (D1)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


def status_tag(status: str, label: Any) -> SafeString:
    """Return the state as the portal's pages show it: an icon and the words (A1)."""
    return mark_safe(render_to_string("components/status_tag.html", {"status": status, "label": label}).strip())


def two_lines(first: Any, second: Any) -> SafeString:
    """Return `first` with `second` below it in small letters; `second` may be empty."""
    return format_html("{}<small>{}</small>", first, second) if second else format_html("{}", first)


def one_line(text: Any) -> SafeString:
    """Return a number or a date that is not broken into lines."""
    return format_html('<span class="num">{}</span>', text)


def short_day(day: date | datetime) -> SafeString:
    """Return a day for a table: "Nov 28, 2026"."""
    return one_line(formats.date_format(day, "M j, Y"))


def short_time(at: datetime | None) -> SafeString | str:
    """Return a Central time for a table, the day above the time; an empty text for None."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return two_lines(short_day(local), formats.date_format(local, "g:i A T"))

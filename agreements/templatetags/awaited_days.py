"""Template tag: the days of which an accepted request awaits a reading."""

from __future__ import annotations

from datetime import date, datetime

from django import template

from agreements.models import Agreement
from agreements.period import acceptance_time, awaited_days_of

register = template.Library()


@register.simple_tag
def awaited_days(agreement: Agreement, at: datetime | None = None) -> tuple[date, date]:
    """Return the first and last of them for an acceptance `at`, by default the one that was given (R7)."""
    return awaited_days_of(agreement, at or acceptance_time(agreement))

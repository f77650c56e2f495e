"""Dates and their distance from today, in the words of the third party's lists (T3, T16)."""

from __future__ import annotations

from datetime import datetime

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lib.central_time import CENTRAL, central_day


def format_day(at: datetime) -> str:
    """Format the Central day of `at` briefly: "Nov 28, 2026"."""
    return formats.date_format(at.astimezone(CENTRAL), "M j, Y")


def describe_days_until(at: datetime, now: datetime) -> str:
    """Return how far `at` is, in Central days: today, tomorrow, in 5 days."""
    days = (central_day(at) - central_day(now)).days
    if days <= 0:
        return _("today")
    return _("tomorrow") if days == 1 else ngettext("in %d day", "in %d days", days) % days

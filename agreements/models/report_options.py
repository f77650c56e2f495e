"""The reports that can be requested: types and lengths, and how sentences to the customer name them (T4)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReportType(models.TextChoices):
    INTERVAL = "interval", _("15-minute interval CSV")
    DAILY = "daily", _("Daily CSV")
    MONTHLY = "monthly", _("Monthly CSV")


class ReportLength(models.TextChoices):
    ONE_DAY = "1d", _("1 day")
    ONE_MONTH = "1m", _("1 month")
    THREE_MONTHS = "3m", _("3 months")
    SIX_MONTHS = "6m", _("6 months")
    ONE_YEAR = "12m", _("1 year")


# For sentences to the customer (C7).
DATA_IN_WORDS = {
    ReportType.INTERVAL: _("electricity use in 15-minute intervals"),
    ReportType.DAILY: _("daily electricity use"),
    ReportType.MONTHLY: _("monthly electricity use"),
}
# The days before they are known: utilities send readings a day or two late (R2).
PERIOD_IN_WORDS = {
    ReportLength.ONE_DAY: _("the latest day that your utility has sent us"),
    ReportLength.ONE_MONTH: _("the month up to the latest day that your utility has sent us"),
    ReportLength.THREE_MONTHS: _("the 3 months up to the latest day that your utility has sent us"),
    ReportLength.SIX_MONTHS: _("the 6 months up to the latest day that your utility has sent us"),
    ReportLength.ONE_YEAR: _("the year up to the latest day that your utility has sent us"),
}

# For the letter of a customer whose report waits for its data (EM203, R7).
SIGNED_PERIOD = {
    ReportLength.ONE_DAY: _("the latest day on file"),
    ReportLength.ONE_MONTH: _("the month that ends with the latest day on file"),
    ReportLength.THREE_MONTHS: _("the 3 months that end with the latest day on file"),
    ReportLength.SIX_MONTHS: _("the 6 months that end with the latest day on file"),
    ReportLength.ONE_YEAR: _("the year that ends with the latest day on file"),
}


def report_type_in_words(report_type: str, with_utc: bool) -> str:
    """Return the label of a report type, which says so if the file also has UTC columns."""
    label = str(ReportType(report_type).label)
    return _("%(report_type)s, with UTC columns") % {"report_type": label} if with_utc else label

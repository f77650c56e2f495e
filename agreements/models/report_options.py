"""The reports that can be requested: types and lengths, and how sentences to the customer name them (T4, C9)."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ReportType(models.TextChoices):
    """From the finest to the coarsest."""

    INTERVAL = "interval", _("15-minute readings")
    DAILY = "daily", _("Daily totals")
    MONTHLY = "monthly", _("Monthly totals")


class ReportLength(models.TextChoices):
    """From the shortest to the longest."""

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
    ReportLength.ONE_DAY: _("the latest day, out of the last %(days)s, that your utility has sent us"),
    ReportLength.ONE_MONTH: _("the month up to the latest day that your utility has sent us"),
    ReportLength.THREE_MONTHS: _("the 3 months up to the latest day that your utility has sent us"),
    ReportLength.SIX_MONTHS: _("the 6 months up to the latest day that your utility has sent us"),
    ReportLength.ONE_YEAR: _("the year up to the latest day that your utility has sent us"),
}

# Of a report that waits for its data, for the letter and before the answer; for one day, these name the days (R7).
SIGNED_PERIOD = {
    ReportLength.ONE_MONTH: _("the month up to the latest day on file"),
    ReportLength.THREE_MONTHS: _("the 3 months up to the latest day on file"),
    ReportLength.SIX_MONTHS: _("the 6 months up to the latest day on file"),
    ReportLength.ONE_YEAR: _("the year up to the latest day on file"),
}


def types_within(report_type: str) -> list[ReportType]:
    """Return the types that show no more than `report_type`, this one first (C9)."""
    types = list(ReportType)
    return types[types.index(ReportType(report_type)) :]


def lengths_within(report_length: str) -> list[ReportLength]:
    """Return the lengths that are not longer than `report_length`, this one first (C9)."""
    lengths = list(ReportLength)
    return lengths[lengths.index(ReportLength(report_length)) :: -1]


@dataclass(frozen=True)
class ReportScope:
    """What a report shows: a value of ReportType and one of ReportLength, as asked or as granted (C9)."""

    report_type: str
    report_length: str

    @property
    def exists(self) -> bool:
        """Whether there is such a report: a monthly one needs at least a month."""
        is_known = self.report_type in ReportType.values and self.report_length in ReportLength.values
        return is_known and (self.report_type, self.report_length) != (ReportType.MONTHLY, ReportLength.ONE_DAY)

    def is_within(self, asked: ReportScope) -> bool:
        """Return whether this is a report that is neither finer nor longer than `asked`."""
        return (
            self.exists
            and self.report_type in types_within(asked.report_type)
            and self.report_length in lengths_within(asked.report_length)
        )

    @property
    def types(self) -> list[ReportType]:
        """The types that a customer who was asked for this may grant."""
        return types_within(self.report_type)

    @property
    def lengths(self) -> list[ReportLength]:
        """The lengths that a customer who was asked for this may grant, with one of `types` at least."""
        is_monthly = self.report_type == ReportType.MONTHLY
        return [length for length in lengths_within(self.report_length) if not is_monthly or length != "1d"]

    @property
    def can_be_less(self) -> bool:
        return any(
            ReportScope(report_type, length).exists and (report_type, length) != (self.report_type, self.report_length)
            for report_type in self.types
            for length in self.lengths
        )

    @property
    def is_interval(self) -> bool:
        return self.report_type == ReportType.INTERVAL

    @property
    def type_label(self) -> str:
        return str(ReportType(self.report_type).label)

    @property
    def length_label(self) -> str:
        return str(ReportLength(self.report_length).label)

    @property
    def label(self) -> str:
        return f"{self.type_label}, {self.length_label}"

    @property
    def data_in_words(self) -> str:
        return str(DATA_IN_WORDS[ReportType(self.report_type)])

    @property
    def period_in_words(self) -> str:
        return str(PERIOD_IN_WORDS[ReportLength(self.report_length)]) % {"days": settings.REPORT_LATEST_DAYS}

    @property
    def signed_period(self) -> str:
        return str(SIGNED_PERIOD[ReportLength(self.report_length)])

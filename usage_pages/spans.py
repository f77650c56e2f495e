"""The days that a page of usage shows at once: a day, a week, a month or a year of the calendar, Central (C5, A3)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.period import ONE_DAY

_DAY = "MONTH_DAY_FORMAT"


class SpanKind(TextChoices):
    DAY = "day", gettext_lazy("Day")
    WEEK = "week", gettext_lazy("Week")
    MONTH = "month", gettext_lazy("Month")
    YEAR = "year", gettext_lazy("Year")


@dataclass(frozen=True)
class Span:
    """`first` to `last`, both inside."""

    kind: SpanKind
    first: date
    last: date

    @classmethod
    def around(cls, kind: SpanKind, day: date) -> Span:
        """The span of that kind in which `day` lies; weeks begin on Sunday."""
        if kind is SpanKind.WEEK:
            first = day - timedelta(days=day.isoweekday() % 7)
            return cls(kind, first, first + timedelta(days=6))
        if kind is SpanKind.MONTH:
            return cls(kind, day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))
        if kind is SpanKind.YEAR:
            return cls(kind, date(day.year, 1, 1), date(day.year, 12, 31))
        return cls(kind, day, day)

    def before(self) -> Span:
        return Span.around(self.kind, self.first - ONE_DAY)

    def after(self) -> Span:
        return Span.around(self.kind, self.last + ONE_DAY)

    @property
    def query(self) -> str:
        """As it stands in an address."""
        return f"?view={self.kind.value}&day={self.first.isoformat()}"

    @property
    def short_title(self) -> str:
        """The title without the year where that is long."""
        if self.kind is SpanKind.WEEK:
            days = {"first": date_format(self.first, _DAY), "last": date_format(self.last, _DAY)}
            return _("%(first)s to %(last)s") % days
        return self.title

    @property
    def title(self) -> str:
        if self.kind is SpanKind.WEEK:
            days = {"first": date_format(self.first), "last": date_format(self.last)}
            return _("%(first)s to %(last)s") % days
        if self.kind is SpanKind.MONTH:
            return date_format(self.first, "YEAR_MONTH_FORMAT")
        return str(self.first.year) if self.kind is SpanKind.YEAR else date_format(self.first)

"""The days that a page of usage shows at once: a calendar day, week, month or year, Central (C5, A3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib.central_time import ONE_DAY, last_of_month


class SpanKind(TextChoices):
    DAY = "day", gettext_lazy("Day")
    WEEK = "week", gettext_lazy("Week")
    MONTH = "month", gettext_lazy("Month")
    YEAR = "year", gettext_lazy("Year")


@dataclass(frozen=True)
class CalendarSpan:
    """`first` to `last`, both included."""

    kind: SpanKind
    first: date
    last: date

    @classmethod
    def around(cls, kind: SpanKind, day: date) -> CalendarSpan:
        """Return the span of that kind around `day`; weeks begin on Sunday."""
        if kind is SpanKind.WEEK:
            first = day - timedelta(days=day.isoweekday() % 7)
            return cls(kind, first, first + timedelta(days=6))
        if kind is SpanKind.MONTH:
            return cls(kind, day.replace(day=1), last_of_month(day))
        if kind is SpanKind.YEAR:
            return cls(kind, date(day.year, 1, 1), date(day.year, 12, 31))
        return cls(kind, day, day)

    def before(self) -> CalendarSpan:
        return CalendarSpan.around(self.kind, self.first - ONE_DAY)

    def after(self) -> CalendarSpan:
        return CalendarSpan.around(self.kind, self.last + ONE_DAY)

    @property
    def query(self) -> str:
        """The span as a URL's query."""
        return f"?view={self.kind.value}&day={self.first.isoformat()}"

    @property
    def title(self) -> str:
        if self.kind is SpanKind.WEEK:
            return self._week("DATE_FORMAT")
        if self.kind is SpanKind.MONTH:
            return date_format(self.first, "YEAR_MONTH_FORMAT")
        return str(self.first.year) if self.kind is SpanKind.YEAR else date_format(self.first)

    @property
    def short_title(self) -> str:
        """The title, for a week without the year."""
        return self._week("MONTH_DAY_FORMAT") if self.kind is SpanKind.WEEK else self.title

    def _week(self, day_format: str) -> str:
        days = {"first": date_format(self.first, day_format), "last": date_format(self.last, day_format)}
        return _("%(first)s to %(last)s") % days

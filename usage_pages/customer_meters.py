"""A customer's meters, the days of their usage that the customer may see, and the usage of some of these days (C5).

Nothing before the customer's own service is ever read (R2). Queries ask by premise and days only, as a report does, so
the cost of a page does not grow with the number of meters (R6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from customers.models import EsiidClaim
from lib.central_time import ONE_DAY, central_day, utc_or_now
from meters.models import Premise
from meters.usage.partitions import FIRST_DAY
from meters.usage.reader import DayReadings, stream_usage
from reports.coverage import Coverage
from reports.period import Period, first_day_of_service
from usage_pages.calendar_span import CalendarSpan

# The utilities load a day's readings in the next morning; a day without readings is a gap only after that.
READINGS_ARRIVE_WITHIN = timedelta(days=2)

RECORDED_DAYS = """
    SELECT meter.premise_id,
        (SELECT u.day FROM usage_day u WHERE u.premise_id = meter.premise_id AND u.day BETWEEN meter.since AND %(today)s
         ORDER BY u.day LIMIT 1),
        (SELECT u.day FROM usage_day u WHERE u.premise_id = meter.premise_id AND u.day BETWEEN meter.since AND %(today)s
         ORDER BY u.day DESC LIMIT 1)
    FROM unnest(%(premises)s::int4[], %(since)s::date[]) AS meter (premise_id, since)
"""


@dataclass(frozen=True)
class CustomerMeter:
    """A premise that the customer holds. `first` and `last` are the days with readings, None if there are none yet.

    `service_start` is the first day of the customer's service, if known.
    """

    claim: EsiidClaim
    today: date
    service_start: date | None
    first: date | None
    last: date | None

    @property
    def premise(self) -> Premise:
        return self.claim.premise

    @property
    def readable_from(self) -> date:
        """The first day that the customer may read (R2)."""
        return self.service_start or FIRST_DAY

    def newest_day_in(self, span: CalendarSpan) -> date:
        assert self.first and self.last
        return max(min(span.last, self.last), self.first)

    def download_period(self, first: date, last: date) -> Period:
        """Return the days of a download: none before the customer's service (R2), and none after yesterday."""
        last_possible = max(self.last or last, self.today - ONE_DAY)
        return Period(first, max(first, self.readable_from), min(last, last_possible))


@dataclass(frozen=True)
class SpanUsage:
    """The readings of a span. `days` is empty if there are none; `coverage` counted them."""

    meter: CustomerMeter
    span: CalendarSpan
    coverage: Coverage
    days: list[DayReadings]

    @property
    def begins_late(self) -> bool:
        """Whether the first day with readings is inside the span."""
        return self.meter.first is not None and self.span.first < self.meter.first <= self.span.last


def current_claims(user: User) -> QuerySet[EsiidClaim]:
    """Return the claims of `user`, ordered by address, with what `load_meters` needs."""
    claims = EsiidClaim.objects.visible_to(user).with_former_end().select_related("premise__tdsp")
    return claims.order_by("premise__address", "premise__address_overflow", "pk")


def load_meters(claims: Iterable[EsiidClaim], *, at: datetime | None = None) -> list[CustomerMeter]:
    """Return the meters of `claims`, which have `former_end`, with their first and last day; one query for all."""
    today = central_day(utc_or_now(at))
    service_starts = {claim: first_day_of_service(claim.premise, claim.former_end) for claim in claims}
    parameters: dict[str, Any] = {
        "premises": [claim.premise_id for claim in service_starts],
        "since": [day or FIRST_DAY for day in service_starts.values()],
        "today": today,
    }
    with connection.cursor() as cursor:
        cursor.execute(RECORDED_DAYS, parameters)
        days = {premise_id: (first, last) for premise_id, first, last in cursor.fetchall()}
    return [CustomerMeter(claim, today, day, *days[claim.premise_id]) for claim, day in service_starts.items()]


def read_usage(meter: CustomerMeter, span: CalendarSpan) -> SpanUsage:
    """Read the part of `span` that the customer may see and that can have readings by now.

    Before the first day with readings nothing is expected: the page says where the record begins.
    """
    gaps_until = max(meter.last or FIRST_DAY, meter.today - READINGS_ARRIVE_WITHIN)
    period = Period(span.first, max(span.first, meter.readable_from), min(span.last, gaps_until))
    coverage = Coverage(period, metered_from=meter.first)
    days = coverage.count_days(stream_usage(meter.premise.pk, period.first, period.last))
    return SpanUsage(meter, span, coverage, list(days))

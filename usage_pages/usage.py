"""What a customer may see of the own meters' usage, and the figures of one page of it (C5).

Nothing before the customer's own first day is ever read (R2). The tables are asked by premise and days only, as a
report is: what a page costs does not grow with the number of meters (R6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from customers.models import Holding
from lib.central_time import central_day, utc_or_now
from meters.models import Premise
from meters.usage.partitions import FIRST_DAY
from meters.usage.reader import DayReadings, stream_usage
from reports.coverage import Coverage
from reports.period import ONE_DAY, Period, first_own_day
from usage_pages.spans import Span

# The utilities load a day's readings in the morning after; only then is a day without readings a gap.
_READINGS_COME_WITHIN = timedelta(days=2)

_ON_RECORD = """
    SELECT own.premise_id,
        (SELECT u.day FROM usage_day u WHERE u.premise_id = own.premise_id AND u.day BETWEEN own.since AND %(today)s
         ORDER BY u.day LIMIT 1),
        (SELECT u.day FROM usage_day u WHERE u.premise_id = own.premise_id AND u.day BETWEEN own.since AND %(today)s
         ORDER BY u.day DESC LIMIT 1)
    FROM unnest(%(premises)s::int4[], %(since)s::date[]) AS own (premise_id, since)
"""


@dataclass(frozen=True)
class OwnMeter:
    """A premise that the customer holds. `first` and `last` are the own days on record, None where there is none yet.

    `began_on` is the day on which the customer's service began, where it is known.
    """

    holding: Holding
    today: date
    began_on: date | None
    first: date | None
    last: date | None

    @property
    def premise(self) -> Premise:
        return self.holding.premise

    @property
    def begins_on(self) -> date:
        """The first day that may be read (R2)."""
        return self.began_on or FIRST_DAY

    @property
    def gaps_until(self) -> date:
        """The last day that counts as missing where it has no readings."""
        return max(self.last or FIRST_DAY, self.today - _READINGS_COME_WITHIN)


@dataclass(frozen=True)
class Shown:
    """The readings of one span. `days` is empty where nothing was read; `coverage` counted them."""

    meter: OwnMeter
    span: Span
    coverage: Coverage
    days: list[DayReadings]

    @property
    def begins_late(self) -> bool:
        """Does what is shown begin inside the span?"""
        return self.meter.first is not None and self.span.first < self.meter.first <= self.span.last


def own_holdings(user: User) -> QuerySet[Holding]:
    """What `user` holds now, in the order of the addresses, as `on_record` takes it."""
    holdings = Holding.objects.visible_to(user).with_former_end().select_related("premise__tdsp")
    return holdings.order_by("premise__address", "premise__address_overflow", "pk")


def on_record(holdings: Iterable[Holding], *, at: datetime | None = None) -> list[OwnMeter]:
    """Each of `holdings`, with `former_end`, and which days of it there are. Costs one query and the clock."""
    today = central_day(utc_or_now(at))
    began = {one: first_own_day(one.premise, one.former_end) for one in holdings}
    asked: dict[str, Any] = {
        "premises": [one.premise_id for one in began],
        "since": [day or FIRST_DAY for day in began.values()],
        "today": today,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ON_RECORD, asked)
        days = {premise_id: (first, last) for premise_id, first, last in cursor.fetchall()}
    return [OwnMeter(one, today, began_on, *days[one.premise_id]) for one, began_on in began.items()]


def read(meter: OwnMeter, span: Span) -> Shown:
    """The usage of `meter` in the part of `span` that is the customer's own and can be there by now.

    Before the first day on record nothing is expected: the page says where the record begins.
    """
    period = Period(span.first, max(span.first, meter.begins_on), min(span.last, meter.gaps_until))
    coverage = Coverage(period, metered_from=meter.first)
    return Shown(meter, span, coverage, list(coverage.watch(stream_usage(meter.premise.pk, period.first, period.last))))


def period_of(meter: OwnMeter, first: date, last: date) -> Period:
    """The days of a download: none from before the own service (R2), and none that is still to come."""
    return Period(first, max(first, meter.begins_on), min(last, max(meter.last or last, meter.today - ONE_DAY)))

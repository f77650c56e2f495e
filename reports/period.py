"""Which days a report covers (R2).

With D the Central day of the acceptance, the period ends on D - 1, the last whole day before it, and begins

* for 1 day on D - 1 itself,
* for 1, 3, 6 or 12 months on the day of the earlier month that has D's number, or on that month's last day where it has
  no such day: accepted on March 31, "1 month" is February 28 (29) to March 30.

It never begins before the present customer's service did, where the TDSP told that day: nobody gives away a former
tenant's life. The TDSP tells it with the meter's data, or by ending the former customer's hold of the ESIID.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max

from agreements.models import ReportLength
from customers.models import Holding
from lib.central_time import central_day
from meters.models import Meter, Premise

# None: one day.
MONTHS: dict[str, int | None] = {
    ReportLength.ONE_DAY: None,
    ReportLength.ONE_MONTH: 1,
    ReportLength.THREE_MONTHS: 3,
    ReportLength.SIX_MONTHS: 6,
    ReportLength.ONE_YEAR: 12,
}
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Central days `first` to `last`, both inside; `asked_first`: where it would begin but for the rule about tenants.

    `first` after `last`: the customer's service began too late for any whole day, nothing is covered.
    """

    asked_first: date
    first: date
    last: date

    @property
    def is_shortened(self) -> bool:
        return self.first > self.asked_first

    def days(self) -> Iterator[date]:
        return days_between(self.first, self.last)


def period(accepted_at: datetime, length: str, service_since: date | None) -> Period:
    """The period of an agreement accepted at `accepted_at` (aware) for `length`, a value of ReportLength (R2)."""
    accepted_on = central_day(accepted_at)
    last = accepted_on - ONE_DAY
    months = MONTHS[length]
    asked_first = last if months is None else _months_before(accepted_on, months)
    return Period(asked_first, max(asked_first, service_since or asked_first), last)


def service_began_on(premise: Premise, customer_id: int | None, *, at: datetime) -> date | None:
    """The first day that is the present customer's own at `premise`, where the TDSP told it (R2).

    `customer_id` is the registered customer's, None of an unregistered one. Another customer who held the ESIID before
    `at` had it to the end of the day on which that hold ended.
    """
    others = Holding.objects.filter(premise=premise, until__lte=at).exclude(customer=customer_id)
    ended_at: datetime | None = others.aggregate(last=Max("until"))["last"]
    return first_own_day(premise, ended_at)


def first_own_day(premise: Premise, former_end: datetime | None) -> date | None:
    """As `service_began_on`; `former_end` is when the last other customer's hold of the ESIID ended, if one did."""
    known = [premise.service_since] if premise.service_since else []
    return max([*known, central_day(former_end) + ONE_DAY] if former_end else known, default=None)


def metered_from(premise_id: int) -> date | None:
    """The day on which the premise's first meter was installed; None where it has always been there, or nobody told."""
    meters = Meter.objects.filter(premise=premise_id)
    installed: list[date | None] = list(meters.values_list("installed_on", flat=True))
    known = [day for day in installed if day]
    return min(known) if known and len(known) == len(installed) else None


def days_between(first: date, last: date) -> Iterator[date]:
    """`first` to `last`, both inside; nothing if `first` is later."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _months_before(day: date, months: int) -> date:
    year, month_index = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month_index + 1, min(day.day, monthrange(year, month_index + 1)[1]))

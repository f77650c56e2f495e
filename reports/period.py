"""Which days a report covers (R2).

With D the Central day of the acceptance, the period ends on D - 1, the last complete day before it, and begins

* for 1 day on D - 1 itself,
* for 1, 3, 6 or 12 months on the day of the earlier month that has D's number, or on that month's last day if it has
  no such day: accepted on March 31, "1 month" is February 28 (29) to March 30.

It never begins before the present customer's service, if the TDSP reported that day: a customer cannot share a former
tenant's usage. The TDSP reports it with the meter's data, or by ending the former customer's claim of the ESIID.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max

from agreements.models import Agreement, ReportLength
from customers.models import EsiidClaim
from lib.central_time import ONE_DAY, add_months, central_day, days_between
from meters.models import Meter, Premise

# None: one day.
MONTHS: dict[str, int | None] = {
    ReportLength.ONE_DAY: None,
    ReportLength.ONE_MONTH: 1,
    ReportLength.THREE_MONTHS: 3,
    ReportLength.SIX_MONTHS: 6,
    ReportLength.ONE_YEAR: 12,
}


@dataclass(frozen=True)
class Period:
    """Central days `first` to `last`, both included; it would begin on `asked_first` but for the present service.

    `first` after `last`: the service began too late for any complete day, and nothing is covered.
    """

    asked_first: date
    first: date
    last: date

    def days(self) -> Iterator[date]:
        return days_between(self.first, self.last)


def report_period(accepted_at: datetime, length: str, service_start: date | None) -> Period:
    """Return the period for an acceptance at `accepted_at` (aware) and `length`, a value of ReportLength (R2)."""
    accepted_on = central_day(accepted_at)
    last = accepted_on - ONE_DAY
    months = MONTHS[length]
    asked_first = last if months is None else add_months(accepted_on, -months)
    return Period(asked_first, max(asked_first, service_start or asked_first), last)


def agreement_period(agreement: Agreement) -> Period:
    """Return the period of an accepted agreement's report (R2)."""
    assert agreement.ended_at is not None  # the constraint agreement_ended_unless_pending
    # All former claims by others; an unregistered customer has none of their own to leave out.
    former = EsiidClaim.objects.filter(premise=agreement.premise, until__lte=agreement.ended_at)
    former_end = former.exclude(customer=agreement.customer_id).aggregate(last=Max("until"))["last"]
    service_start = first_day_of_service(agreement.premise, former_end)
    return report_period(agreement.ended_at, agreement.report_length, service_start)


def first_day_of_service(premise: Premise, former_end: datetime | None) -> date | None:
    """Return the present customer's first day at `premise`, if the TDSP reported it (R2).

    `former_end` is when the last claim by another customer ended, if any; that day still belonged to that customer.
    """
    known = [premise.service_since] if premise.service_since else []
    return max([*known, central_day(former_end) + ONE_DAY] if former_end else known, default=None)


def metered_from(premise_id: int) -> date | None:
    """Return the day the premise's first meter was installed; None if that is unknown for any of its meters."""
    installed: list[date | None] = list(Meter.objects.filter(premise=premise_id).values_list("installed_on", flat=True))
    known = [day for day in installed if day]
    return min(known) if known and len(known) == len(installed) else None

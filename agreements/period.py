"""Which days a report covers (R2, R7).

The period ends with the latest Central day before the acceptance that is on file for the premise, if it is one of the
last settings.REPORT_LATEST_DAYS days: utilities deliver a day or two late. With L its last day, it begins

* for 1 day on L itself,
* for 1, 3, 6 or 12 months on the day of the earlier month that has the number of the day after L, or on that month's
  last day if it has no such day: for L = March 30, "1 month" begins on February 28 (29).

It is fixed at the acceptance. Where none of these days is on file, the agreement waits for one of them, at most
settings.REPORT_DATA_WAIT; then the period ends with the latest day on file in the period that would end on the day
before the acceptance.

It never begins before the present customer's service, if the TDSP reported that day: a customer cannot share a former
tenant's usage. The TDSP reports it with the meter's data, or by ending the former customer's claim of the ESIID.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max

from agreements.models import Agreement, ReportLength, ReportScope
from customers.models import EsiidClaim, first_day_of_service
from lib.central_time import ONE_DAY, add_months, central_day, days_between
from meters.addresses import group_by_street
from meters.usage.reader import latest_day_on_file

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


def report_period(last: date, length: str, service_start: date | None) -> Period:
    """Return the period that ends on `last` and has `length`, a value of ReportLength (R2)."""
    months = MONTHS[length]
    asked_first = last if months is None else add_months(last + ONE_DAY, -months)
    return Period(asked_first, max(asked_first, service_start or asked_first), last)


def awaited_days(accepted_at: datetime) -> tuple[date, date]:
    """Return the first and last Central day of which one has to be on file for an acceptance at `accepted_at` (R2)."""
    accepted_on = central_day(accepted_at)
    return accepted_on - timedelta(days=settings.REPORT_LATEST_DAYS), accepted_on - ONE_DAY


def awaited_days_of(agreement: Agreement, accepted_at: datetime) -> tuple[date, date]:
    """Return the `awaited_days` that can come for the customer of `agreement`: none of a former customer (R2, R7)."""
    earliest, yesterday = awaited_days(accepted_at)
    return max(earliest, _service_start(agreement, accepted_at) or earliest), yesterday


def acceptance_time(agreement: Agreement) -> datetime:
    """Return when `agreement`, which is complete, was accepted."""
    assert agreement.ended_at is not None  # the constraint agreement_ended_unless_pending
    return agreement.ended_at


def is_wait_over(agreement: Agreement, now: datetime) -> bool:
    """Return whether an agreement that waits for data has waited long enough (R7)."""
    return agreement.awaits_data_until is not None and agreement.awaits_data_until <= now


def find_period(agreement: Agreement, *, accepted_at: datetime, scope: ReportScope | None = None) -> Period | None:
    """Return the period of an acceptance at `accepted_at`; None if the report has to wait for its data (R7).

    `scope` is what is granted, by default what the agreement says (C9).
    """
    length = (scope or agreement.shared).report_length
    service_start = _service_start(agreement, accepted_at)
    earliest, yesterday = awaited_days(accepted_at)
    if service_start and service_start > yesterday:  # no day of this customer can ever come
        return report_period(yesterday, length, service_start)
    last = latest_day_on_file(agreement.premise_id, max(earliest, service_start or earliest), yesterday)
    return report_period(last, length, service_start) if last else None


def final_period(agreement: Agreement) -> Period:
    """Return the period of an accepted agreement whose wait for data is over (R7)."""
    length = agreement.shared.report_length
    service_start = _service_start(agreement, acceptance_time(agreement))
    _earliest, yesterday = awaited_days(acceptance_time(agreement))
    asked = report_period(yesterday, length, service_start)
    last = latest_day_on_file(agreement.premise_id, asked.first, yesterday)
    return report_period(last, length, service_start) if last else asked


def fixed_period(agreement: Agreement) -> Period:
    """Return the period of an accepted agreement that waits for no data."""
    assert agreement.period_first_day and agreement.period_last_day
    asked_first = report_period(agreement.period_last_day, agreement.shared.report_length, None).first
    return Period(asked_first, agreement.period_first_day, agreement.period_last_day)


def offered_period(agreement: Agreement, *, at: datetime, scope: ReportScope | None = None) -> Period | None:
    """Return the period that an acceptance at `at` would have, or has; None if it would wait for data (C7)."""
    if agreement.period_last_day:
        return fixed_period(agreement)
    return find_period(agreement, accepted_at=at, scope=scope)


def offer_context(agreements: Sequence[Agreement], *, at: datetime, scope: ReportScope | None = None) -> dict[str, Any]:
    """Return what `agreements/terms.html` needs: what an acceptance at `at` of each of a submission shares (C7, C9)."""
    offers = [(agreement, offered_period(agreement, at=at, scope=scope)) for agreement in agreements]
    return {
        "agreement": agreements[0],
        "offers": offers,
        "scope": scope or agreements[0].shared,
        "period": offers[0][1],
        "utilities": {agreement.tdsp_id: agreement for agreement in agreements}.values(),
        "streets": group_by_street(agreement.premise for agreement in agreements),
        "has_one_period": len({_days_in_words(agreement, period, scope, at) for agreement, period in offers}) == 1,
        "at": at,
        "data_wait_hours": settings.REPORT_DATA_WAIT // timedelta(hours=1),
    }


def _days_in_words(
    agreement: Agreement, period: Period | None, scope: ReportScope | None, at: datetime
) -> Period | tuple[date, date] | None:
    """Return the days that `agreements/offered_days.html` names of an offer."""
    if period or (scope or agreement.shared).report_length != ReportLength.ONE_DAY:
        return period
    return awaited_days_of(agreement, at)  # one day waits for one of those of the present service (R7)


def _service_start(agreement: Agreement, accepted_at: datetime) -> date | None:
    # All former claims by others; an unregistered customer has none to leave out.
    former = EsiidClaim.objects.former().filter(premise=agreement.premise, until__lte=accepted_at)
    former_end = former.exclude(customer=agreement.customer_id).aggregate(last=Max("until"))["last"]
    return first_day_of_service(agreement.premise, former_end)

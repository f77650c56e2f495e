"""A customer's meters, the days of their usage that the customer may see, and the CSV of some of these days (C5).

Nothing before the customer's own service is ever read (R2). Queries ask by premise and days only, as a report does, so
the cost of a page does not grow with the number of meters (R6).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from agreements.period import Period, first_day_of_service
from customers.models import EsiidClaim
from lib.central_time import ONE_DAY, central_day, utc_or_now
from meters.identifiers import VISIBLE_DIGITS
from meters.models import Premise
from meters.usage.partitions import FIRST_DAY
from meters.usage.reader import stream_usage
from reports.csv_layouts import csv_chunks, csv_layout
from reports.gzip_stream import CompressedFile, compress

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

    def readable_period(self, first: date, last: date, *, until: date) -> Period:
        """Return `first` to `last` without days before the customer's service (R2) and empty days after `until`."""
        return Period(first, max(first, self.service_start or FIRST_DAY), min(last, max(self.last or until, until)))


def current_claims(user: User) -> QuerySet[EsiidClaim]:
    """Return the claims of `user`, ordered by address, with what `load_meters` needs."""
    claims = EsiidClaim.objects.visible_to(user).with_former_end().select_related("premise__tdsp")
    return claims.order_by("premise__address", "premise__address_overflow", "pk")


def load_meters(claims: Iterable[EsiidClaim]) -> list[CustomerMeter]:
    """Return the meters of `claims`, which have `former_end`, with their first and last day; one query for all."""
    today = central_day(utc_or_now())
    service_starts = {claim: first_day_of_service(claim.premise, claim.former_end) for claim in claims}
    premises = [claim.premise_id for claim in service_starts]
    since = [day or FIRST_DAY for day in service_starts.values()]
    with connection.cursor() as cursor:
        cursor.execute(RECORDED_DAYS, {"premises": premises, "since": since, "today": today})
        days = {premise_id: (first, last) for premise_id, first, last in cursor.fetchall()}
    return [CustomerMeter(claim, today, day, *days[claim.premise_id]) for claim, day in service_starts.items()]


def write_usage_file(meter: CustomerMeter, *, type: str, first: date, last: date) -> tuple[str, CompressedFile | None]:
    """Return the name and the content of a CSV with the days up to yesterday; no content if there is no usage.

    It is the file that a third party would get for the same days and the same `type`, a ReportType (R3).
    """
    period = meter.readable_period(first, last, until=meter.today - ONE_DAY)
    layout, esiid = csv_layout(type), meter.premise.esiid
    file = compress(csv_chunks(layout, esiid, period, stream_usage(meter.premise.pk, period.first, period.last)))
    # Not the complete ESIID: browsers keep lists of file names.
    file_name = f"usage-{esiid[-VISIBLE_DIGITS:]}-{layout.slug}-{period.first}-{period.last}.csv"
    return file_name, file if file.line_count > 1 else None  # the first line is the header

"""A customer's meters, the days of their usage that the customer may see, and a file of some of these days (C5).

Nothing before the first day that the claim lets the customer see is ever read (R2, X7). Queries ask by premise and days
only, as a report does, so the cost of a page does not grow with the number of meters (R6).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from agreements.models import ReportType
from agreements.period import Period
from customers.models import EsiidClaim
from lib.central_time import CENTRAL, ONE_DAY, utc_or_now
from meters.identifiers import VISIBLE_DIGITS
from meters.models import FlowDirection, Meter, Premise
from meters.usage.reader import DayReadings, directions_on_file, stream_usage
from reports.csv_layouts import csv_chunks, csv_layout
from reports.file_responses import ReadyFile
from reports.formats import FileFormat, render_content
from reports.gzip_stream import compress
from reports.usage_content import UsageContent
from reports.usage_totals import usage_totals

# One row for each meter, or one with only `today` if there are none.
RECORDED_DAYS = """
    SELECT now.today, meter.premise_id,
        (SELECT u.day FROM usage_day u WHERE u.premise_id = meter.premise_id AND u.day BETWEEN meter.since AND now.today
         ORDER BY u.day LIMIT 1) AS first_day,
        (SELECT u.day FROM usage_day u WHERE u.premise_id = meter.premise_id AND u.day BETWEEN meter.since AND now.today
         ORDER BY u.day DESC LIMIT 1) AS last_day
    FROM (SELECT (clock_timestamp() AT TIME ZONE %(zone)s)::date AS today) AS now
    LEFT JOIN unnest(%(premises)s::int4[], %(since)s::date[]) AS meter (premise_id, since) ON true
"""


@dataclass(frozen=True)
class CustomerMeter:
    """A premise that the customer claims. `first` and `last` are its visible days with readings, if there are any.

    `visible_from` is the first day that the customer may see, None if the claim shows no usage (X7).
    """

    claim: EsiidClaim
    today: date
    visible_from: date | None
    first: date | None = None
    last: date | None = None

    @property
    def premise(self) -> Premise:
        return self.claim.premise

    @property
    def meter_name(self) -> str:
        return self.claim.meter_name

    @property
    def visible_meters(self) -> list[Meter]:
        """The premise's present meters, if the customer may see its usage."""
        return [meter for meter in self.premise.meters.all() if self.visible_from and not meter.removed_on]

    def readable_period(self, first: date, last: date, *, until: date) -> Period:
        """Return `first` to `last` without days that the customer may not see and empty days after `until` (R2, X7)."""
        assert self.visible_from
        return Period(first, max(first, self.visible_from), min(last, max(self.last or until, until)))


def current_claims(user: User) -> QuerySet[EsiidClaim]:
    """Return the claims of `user`, ordered by address, with what `load_meters` needs."""
    claims = EsiidClaim.objects.visible_to(user).select_related("premise__tdsp")
    return claims.order_by("premise__address", "premise__address_overflow", "pk")


def load_meters(claims: Iterable[EsiidClaim]) -> list[CustomerMeter]:
    """Return the meters of `claims`, which are visible, with their first and last day; one query for all."""
    first_days = {claim: claim.visible_from for claim in claims}
    with connection.cursor() as cursor:
        cursor.execute(RECORDED_DAYS, recorded_days_parameters(first_days))
        rows = cursor.fetchall()
    today, days = rows[0][0], {premise_id: (first, last) for _today, premise_id, first, last in rows}
    return [CustomerMeter(claim, today, day, *days.get(claim.premise_id, ())) for claim, day in first_days.items()]


def recorded_days_parameters(first_days: Mapping[EsiidClaim, date | None]) -> dict[str, Any]:
    """Return the parameters of RECORDED_DAYS for claims and the first day that each lets its customer see."""
    readable = {claim.premise_id: day for claim, day in first_days.items() if day}
    return {"premises": list(readable), "since": list(readable.values()), "zone": str(CENTRAL)}


def usage_file(meter: CustomerMeter, *, type: str, format: str, first: date, last: date) -> ReadyFile | None:
    """Return a file with the readings of now for the days up to yesterday; None if there are none.

    It has what a third party would get for the same days, the same `type`, a ReportType, and `format`, a FileFormat
    (R3, R8).
    """
    period = meter.readable_period(first, last, until=meter.today - ONE_DAY)
    esiid, report_format = meter.premise.esiid, FileFormat(format)

    def read_days(channel: FlowDirection | None) -> Iterator[DayReadings]:
        days = stream_usage(meter.premise.pk, period.first, period.last)
        return (usage for usage in days if channel in (None, usage.channel))

    if report_format == FileFormat.CSV:
        file = compress(csv_chunks(csv_layout(type), esiid, period, read_days(None)))
        has_usage = file.line_count > 1  # the first line is the header
    else:
        meters = meter.visible_meters
        content = UsageContent(
            esiid=esiid,
            meter_number=meters[0].number if len(meters) == 1 else "",
            agreement_number="",
            report_type=type,
            period=period,
            made_at=utc_or_now(),
            directions=directions_on_file(meter.premise.pk, period.first, period.last),
            read=read_days
            if type == ReportType.INTERVAL
            else lambda channel: usage_totals(type, period, read_days(channel)),
        )
        file, has_usage = render_content(report_format, content), bool(content.directions)
    # Not the complete ESIID: browsers keep lists of file names.
    begin, end = f"usage-{esiid[-VISIBLE_DIGITS:]}", f"-{period.first}-{period.last}"
    name = report_format.file_name(begin, type, end)
    ready = ReadyFile(name, report_format.content_type, file.size, file.sha256, file.gzipped)
    return ready if has_usage else None

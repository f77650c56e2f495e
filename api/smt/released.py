"""What released reports hold of the days that a message asks for (M12, M13)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from agreements.models import Agreement, AgreementStage, ReportType
from agreements.period import Period
from agreements.permissions import acting_member
from api.authentication import Caller
from api.smt.failures import SmtFailure
from api.v1.agreements import denied_problem, own_agreements
from lib.central_time import utc_or_now
from meters.models import FlowDirection
from meters.usage.reader import UNDATED, DayReadings
from reports.downloads import DownloadRefused, lock_file, log_download
from reports.file_responses import file_response
from reports.formats import FileFormat
from reports.models import Report
from reports.stored_readings import read_days, read_totals
from reports.usage_totals import UsageTotal, daily_totals, monthly_totals, months_of_days

# Of an agreement that has released its report, also one that is deleted or has no reading.
RELEASED_STAGES = (AgreementStage.READY, AgreementStage.NO_DATA, AgreementStage.PURGED)
UNRELEASED = "No completed agreement gives you data for this ESIID."
NO_READINGS = "No data received from the respective TDSP"


class AskedDays(NamedTuple):
    """The days and directions that a message asks for."""

    first: date
    last: date
    channels: frozenset[FlowDirection]


class FoundRow(NamedTuple):
    """A day's readings or a total, with the time of its revision or, without one, of its report."""

    row: DayReadings | UsageTotal
    revision_at: datetime


class FoundRows(NamedTuple):
    """Rows by day and direction, and the part of the asked days that their reports cover."""

    rows: list[FoundRow]
    first: date
    last: date


ReadRows = Callable[[Report, bytes], Iterable[DayReadings] | Iterable[UsageTotal]]


def released_agreements(caller: Caller, esiid: str, report_types: Sequence[ReportType]) -> list[Agreement]:
    """Return the agreements that release data of this meter as one of `report_types`, the newest answer first.

    Raises SmtFailure if there are none: whether the ESIID exists is not said. Raises ApiProblem without permission.
    """
    try:
        acting_member(caller.user, "may_download")
    except PermissionDenied as denied:
        raise denied_problem(caller, denied) from denied
    released = own_agreements(caller).filter(esiid=esiid, stage__in=RELEASED_STAGES).select_related("report")
    newest_first = released.order_by("-ended_at", "-number")
    agreements = [agreement for agreement in newest_first if agreement.shared.report_type in report_types]
    if not agreements:
        raise SmtFailure(403, "1003", UNRELEASED)
    return agreements


def _ready_reports(agreements: Iterable[Agreement]) -> list[Report]:
    return [agreement.report for agreement in agreements if agreement.stage == AgreementStage.READY]


def find_rows(
    caller: Caller, esiid: str, asked: AskedDays, report_types: Sequence[ReportType], read_rows: ReadRows
) -> FoundRows:
    """Return the rows that overlap the asked days, each from the newest report that has it, and log the downloads.

    Raises SmtFailure if no report releases them, or none has a reading.
    """
    found: dict[tuple[date, int], FoundRow] = {}
    covered: list[Report] = []
    for report in _ready_reports(released_agreements(caller, esiid, report_types)):
        if report.last_day < asked.first or report.first_day > asked.last:
            continue
        with transaction.atomic():
            try:
                file = lock_file(report, FileFormat.CSV)
            except DownloadRefused:  # deleted or disavowed a moment ago
                continue
            new = {}
            for row in read_rows(report, file.gzipped):
                first, last = (row.first, row.last) if isinstance(row, UsageTotal) else (row.day, row.day)
                key = (first.replace(day=1) if read_rows == read_monthly else first, row.channel)
                if row.channel not in asked.channels or first > asked.last or last < asked.first or key in found:
                    continue
                if isinstance(row, UsageTotal) or row.wh.count(None) < len(row.wh):
                    assert report.made_at
                    new[key] = FoundRow(row, report.made_at if row.revision_at == UNDATED else row.revision_at)
            if new:
                log_download(report, FileFormat.CSV, by=caller.user, at=utc_or_now(), is_partial=True)
                covered.append(report)
                found |= new
    if not found:
        raise SmtFailure(404, "1", NO_READINGS)
    first = max(asked.first, min(report.first_day for report in covered))
    last = min(asked.last, max(report.last_day for report in covered))
    return FoundRows([row for _key, row in sorted(found.items())], first, last)


def read_intervals(report: Report, gzipped: bytes) -> Iterable[DayReadings]:
    return read_days(gzipped)


def read_daily(report: Report, gzipped: bytes) -> Iterable[UsageTotal]:
    if report.agreement.shared.report_type == ReportType.INTERVAL:
        return daily_totals(read_days(gzipped))
    return read_totals(gzipped, ReportType.DAILY, None)


def read_monthly(report: Report, gzipped: bytes) -> Iterable[UsageTotal]:
    """Return the report's calendar months; a month that the report covers in part is as short as there."""
    report_type = report.agreement.shared.report_type
    period = Period(report.asked_first_day, report.first_day, report.last_day)
    if report_type == ReportType.INTERVAL:
        return monthly_totals(period, read_days(gzipped))
    totals = read_totals(gzipped, report_type, None)
    return months_of_days(period, totals) if report_type == ReportType.DAILY else totals


def send_file(
    request: HttpRequest, caller: Caller, esiid: str, report_types: Sequence[ReportType], report_format: FileFormat
) -> HttpResponseBase:
    """Return the file of the newest ready report, whole, and log the download. Raises SmtFailure."""
    for report in _ready_reports(released_agreements(caller, esiid, report_types)):
        request.META.pop("HTTP_IF_NONE_MATCH", None)  # a message has no cache
        with transaction.atomic():
            try:
                response = file_response(request, lock_file(report, report_format))
            except DownloadRefused:
                continue
            log_download(report, report_format, by=caller.user, at=utc_or_now(), is_partial=True)
            return response
    raise SmtFailure(404, "1", NO_READINGS)

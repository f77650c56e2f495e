"""Downloads: who may download a report in which format, and the log of downloads (R5, R8, T12)."""

from __future__ import annotations

import csv
import logging
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import BinaryField, TextChoices
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements.locks import lock_agreement
from agreements.models import Agreement, Review
from agreements.models.review import REVIEW_PREVENTS_REPORT, REVIEW_REFUSES_REPORT
from agreements.permissions import acting_member
from agreements.states import ReportState
from companies.models import membership_of
from customers.models import EsiidClaim
from lib.central_time import utc_or_now
from reports.emails import queue_first_download
from reports.file_responses import ReadyFile, file_response
from reports.formats import FileFormat
from reports.gzip_stream import GZIP_FORMAT
from reports.models import Download, Report, ReportFile
from reports.renderings import file_in_format

logger = logging.getLogger(__name__)
PARTS_TOGETHER = timedelta(minutes=1)
FIRST_BYTES = 8192  # of a compressed file, more than enough for some rows


class DownloadRefusal(TextChoices):
    """Why there is nothing to download; reports/unavailable.html says more than the title."""

    NOT_A_MEMBER = "not_a_member", _("You can't download this report")
    NOT_PERMITTED = "not_permitted", _("You can't download this report")
    NOT_ACCEPTED = "not_accepted", _("There is no report for this agreement")
    REFUSED = "refused", _("There is no report for this agreement")
    UNDER_REVIEW = "under_review", _("The report is not ready yet")
    AWAITING_DATA = "awaiting_data", _("The report is not ready yet")
    BEING_MADE = "being_made", _("The report is not ready yet")
    FAILED = "failed", _("We couldn't make the report")
    FILE_DELETED = "file_deleted", _("The report file was deleted")
    FILE_MISSING = "file_missing", _("The report file is missing")
    NO_DATA = "no_data", _("There is no report for this agreement")

    @property
    def http_status(self) -> int:
        statuses = {self.NOT_A_MEMBER: 403, self.NOT_PERMITTED: 403, self.FILE_DELETED: 410}
        not_yet = (self.UNDER_REVIEW, self.AWAITING_DATA, self.BEING_MADE, self.FAILED)
        return 409 if self in not_yet else statuses.get(self, 404)


# For a state in which nothing can be downloaded; a ready report only if its file is missing.
STATE_REFUSALS = {
    ReportState.AWAITING_DATA: DownloadRefusal.AWAITING_DATA,
    ReportState.DUE: DownloadRefusal.BEING_MADE,
    ReportState.MAKING: DownloadRefusal.BEING_MADE,
    ReportState.RETRYING: DownloadRefusal.BEING_MADE,
    ReportState.FAILED: DownloadRefusal.FAILED,
    ReportState.PURGED: DownloadRefusal.FILE_DELETED,
    ReportState.READY: DownloadRefusal.FILE_MISSING,
    ReportState.NO_DATA: DownloadRefusal.NO_DATA,
}


class DownloadRefused(Exception):
    """Nothing can be downloaded now; `detail` may name the cause."""

    def __init__(self, refusal: DownloadRefusal, detail: str = "") -> None:
        super().__init__(refusal.value)
        self.refusal, self.detail = refusal, detail


def downloadable_report(agreement: Agreement, states: set[ReportState], *, by: User) -> Report:
    """Return the report of `agreement`, which is in one of `states`; otherwise raise DownloadRefused.

    The permission comes first: users without it learn nothing about the file.
    """
    if membership_of(by) is None:
        raise DownloadRefused(DownloadRefusal.NOT_A_MEMBER)
    try:
        acting_member(by, "may_download")
    except PermissionDenied as denied:
        raise DownloadRefused(DownloadRefusal.NOT_PERMITTED, str(denied)) from denied
    if agreement.review == Review.HELD:
        raise DownloadRefused(DownloadRefusal.UNDER_REVIEW)
    state = ReportState(agreement.report_state)
    if state == ReportState.NONE:
        is_refused = agreement.review in REVIEW_REFUSES_REPORT
        raise DownloadRefused(DownloadRefusal.REFUSED if is_refused else DownloadRefusal.NOT_ACCEPTED)
    if state not in states:
        raise DownloadRefused(STATE_REFUSALS[state])
    report: Report = agreement.report
    return report


def customer_may_download(agreement: Agreement, user: User) -> bool:
    """Return whether a customer who sees the agreement may have the file too (R8).

    Only with a claim that shows all days of the report on the usage pages: an email's link shows no readings (X7).
    """
    if agreement.report_state != ReportState.READY or agreement.review in REVIEW_PREVENTS_REPORT:
        return False
    claims = EsiidClaim.objects.visible_to(user).filter(premise=agreement.premise_id)
    first_days = [claim.visible_from for claim in claims]
    return any(first is not None and first <= agreement.report.first_day for first in first_days)


@transaction.atomic
def copy_response(request: HttpRequest, report: Report, report_format: FileFormat) -> HttpResponseBase:
    """Return what a customer asks of the own file; raise DownloadRefused. Only the company's downloads are logged."""
    return file_response(request, lock_file(report, report_format))


@transaction.atomic
def record_download(report: Report, *, by: User, at: datetime | None = None) -> bytes:
    """Log the download of the CSV and return the file's gzipped bytes; raise DownloadRefused if there are none (R5)."""
    file = lock_file(report, FileFormat.CSV)
    log_download(report, FileFormat.CSV, by=by, at=utc_or_now(at))
    return file.gzipped


@transaction.atomic
def download_response(request: HttpRequest, report: Report, report_format: FileFormat, *, by: User) -> HttpResponseBase:
    """Return what the request asks of the report's file; raise DownloadRefused if there is none (R5, R8).

    Each response with content is logged before its first byte goes out: a HEAD or an unchanged file is no download.
    """
    response = file_response(request, lock_file(report, report_format))
    if request.method == "GET" and response.status_code in (200, 206):
        log_download(report, report_format, by=by, at=utc_or_now(), is_partial=response.status_code == 206)
    return response


def lock_file(report: Report, report_format: FileFormat) -> ReadyFile:
    """Return the report's file, which no purge and no review takes away before the transaction ends.

    Raises DownloadRefused.
    """
    agreement = lock_agreement(report.agreement)
    report.refresh_from_db(from_queryset=Report.objects.select_for_update(no_key=True))
    report.agreement = agreement
    if agreement.review in REVIEW_PREVENTS_REPORT:  # disavowed a moment ago (X1)
        raise DownloadRefused(DownloadRefusal.UNDER_REVIEW)
    file = file_in_format(report, report_format)
    if file is None:
        if report.state == ReportState.READY:  # for example after a restore of some tables only
            logger.error("A report is ready, but its file is missing: %s", report.pk)
        raise DownloadRefused(STATE_REFUSALS[report.state])
    return file


def log_download(
    report: Report, report_format: FileFormat, *, by: User, at: datetime, is_partial: bool = False
) -> None:
    """Log a download of a locked report. Parts of one file within PARTS_TOGETHER are one download."""
    if is_partial:
        same = Download.objects.filter(report=report, format=report_format, by=by)
        if same.filter(at__gt=at - PARTS_TOGETHER).exists():
            return
    download = Download.objects.create(report=report, by=by, format=report_format, at=at)
    if Agreement.objects.filter(pk=report.agreement_id, downloaded_at=None).update(downloaded_at=at):
        queue_first_download(download)


@dataclass(frozen=True)
class FilePreview:
    """The header and the first rows of a report's file, and the counts of its days (see ReportFile)."""

    first_rows: list[list[str]]
    day_counts: dict[str, list[list[int]]] | None


def preview_file(agreement: Agreement, row_count: int) -> FilePreview:
    """Return what a page shows of the report's file; nothing before its first download.

    What was downloaded is shown to the customer (R5), so nothing of the file is shown before. Reads its beginning only.
    """
    if agreement.downloaded_at is None or agreement.report_state != ReportState.READY:
        return FilePreview([], None)
    head = Substr("gzipped", 1, FIRST_BYTES, output_field=BinaryField())
    file = ReportFile.objects.filter(report__agreement=agreement.pk).values_list(head, "day_counts").first()
    if file is None:
        return FilePreview([], None)
    beginning, day_counts = file
    text = zlib.decompressobj(GZIP_FORMAT).decompress(bytes(beginning)).decode(errors="ignore")
    lines = text.splitlines(keepends=True)
    rows = list(csv.reader(line for line in lines[: row_count + 1] if line.endswith("\n")))
    return FilePreview(rows, day_counts)

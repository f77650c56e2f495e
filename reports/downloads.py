"""Downloads: who may download a report, the log of downloads, and the responses that carry a file (R5, T12)."""

from __future__ import annotations

import csv
import logging
import zlib
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import BinaryField, TextChoices
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements.locks import lock_agreement
from agreements.models import Agreement, Review
from agreements.models.review import REVIEW_PREVENTS_REPORT, REVIEW_REFUSES_REPORT
from agreements.permissions import acting_member
from agreements.states import ReportState
from companies.models import membership_of
from lib.central_time import utc_or_now
from reports.emails import queue_first_download
from reports.gzip_stream import GZIP_FORMAT, decompress
from reports.models import Download, Report, ReportFile

logger = logging.getLogger(__name__)
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


def record_download(report: Report, *, by: User, at: datetime | None = None) -> bytes:
    """Log the download and return the file's gzipped bytes; raise DownloadRefused if there are none (R5)."""
    with transaction.atomic():
        agreement = lock_agreement(report.agreement)
        # The lock keeps a purge from removing the file between the log's row and the bytes.
        report.refresh_from_db(from_queryset=Report.objects.select_for_update(no_key=True))
        report.agreement = agreement
        if agreement.review in REVIEW_PREVENTS_REPORT:  # disavowed a moment ago (X1)
            raise DownloadRefused(DownloadRefusal.UNDER_REVIEW)
        file = ReportFile.objects.filter(pk=report.pk).first()
        if file is None:
            if report.state == ReportState.READY:  # for example after a restore of some tables only
                logger.error("A report is ready, but its file is missing: %s", report.pk)
            raise DownloadRefused(STATE_REFUSALS[report.state])
        at = utc_or_now(at)
        download = Download.objects.create(report=report, by=by, at=at)
        if Agreement.objects.filter(pk=agreement.pk, downloaded_at=None).update(downloaded_at=at):
            queue_first_download(download)
        return bytes(file.gzipped)


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


def file_response(request: HttpRequest, file_name: str, size: int, gzipped: bytes) -> HttpResponseBase:
    """Return a CSV: as it is stored to a browser that accepts gzip, otherwise decompressed while it is sent."""
    if accepts_gzip(request):
        headers = file_headers(file_name, len(gzipped)) | {"Content-Encoding": "gzip"}
        response: HttpResponseBase = HttpResponse(gzipped, headers=headers)
    else:
        response = StreamingHttpResponse(decompress(gzipped), headers=file_headers(file_name, size))
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def file_headers(
    file_name: str, size: int | None = None, content_type: str = "text/csv; charset=utf-8"
) -> dict[str, str]:
    """Return the headers of a file to download, whose size in bytes may not be known yet."""
    return {
        "Content-Type": content_type,
        "Content-Disposition": content_disposition_header(True, file_name) or "attachment",
        "Cache-Control": "private, no-store",
        **({} if size is None else {"Content-Length": str(size)}),
    }


def accepts_gzip(request: HttpRequest) -> bool:
    """Return whether the Accept-Encoding header names gzip, or anything, with a weight above 0."""
    weights: dict[str, float] = {}
    for item in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _semicolon, parameter = (part.strip() for part in item.partition(";"))
        try:
            weights[name] = float(parameter.removeprefix("q=") or 1)
        except ValueError:
            weights[name] = 0
    return weights.get("gzip", weights.get("*", 0)) > 0

"""Who may download a report's file, the reason why not, and the response that carries the file (R5, T12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.formats import date_format
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from accounts.models import User
from agreements.models import Agreement
from agreements.permissions import acting_member
from agreements.states import Status
from companies.models import membership_of
from lib.central_time import CENTRAL
from reports.gzip_stream import decompress
from reports.manifest import manifest_name, render_manifest
from reports.models import Report, ReportState

CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True)
class DownloadRefusal:
    """Why there is nothing to download: the HTTP status, the cause and the next step, for people."""

    status: int
    title: str
    cause: str
    next_step: str


def permission_refusal(user: User) -> DownloadRefusal | None:
    """Return why `user` may download no report; None if they may.

    Ask this before `file_refusal`: users without the permission learn nothing about the file.
    """
    title = _("You can't download this report")
    if membership_of(user) is None:
        return DownloadRefusal(
            403,
            title,
            _("Only users of the third party with permission to download can download a report."),
            _("The agreement's page shows what the report covers and who downloaded it."),
        )
    try:
        acting_member(user, "may_download")
    except PermissionDenied as denied:
        next_step = _("Nothing was downloaded. The report has not changed.")
        return DownloadRefusal(403, title, str(denied), next_step)
    return None


def file_refusal(agreement: Agreement, states: tuple[ReportState, ...] = ()) -> DownloadRefusal | None:
    """Return why the report of `agreement` cannot be downloaded; None if it is in one of `states`."""
    report: Report | None = getattr(agreement, "report", None)
    if report is not None and report.state in states:
        return None
    if report is None and agreement.status != Status.COMPLETE:
        return DownloadRefusal(
            404,
            _("There is no report for this agreement"),
            _("We make a report only after the customer accepts. The status of this agreement is %(status)s.")
            % {"status": agreement.get_status_display()},
            _("Open the agreement to see what happened and what you can do."),
        )
    if report is None or report.state == ReportState.FAILED:
        return DownloadRefusal(
            409,
            _("The report is not ready yet"),
            _("It is still being made."),
            _("Try again in a few minutes. We'll email you when it's ready."),
        )
    if report.state == ReportState.PURGED and report.purged_at:
        removed_on = date_format(report.purged_at.astimezone(CENTRAL), "DATE_FORMAT")
        return DownloadRefusal(
            410,
            _("The report file was deleted"),
            _("We keep files for a limited time. This one was deleted on %(day)s.") % {"day": removed_on},
            _("If you still need the data, create a new agreement."),
        )
    if report.state == ReportState.READY:
        return DownloadRefusal(
            404,
            _("The report's file is missing"),
            _("The report was made, but we can't find its file."),
            _("Contact the operator of this portal and give the agreement number."),
        )
    return DownloadRefusal(
        404,
        _("There is no report for this agreement"),
        _("There are no readings for the period, so no report was made."),
        _("Open the agreement to see the period. If you expected readings, contact the utility that owns the meter."),
    )


def file_response(request: HttpRequest, file_name: str, size: int, gzipped: bytes) -> HttpResponseBase:
    """Return the CSV: as it is stored to a browser that accepts gzip, otherwise decompressed while it is sent."""
    if accepts_gzip(request):
        response = _attachment(HttpResponse(gzipped), file_name, CSV, len(gzipped))
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = plain_response(file_name, size, decompress(gzipped))
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def plain_response(file_name: str, size: int, chunks: Iterable[bytes] = ()) -> HttpResponseBase:
    """Return the CSV without compression; without `chunks` only its headers, for HEAD, which downloads nothing."""
    return _attachment(StreamingHttpResponse(chunks), file_name, CSV, size)


def manifest_response(report: Report) -> HttpResponseBase:
    content = render_manifest(report)
    return _attachment(HttpResponse(content), manifest_name(report), "application/json", len(content))


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


def _attachment(response: HttpResponseBase, name: str, content_type: str, size: int) -> HttpResponseBase:
    response.headers["Content-Type"] = content_type
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["Content-Length"] = str(size)
    response.headers["Cache-Control"] = "private, no-store"
    return response

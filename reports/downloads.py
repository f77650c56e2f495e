"""Who may fetch a report's file, why somebody may not, and the response that carries it (R5, T12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
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
from reports.gzip_stream import unpack
from reports.manifest import manifest, manifest_name
from reports.models import Report, ReportState


@dataclass(frozen=True)
class Refusal:
    """Why there is nothing to download: the HTTP status, the cause and the next step in a person's words."""

    status: int
    title: str
    cause: str
    next_step: str


def refusal(user: User, agreement: Agreement, *, states: tuple[ReportState, ...]) -> Refusal | None:
    """Why `user`, who sees `agreement`, cannot fetch its report now; None where the report is in one of `states`.

    The permission comes first: somebody who may not download learns nothing from the answer about the file.
    """
    return _not_allowed(user) or _not_there(agreement, states)


def report_of(agreement: Agreement) -> Report | None:
    """The record of the agreement's report; None before there is one."""
    try:
        report: Report = agreement.report
    except ObjectDoesNotExist:
        return None
    return report


class Described(Protocol):
    """What is said about a file: its name, and the size of the bytes inside."""

    @property
    def file_name(self) -> str: ...
    @property
    def size(self) -> int: ...


def file_response(request: HttpRequest, file: Described, gzipped: bytes) -> HttpResponseBase:
    """The CSV: as it is kept for a browser that takes gzip, else unpacked on its way."""
    if accepts_gzip(request):
        response = _attachment(HttpResponse(gzipped), file.file_name, "text/csv; charset=utf-8", len(gzipped))
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = head_response(file, unpack(gzipped))
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def head_response(file: Described, chunks: Iterable[bytes] = ()) -> HttpResponseBase:
    """The CSV without compression; without `chunks` only its headers, for HEAD, which downloads nothing."""
    return _attachment(StreamingHttpResponse(chunks), file.file_name, "text/csv; charset=utf-8", file.size)


def manifest_response(report: Report) -> HttpResponseBase:
    content = manifest(report)
    return _attachment(HttpResponse(content), manifest_name(report), "application/json", len(content))


def accepts_gzip(request: HttpRequest) -> bool:
    """Does the Accept-Encoding header name gzip, or anything, with a weight above 0?"""
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


def _not_allowed(user: User) -> Refusal | None:
    title = _("You cannot download this report")
    if membership_of(user) is None:
        return Refusal(
            403,
            title,
            _("Only users of the third party who have the download permission can fetch a report."),
            _("The agreement's page shows what the report covers and who fetched it."),
        )
    try:
        acting_member(user, "may_download")
    except PermissionDenied as denied:
        return Refusal(403, title, str(denied), _("Nothing was downloaded. The report stays where it is meanwhile."))
    return None


def _not_there(agreement: Agreement, states: tuple[ReportState, ...]) -> Refusal | None:
    report = report_of(agreement)
    if report is not None and report.state in states:
        return None
    if report is None and agreement.status != Status.COMPLETE:
        return Refusal(
            404,
            _("There is no report for this agreement"),
            _("A report is made only after the customer accepted. This agreement is: %(status)s.")
            % {"status": agreement.get_status_display()},
            _("Open the agreement to see what happened and what you can do."),
        )
    if report is None or report.state == ReportState.FAILED:
        return Refusal(
            409,
            _("The report is not ready yet"),
            _("It is still being made."),
            _("Try again in a few minutes. You get an email when it is ready."),
        )
    if report.state == ReportState.PURGED and report.purged_at:
        removed = date_format(report.purged_at.astimezone(CENTRAL), "DATE_FORMAT")
        return Refusal(
            410,
            _("The report's file was removed"),
            _("Files are kept for a limited time. This one was removed on %(day)s.") % {"day": removed},
            _("If you still need the data, ask the customer with a new agreement."),
        )
    return Refusal(
        404,
        _("There is no report for this agreement"),
        _("The meter recorded no data in the period, so no report was made."),
        _("Open the agreement to see the period. If you expected data, ask the utility that owns the meter."),
    )

"""Operations about the report of an agreement: what it covers, its manifest and its file (V9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from agreements.models import Agreement
from agreements.states import ReportState
from api.authentication import Access, Caller
from api.problems import ApiProblem
from api.request_limits import DOWNLOAD
from api.v1.agreement_schemas import ReportAnswer
from api.v1.agreements import READING, denied_problem, own_agreement
from api.v1.examples import MANIFEST, REPORT, USAGE
from api.v1.interface import interface
from api.v1.representation import report_values
from reports.downloads import DownloadRefusal, DownloadRefused, download_response, downloadable_report
from reports.file_responses import file_headers
from reports.formats import FileFormat
from reports.manifest import manifest_name, render_manifest
from reports.models import Report

DOWNLOADING = "reports:read"
# Of what is not ready: after how many seconds it is worth asking again.
_RETRY_SECONDS = {DownloadRefusal.BEING_MADE: 60, DownloadRefusal.AWAITING_DATA: 3600, DownloadRefusal.FAILED: 3600}
_PROBLEMS = {
    DownloadRefusal.UNDER_REVIEW: "report-held",
    DownloadRefusal.AWAITING_DATA: "report-not-ready",
    DownloadRefusal.BEING_MADE: "report-not-ready",
    DownloadRefusal.FAILED: "report-not-ready",
    DownloadRefusal.FILE_DELETED: "report-purged",
    DownloadRefusal.NO_DATA: "report-no-data",
}
_FILE_PROBLEMS = [
    "not-found", "no-report", "report-no-data", "report-held", "report-not-ready", "report-purged", "company-pending",
    "company-suspended",
]  # fmt: skip


@interface.get(
    "/agreements/{number}/report",
    operation_id="getReport",
    auth=Access(READING),
    response=ReportAnswer,
    openapi_extra={"x-problems": ["not-found"], "x-examples": {200: REPORT}},
)
def get_report(request: HttpRequest, number: str) -> dict[str, Any]:
    """Read what the report covers

    The report's state, days, gaps, totals, files, and downloads.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    agreement = own_agreement(caller, number, "report")
    return report_values(agreement, getattr(agreement, "report", None))


def _file_operation(report_format: FileFormat, operation_id: str, **extra: Any) -> Callable[[Any], Any]:
    """Return the decorator of a download: GET and HEAD, by the name that the file has on the pages."""
    return interface.api_operation(
        ["GET", "HEAD"],
        f"/agreements/{{number}}/report/{report_format.path_name}",
        operation_id=operation_id,
        auth=Access(READING, DOWNLOADING, policy=DOWNLOAD),
        openapi_extra={
            "x-problems": _FILE_PROBLEMS,
            "x-file": report_format.content_type.partition(";")[0],
            "x-ranges": True,
            **extra,
        },
    )


@_file_operation(FileFormat.CSV, "downloadCsv")
def download_csv(request: HttpRequest, number: str) -> HttpResponseBase:
    """Download the report as CSV

    Has the columns of Smart Meter Texas files, in Central Time.
    """
    return _download(request, number, FileFormat.CSV)


@_file_operation(FileFormat.UTC_CSV, "downloadUtcCsv", **{"x-problems": [*_FILE_PROBLEMS, "no-such-format"]})
def download_utc_csv(request: HttpRequest, number: str) -> HttpResponseBase:
    """Download the report as CSV with UTC times

    One row for each quarter hour, with its time in UTC. Only for 15-minute readings.
    """
    return _download(request, number, FileFormat.UTC_CSV)


@_file_operation(
    FileFormat.JSON,
    "downloadJson",
    **{"x-schema": {"$ref": "#/components/schemas/UsageFile"}, "x-examples": {200: USAGE}},
)
def download_json(request: HttpRequest, number: str) -> HttpResponseBase:
    """Download the report as JSON

    Whole watt-hours. An entry of wh is a quarter hour: entry i begins 15·i minutes after first_interval_at.
    """
    return _download(request, number, FileFormat.JSON)


@_file_operation(FileFormat.GREEN_BUTTON, "downloadGreenButton")
def download_green_button(request: HttpRequest, number: str) -> HttpResponseBase:
    """Download the report as Green Button XML

    An Atom feed that passes the public schema of NAESB ESPI 4.0.
    """
    return _download(request, number, FileFormat.GREEN_BUTTON)


def _download(request: HttpRequest, number: str, report_format: FileFormat) -> HttpResponseBase:
    caller: Caller = request.auth  # type: ignore[attr-defined]
    report = _downloadable(caller, number, {ReportState.READY})
    if report_format not in report.formats:
        raise ApiProblem("no-such-format")
    try:
        response = download_response(request, report, report_format, by=caller.user)
    except DownloadRefused as refused:
        raise _problem(caller, report.agreement, refused) from refused
    if response.status_code == 416:
        headers = {name: value for name, value in response.items() if name in ("Content-Range", "Accept-Ranges")}
        raise ApiProblem("range-not-satisfiable", headers=headers)
    return response


@interface.api_operation(
    ["GET", "HEAD"],
    "/agreements/{number}/report/manifest.json",
    operation_id="downloadManifest",
    auth=Access(READING, DOWNLOADING, policy=DOWNLOAD),
    openapi_extra={
        "x-problems": _FILE_PROBLEMS,
        "x-file": "application/json",
        "x-schema": {"type": "object"},
        "x-examples": {200: MANIFEST},
    },
)
def download_manifest(request: HttpRequest, number: str) -> HttpResponse:
    """Download the manifest

    What the report covers, in the same file that users download from the portal. We keep it longer than the report's
    file.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    report = _downloadable(caller, number, {ReportState.READY, ReportState.PURGED})
    manifest = render_manifest(report)
    headers = file_headers(manifest_name(report), len(manifest), "application/json")
    return HttpResponse(manifest, headers=headers)


def _downloadable(caller: Caller, number: str, states: set[ReportState]) -> Report:
    agreement = own_agreement(caller, number, "report")
    try:
        return downloadable_report(agreement, states, by=caller.user)
    except DownloadRefused as refused:
        raise _problem(caller, agreement, refused) from refused


def _problem(caller: Caller, agreement: Agreement, refused: DownloadRefused) -> ApiProblem:
    """Return the problem for what the portal's page says in a sentence."""
    if refused.refusal in (DownloadRefusal.NOT_PERMITTED, DownloadRefusal.NOT_A_MEMBER):
        return denied_problem(caller, PermissionDenied(refused.detail))
    code = _PROBLEMS.get(refused.refusal, "no-report")
    return ApiProblem(code, f"{refused.refusal.label}.", retry_seconds=_RETRY_SECONDS.get(refused.refusal))

"""Operations about the report of an agreement: what it covers, its manifest and its file (V9)."""

from __future__ import annotations

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
from api.v1.examples import REPORT
from api.v1.interface import interface
from api.v1.representation import report_values
from reports.downloads import DownloadRefusal, DownloadRefused, download_response, downloadable_report
from reports.file_responses import file_headers
from reports.formats import FileFormat
from reports.manifest import manifest_name, render_manifest
from reports.models import Report

DOWNLOADING = "reports:read"
_RETRY_SECONDS = 60
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

    Its state, days, gaps and totals, the files that there are, and who downloaded them.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    agreement = own_agreement(caller, number, "report")
    return report_values(agreement, getattr(agreement, "report", None))


@interface.api_operation(
    ["GET", "HEAD"],
    "/agreements/{number}/report/usage.csv",
    operation_id="downloadCsv",
    auth=Access(READING, DOWNLOADING, policy=DOWNLOAD),
    openapi_extra={"x-problems": _FILE_PROBLEMS, "x-file": "text/csv"},
)
def download_csv(request: HttpRequest, number: str) -> HttpResponseBase:
    """Download the report

    The CSV as the portal gives it, gzip-compressed if you accept that. The customer sees each download; HEAD is none.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    report = _downloadable(caller, number, {ReportState.READY})
    try:
        return download_response(request, report, FileFormat.CSV, by=caller.user)
    except DownloadRefused as refused:
        raise _problem(caller, report.agreement, refused) from refused


@interface.api_operation(
    ["GET", "HEAD"],
    "/agreements/{number}/report/manifest.json",
    operation_id="downloadManifest",
    auth=Access(READING, DOWNLOADING, policy=DOWNLOAD),
    openapi_extra={"x-problems": _FILE_PROBLEMS, "x-file": "application/json"},
)
def download_manifest(request: HttpRequest, number: str) -> HttpResponse:
    """Download the manifest

    What the report covers, as the portal gives it, byte for byte. It is kept longer than the report's file.
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
    seconds = _RETRY_SECONDS if code == "report-not-ready" else None
    return ApiProblem(code, f"{refused.refusal.label}.", retry_seconds=seconds)

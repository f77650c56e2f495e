"""The report's file and its manifest, for the third party (R5)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import signed_in
from agreements.models import Agreement
from reports.downloads import DownloadRefused, downloadable_report, record_download
from reports.file_responses import file_response, manifest_response, plain_response
from reports.models import ReportState


@login_required
@require_safe
def report_download(request: HttpRequest, number: str) -> HttpResponseBase:
    """Return the CSV. Each GET is logged before the first byte goes out; a HEAD downloads nothing and logs nothing."""
    user, agreement = signed_in(request), _visible_agreement(request, number)
    try:
        report = downloadable_report(agreement, {ReportState.READY}, by=user)
        if request.method == "HEAD":
            return plain_response(report.file_name, report.size)
        return file_response(request, report.file_name, report.size, record_download(report, by=user))
    except DownloadRefused as refused:
        return _refused(request, agreement, refused)


@login_required
@require_safe
def report_manifest(request: HttpRequest, number: str) -> HttpResponseBase:
    """Return the manifest, which is kept longer than the file."""
    user, agreement = signed_in(request), _visible_agreement(request, number)
    try:
        return manifest_response(downloadable_report(agreement, {ReportState.READY, ReportState.PURGED}, by=user))
    except DownloadRefused as refused:
        return _refused(request, agreement, refused)


def _visible_agreement(request: HttpRequest, number: str) -> Agreement:
    visible = Agreement.objects.visible_to(signed_in(request)).select_related("report")
    return get_object_or_404(visible, number=number)


def _refused(request: HttpRequest, agreement: Agreement, refused: DownloadRefused) -> HttpResponse:
    context = {"agreement": agreement, "refusal": refused.refusal, "detail": refused.detail}
    return render(request, "reports/unavailable.html", context, status=refused.refusal.http_status)

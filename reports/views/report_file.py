"""The report's file and its manifest, for the third party (R5)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import signed_in
from agreements.models import Agreement
from reports import downloads
from reports.actions import FileUnavailable, record_download
from reports.models import ReportState


@login_required
@require_safe
def report_download(request: HttpRequest, number: str) -> HttpResponseBase:
    """Return the CSV. Each GET is logged before the first byte goes out; a HEAD downloads nothing and logs nothing."""
    agreement, user = _visible_agreement(request, number), signed_in(request)
    if refusal := downloads.permission_refusal(user) or downloads.file_refusal(agreement, (ReportState.READY,)):
        return _refused(request, agreement, refusal)
    report = agreement.report
    if request.method == "HEAD":
        return downloads.plain_response(report.file_name, report.size)
    try:
        return downloads.file_response(request, report.file_name, report.size, record_download(report, by=user))
    except FileUnavailable:
        report.refresh_from_db()  # it may have been purged a moment ago
        return _refused(request, agreement, downloads.file_refusal(agreement))


@login_required
@require_safe
def report_manifest(request: HttpRequest, number: str) -> HttpResponseBase:
    """Return the manifest, which is kept longer than the file."""
    agreement, states = _visible_agreement(request, number), (ReportState.READY, ReportState.PURGED)
    if refusal := downloads.permission_refusal(signed_in(request)) or downloads.file_refusal(agreement, states):
        return _refused(request, agreement, refusal)
    return downloads.manifest_response(agreement.report)


def _visible_agreement(request: HttpRequest, number: str) -> Agreement:
    visible = Agreement.objects.visible_to(signed_in(request)).select_related("report")
    return get_object_or_404(visible, number=number)


def _refused(request: HttpRequest, agreement: Agreement, refusal: downloads.DownloadRefusal | None) -> HttpResponse:
    assert refusal is not None
    context = {"agreement": agreement, "refusal": refusal}
    return render(request, "reports/unavailable.html", context, status=refusal.status)

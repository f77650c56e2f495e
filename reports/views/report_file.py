"""The report's file and its manifest, for the third party (R5)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import User, signed_in
from agreements.models import Agreement
from reports.actions import NotThere, record_download
from reports.downloads import Refusal, file_response, head_response, manifest_response, refusal
from reports.models import Report, ReportState


@login_required
@require_safe
def report_download(request: HttpRequest, number: str) -> HttpResponseBase:
    """The CSV. Each GET is logged before the first byte goes out; a HEAD downloads nothing and logs nothing."""
    agreement, user = _find(request, number)
    if refused := refusal(user, agreement, states=(ReportState.READY,)):
        return _refuse(request, agreement, refused)
    report: Report = agreement.report
    if request.method == "HEAD":
        return head_response(report)
    try:
        return file_response(request, report, record_download(report, by=user))
    except NotThere:  # it was purged in this very moment: the next look says so
        return report_download(request, number)


@login_required
@require_safe
def report_manifest(request: HttpRequest, number: str) -> HttpResponseBase:
    """The manifest, which outlives the file."""
    agreement, user = _find(request, number)
    if refused := refusal(user, agreement, states=(ReportState.READY, ReportState.PURGED)):
        return _refuse(request, agreement, refused)
    return manifest_response(agreement.report)


def _find(request: HttpRequest, number: str) -> tuple[Agreement, User]:
    user = signed_in(request)
    visible = Agreement.objects.visible_to(user).select_related("report")
    return get_object_or_404(visible, number=number), user


def _refuse(request: HttpRequest, agreement: Agreement, refused: Refusal) -> HttpResponse:
    context = {"agreement": agreement, "refusal": refused}
    return render(request, "reports/unavailable.html", context, status=refused.status)

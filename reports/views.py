"""The pages that show agreements with their reports, and the reports' files."""

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import signed_in
from agreements.models import Agreement
from agreements.states import ReportState, Status
from agreements.transitions import TransitionRefused
from agreements.views.customer import AccountDecisionView, DecisionView, LinkedDecisionView, own_agreements
from lib.client_address import client_network
from lib.refusals import Refused
from reports.disavowal import disavow
from reports.document_check import check_document
from reports.downloads import (
    DownloadRefused,
    copy_response,
    customer_may_download,
    download_response,
    downloadable_report,
)
from reports.file_responses import file_headers
from reports.formats import FileFormat, formats_of
from reports.forms import DocumentCheckForm
from reports.manifest import manifest_name, render_manifest


class DecisionWithReportView(DecisionView):
    """Show the report's state to the customer who accepted, who may say that it was someone else (X1)."""

    templates = DecisionView.templates | {Status.COMPLETE: "reports/customer/accepted.html"}

    def post(self, request: HttpRequest, agreement: Agreement) -> HttpResponse:
        if "disavow" not in request.POST:
            return super().post(request, agreement)
        with suppress(TransitionRefused):  # then the page shows what became of the request
            disavow(agreement, channel=self.channel, by=self.by)
        return redirect(request.get_full_path())


class InvitationView(DecisionWithReportView, LinkedDecisionView):
    """The request and its report behind an email's link (C1, C2)."""


class CustomerAgreementView(DecisionWithReportView, AccountDecisionView):
    """The request and its report in the customer's account (C4, R5, R8)."""

    def page(self, template: str, agreement: Agreement, **context: Any) -> HttpResponse:
        is_offered = customer_may_download(agreement, signed_in(self.request))
        return super().page(template, agreement, formats=agreement.report.formats if is_offered else [], **context)


@login_required
@require_safe
def customer_report_file(request: HttpRequest, number: str, file_name: str) -> HttpResponseBase:
    """Return the customer's own copy of a report's file, with the bytes that the company gets (R8)."""
    agreement = get_object_or_404(own_agreements(request).select_related("report"), number=number)
    report_format = _format_named(file_name, agreement)
    if not customer_may_download(agreement, signed_in(request)):
        raise Http404
    try:
        return copy_response(request, agreement.report, report_format)
    except DownloadRefused as refused:  # deleted or disavowed a moment ago
        raise Http404 from refused


@login_required
@require_safe
def report_download(request: HttpRequest, number: str, file_name: str = "usage.csv") -> HttpResponseBase:
    """Return the report's file in the format that `file_name` names."""
    user, agreement = signed_in(request), _visible_agreement(request, number)
    report_format = _format_named(file_name, agreement)
    try:
        report = downloadable_report(agreement, {ReportState.READY}, by=user)
        return download_response(request, report, report_format, by=user)
    except DownloadRefused as refused:
        return _refused(request, agreement, refused)


@login_required
@require_safe
def report_manifest(request: HttpRequest, number: str) -> HttpResponseBase:
    """Return the manifest, which is kept longer than the file."""
    user, agreement = signed_in(request), _visible_agreement(request, number)
    try:
        report = downloadable_report(agreement, {ReportState.READY, ReportState.PURGED}, by=user)
    except DownloadRefused as refused:
        return _refused(request, agreement, refused)
    manifest = render_manifest(report)
    return HttpResponse(manifest, headers=file_headers(manifest_name(report), len(manifest), "application/json"))


# Without a CSRF cookie: it changes nothing for anyone. POST keeps number and hash out of logs and histories (X4).
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def document_check(request: HttpRequest) -> HttpResponse:
    """Say whether the portal issued a document, to anyone who has its number and its hash (R9)."""
    form, document, status = DocumentCheckForm(request.POST or None), None, 200
    if form.is_valid():
        try:
            document = check_document(**form.cleaned_data, network=client_network(request))
        except Refused as refused:
            form.refuse(refused)
            status = 429
    context = {"form": form, "document": document, "retention_years": settings.AGREEMENT_RETENTION.days // 365}
    return render(request, "reports/check.html", context, status=status)


def _visible_agreement(request: HttpRequest, number: str) -> Agreement:
    visible = Agreement.objects.visible_to(signed_in(request)).select_related("report")
    return get_object_or_404(visible, number=number)


def _format_named(file_name: str, agreement: Agreement) -> FileFormat:
    for report_format in formats_of(agreement.shared.report_type):
        if report_format.path_name == file_name:
            return report_format
    raise Http404


def _refused(request: HttpRequest, agreement: Agreement, refused: DownloadRefused) -> HttpResponse:
    context = {"agreement": agreement, "refusal": refused.refusal, "detail": refused.detail}
    return render(request, "reports/unavailable.html", context, status=refused.refusal.http_status)

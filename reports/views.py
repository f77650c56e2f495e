"""The pages that show agreements with their reports, and the reports' files."""

from contextlib import suppress

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import signed_in
from agreements.forms.search import SearchForm
from agreements.masking import customer_for_third_party
from agreements.models import Agreement
from agreements.permissions import why_not
from agreements.states import Channel, ReportState, Status
from agreements.third_party_wording import email_lines, timeline, why_not_resend_or_withdraw
from agreements.transitions import TransitionRefused
from agreements.views import customer
from agreements.views.customer import DecisionView
from agreements.views.third_party import own_agreements, third_party_page
from companies.views.base import MemberRequest
from notifications.models import ENDED_BADLY, Email
from reports.agreement_list import list_context
from reports.disavowal import disavow
from reports.downloads import DownloadRefused, downloadable_report, file_headers, file_response, record_download
from reports.manifest import manifest_name, render_manifest


@third_party_page
def agreement_list(request: MemberRequest) -> HttpResponse:
    """Show the agreements, or the result of a search (T1, T3).

    A search is posted, because 100 items do not fit every URL, and redirects to a URL that can be kept or shared.
    """
    data = request.POST if request.method == "POST" else request.GET
    form = SearchForm(data if request.method == "POST" or {"by", "items"} & data.keys() else None)
    problems = form.error_links()
    search = form.search() if form.is_bound and not problems else None
    if search and request.method == "POST":
        return redirect(f"{reverse('agreements')}?{search.query_string}")
    if problems:
        context = {"form": form, "problems": problems, "searches": True}
    else:
        context = list_context(own_agreements(request), request.GET, search)
    context["why_not_initiate"] = why_not(request.user, "may_initiate")
    return render(request, "reports/third_party/agreement_list.html", context)


@third_party_page
def agreement_detail(request: MemberRequest, number: str) -> HttpResponse:
    """Show the third party one agreement with its report (T11, R4)."""
    related = ("report", "consent_review", "premise", "tdsp")
    agreement = get_object_or_404(own_agreements(request).with_overdue().select_related(*related), number=number)
    emails = list(Email.objects.about(number).defer("text", "html", "attachment"))
    requests = [email for email in emails if email.kind in ("EM201", "EM202")]
    is_waiting = agreement.status == Status.PENDING and not agreement.is_overdue
    why_not_download = why_not(request.user, "may_download") if agreement.status == Status.COMPLETE else ""
    context = {
        "agreement": agreement,
        "customer": customer_for_third_party(agreement),
        "timeline": timeline(agreement.events.select_related("by")),
        "emails": email_lines(emails),
        "is_undelivered": is_waiting and requests and all(email.state in ENDED_BADLY for email in requests),
        "why_not": why_not_resend_or_withdraw(agreement, request.user),
        "may_download": agreement.status == Status.COMPLETE and not why_not_download,
        "why_not_download": why_not_download,
    }
    return render(request, "reports/third_party/agreement.html", context)


@login_required
@never_cache
def customer_agreement(request: HttpRequest, number: str) -> HttpResponse:
    """Show a customer one agreement with its report (C4, R5)."""
    agreement = get_object_or_404(
        customer.own_agreements(request).select_related("report", "premise", "tdsp"), number=number
    )
    context = customer.decision_context(request, agreement) if agreement.status == Status.PENDING else {}
    return render(request, "reports/customer/agreement.html", {"agreement": agreement, **context})


class DecisionWithReportView(DecisionView):
    """Show the report's state to the customer who accepted behind the link of the email."""

    templates = DecisionView.templates | {Status.COMPLETE: "reports/customer/accepted.html"}

    def post(self, request: HttpRequest, agreement: Agreement) -> HttpResponse:
        if "disavow" not in request.POST:
            return super().post(request, agreement)
        with suppress(TransitionRefused):  # then the page shows what became of the request
            disavow(agreement, channel=Channel.INVITATION)
        return redirect(request.get_full_path())


@login_required
@require_POST
def customer_disavow(request: HttpRequest, number: str) -> HttpResponse:
    agreement = get_object_or_404(customer.own_agreements(request), number=number)
    with suppress(TransitionRefused):
        disavow(agreement, channel=Channel.ACCOUNT, by=signed_in(request))
    return redirect("customer_agreement", number)


@login_required
@require_safe
def report_download(request: HttpRequest, number: str) -> HttpResponseBase:
    """Return the CSV. Each GET is logged before the first byte goes out; a HEAD downloads nothing and logs nothing."""
    user, agreement = signed_in(request), _visible_agreement(request, number)
    try:
        report = downloadable_report(agreement, {ReportState.READY}, by=user)
        if request.method == "HEAD":
            return HttpResponse(headers=file_headers(report.file_name, report.size))
        return file_response(request, report.file_name, report.size, record_download(report, by=user))
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


def _visible_agreement(request: HttpRequest, number: str) -> Agreement:
    visible = Agreement.objects.visible_to(signed_in(request)).select_related("report")
    return get_object_or_404(visible, number=number)


def _refused(request: HttpRequest, agreement: Agreement, refused: DownloadRefused) -> HttpResponse:
    context = {"agreement": agreement, "refusal": refused.refusal, "detail": refused.detail}
    return render(request, "reports/unavailable.html", context, status=refused.refusal.http_status)

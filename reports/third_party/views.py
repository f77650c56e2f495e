"""The third party's list of agreements and the page of one, with its report."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from agreements.forms.search import SearchForm
from agreements.masking import customer_for_third_party
from agreements.permissions import acting_member, why_not
from agreements.states import Status
from agreements.third_party_wording import (
    email_lines,
    reminder_lines,
    timeline,
    why_not_correct,
    why_not_resend,
    why_not_resend_or_withdraw,
)
from agreements.views.drafts import list_drafts
from agreements.views.third_party import own_agreements, third_party_page
from companies.views.base import MemberRequest
from notifications.models import ENDED_BADLY, REQUEST_KINDS, Email
from reports.downloads import FilePreview, preview_file
from reports.file_responses import file_headers
from reports.third_party.agreement_list import AgreementList
from reports.third_party.exports import MOST_EXPORTED, MOST_IN_ZIP, csv_of_list, download_reports
from reports.third_party.outcome import outcome_of
from reports.third_party.report_chart import draw_report
from reports.zip_stream import stream_zip

FIRST_ROW_COUNT = 8


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
    agreements = AgreementList(own_agreements(request), request.membership.company_id, request.GET, search)
    why_not_initiate = why_not(request.user, "may_initiate")
    context = agreements.context(request.user) | {
        "drafts": [] if why_not_initiate else list_drafts(request.user),
        "why_not_initiate": why_not_initiate,
        "may_download": not why_not(request.user, "may_download"),
        "most_exported": MOST_EXPORTED,
        "most_in_zip": MOST_IN_ZIP,
    }
    if problems:
        context |= {"form": form, "problems": problems, "searches": True}
    return render(request, "reports/third_party/agreement_list.html", context)


@third_party_page
@require_safe
def agreement_export(request: MemberRequest) -> HttpResponseBase:
    """Send the list that the query asks for as CSV (T3)."""
    if not request.membership.may_view:
        raise PermissionDenied(_("You don't have permission to view agreements."))
    form = SearchForm(request.GET if {"by", "items"} & request.GET.keys() else None)
    if form.error_links():
        return redirect(f"{reverse('agreements')}?{request.GET.urlencode()}")
    search = form.search() if form.is_bound else None
    agreements = AgreementList(own_agreements(request), request.membership.company_id, request.GET, search)
    headers = file_headers(f"agreements-{timezone.localdate()}.csv")
    return StreamingHttpResponse((line.encode() for line in csv_of_list(agreements)), headers=headers)


@third_party_page
@require_POST
def report_zip(request: MemberRequest) -> HttpResponseBase:
    """Send the next reports without a download as one ZIP file; each is logged when its turn comes (R5)."""
    acting_member(request.user, "may_download")
    members = download_reports(own_agreements(request), request.membership.company_id, by=request.user)
    headers = file_headers(f"reports-{timezone.localdate()}.zip", content_type="application/zip")
    return StreamingHttpResponse(stream_zip(members), headers=headers)


@third_party_page
def agreement_detail(request: MemberRequest, number: str) -> HttpResponse:
    """Show the third party one agreement with its report (T11, R4)."""
    related = ("report", "consent_review", "premise", "tdsp", "company", "submission")
    agreement = get_object_or_404(own_agreements(request).with_overdue().select_related(*related), number=number)
    emails = list(Email.objects.about(number).defer("text", "html"))
    requests = [email for email in emails if email.kind in REQUEST_KINDS and email.superseded_at is None]
    is_waiting = agreement.status == Status.PENDING and not agreement.is_overdue
    why_not_download = why_not(request.user, "may_download") if agreement.status == Status.COMPLETE else ""
    preview = FilePreview([], None) if why_not_download else preview_file(agreement, FIRST_ROW_COUNT)
    context = {
        "agreement": agreement,
        "outcome": outcome_of(agreement),
        "customer": customer_for_third_party(agreement),
        "timeline": timeline(agreement.events.select_related("by", "correction")),
        "emails": email_lines(emails),
        "is_undelivered": is_waiting and requests and all(email.state in ENDED_BADLY for email in requests),
        "why_not": why_not_resend_or_withdraw(agreement, request.user),
        "may_correct": is_waiting and not why_not_correct(agreement, request.user),
        "why_not_resend": why_not_resend(agreement, request.user),
        "reminders": reminder_lines(agreement) if is_waiting else [],
        "may_download": agreement.status == Status.COMPLETE and not why_not_download,
        "why_not_download": why_not_download,
        "first_rows": preview.first_rows,
        "totals": draw_report(agreement.report, preview.day_counts) if preview.day_counts else None,
    }
    return render(request, "reports/third_party/agreement.html", context)

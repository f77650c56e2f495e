"""The third party's page of one agreement, with its report (T11, R4)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from agreements.masking import customer_for_third_party
from agreements.permissions import why_not
from agreements.states import Status
from agreements.third_party_wording import email_lines, timeline, why_not_resend_or_withdraw
from agreements.views.third_party import own_agreements, third_party_page
from companies.views.base import MemberRequest
from notifications.models import Email, EmailState


@third_party_page
def agreement_detail(request: MemberRequest, number: str) -> HttpResponse:
    agreement = get_object_or_404(own_agreements(request).with_overdue().select_related("report"), number=number)
    emails = list(Email.objects.about(number).defer("text", "html", "attachment"))
    requests = [email for email in emails if email.kind in ("EM201", "EM202")]
    is_waiting = agreement.status == Status.PENDING and not agreement.is_overdue
    why_not_download = why_not(request.user, "may_download") if agreement.status == Status.COMPLETE else ""
    context = {
        "agreement": agreement,
        "customer": customer_for_third_party(agreement),
        "timeline": timeline(agreement.events.select_related("by")),
        "emails": email_lines(emails),
        "is_undelivered": is_waiting and requests and all(email.state == EmailState.FAILED for email in requests),
        "why_not": why_not_resend_or_withdraw(agreement, request.user),
        "may_download": agreement.status == Status.COMPLETE and not why_not_download,
        "why_not_download": why_not_download,
    }
    return render(request, "reports/third_party/agreement.html", context)

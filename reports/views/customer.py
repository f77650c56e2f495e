"""The customer's pages of one agreement, with its report: in the account, and behind the link of the email (C4, R5)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache

from agreements.states import Status
from agreements.views.customer import own_agreements
from agreements.views.invitation import DecisionView


@login_required
@never_cache
def customer_agreement(request: HttpRequest, number: str) -> HttpResponse:
    agreement = get_object_or_404(own_agreements(request).select_related("report"), number=number)
    return render(request, "reports/customer/agreement.html", {"agreement": agreement})


class DecisionWithReportView(DecisionView):
    """Show the report's state to the customer who accepted."""

    templates = DecisionView.templates | {Status.COMPLETE: "reports/customer/accepted.html"}

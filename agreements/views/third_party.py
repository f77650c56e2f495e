"""The third party's access to its agreements, Resend Email and Withdraw (T11, T12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from agreements import actions
from agreements.models import Agreement, AgreementQuerySet
from agreements.third_party_wording import describe_refusal, why_not_resend_or_withdraw
from agreements.transitions import TransitionRefused
from companies.views.base import MemberRequest, member_page


def third_party_page(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
    """Let members of a third party in; for others the page does not exist (T12). A refusal states its reason."""
    return member_page(view, refused="agreements/third_party/not_allowed.html")


def own_agreements(request: MemberRequest) -> AgreementQuerySet:
    """Return the agreements of the company that the user may see; an operator sees others only in the admin."""
    return Agreement.objects.visible_to(request.user).filter(company=request.membership.company_id)


@third_party_page
@require_POST
def agreement_resend(request: MemberRequest, number: str) -> HttpResponse:
    """Send the invitation again (EM202)."""
    message = _("Email resent. The customer's deadline has not changed.")
    return run_action(request, number, actions.resend, message)


@third_party_page
def agreement_withdraw(request: MemberRequest, number: str) -> HttpResponse:
    """Ask for confirmation on GET, withdraw on POST."""
    if request.method == "POST":
        message = _("Agreement withdrawn. We've emailed the customer.")
        return run_action(request, number, actions.withdraw, message)
    agreement = get_object_or_404(own_agreements(request).with_overdue(), number=number)
    if reason := why_not_resend_or_withdraw(agreement, request.user):
        messages.error(request, reason)
        return redirect("agreement", number)
    return render(request, "agreements/third_party/withdraw.html", {"agreement": agreement})


def run_action(request: MemberRequest, number: str, action: Callable[..., Any], success_message: str) -> HttpResponse:
    agreement = get_object_or_404(own_agreements(request), number=number)
    try:
        action(agreement, by=request.user)
        messages.success(request, success_message)
    except TransitionRefused as refusal:
        messages.error(request, describe_refusal(refusal))
    except actions.ResentTooOften as refusal:
        messages.warning(request, str(refusal))
    return redirect("agreement", number)

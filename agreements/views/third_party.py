"""The third party's pages: Resend Email, Withdraw (T11, T12), and the form for new agreements (T4 to T10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_POST

from agreements import actions, creation
from agreements.forms.request import AgreementRequestForm, SubmissionForm
from agreements.masking import customer_of_request
from agreements.models import Agreement, AgreementQuerySet, Draft, ReportLength
from agreements.models.report_options import report_type_in_words
from agreements.permissions import acting_member
from agreements.request import AgreementRequest
from agreements.third_party_wording import describe_meter, describe_refusal, why_not_resend_or_withdraw
from agreements.transitions import TransitionRefused
from companies.views.base import MemberRequest, member_page
from lib.refusals import Refused

# Where the session keeps the entries of page 2 while the user changes page 1.
PAGE_2_KEY = "agreement_contact"


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
    return run_action(request, number, actions.resend, _("Email resent. The customer's deadline has not changed."))


@third_party_page
def agreement_withdraw(request: MemberRequest, number: str) -> HttpResponse:
    """Ask for confirmation on GET, withdraw on POST."""
    if request.method == "POST":
        return run_action(request, number, actions.withdraw, _("Agreement withdrawn. We've emailed the customer."))
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


def get_draft(request: MemberRequest, draft_id: str | UUID) -> Draft:
    try:
        return get_object_or_404(Draft, pk=UUID(str(draft_id)), user=request.user)
    except ValueError:
        raise Http404 from None


class RequestPage(View):
    """Page 1: the request. `?draft=` fills it with a draft; "Add another meter" works without JavaScript."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        acting_member(request.user, "may_initiate")
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: MemberRequest) -> HttpResponse:
        if "draft" not in request.GET:
            return self.render(AgreementRequestForm())
        draft = get_draft(request, request.GET["draft"])
        if draft.submitted_at:
            return redirect("agreement_submitted", draft.pk)
        return self.render(AgreementRequestForm.of(AgreementRequest.from_json(draft.answers)))

    def post(self, request: MemberRequest) -> HttpResponse:
        if "add_meters" in request.POST:
            return self.render(AgreementRequestForm.with_more_rows(request.POST))
        form = AgreementRequestForm(request.POST)
        if form.is_valid():
            try:
                return redirect("agreement_review", creation.start_draft(form.agreement_request(), by=request.user).pk)
            except Refused as refused:
                form.refuse(refused)
        return self.render(form)

    def render(self, form: AgreementRequestForm) -> HttpResponse:
        return render(self.request, "agreements/third_party/new.html", {"form": form, "problems": form.error_links()})


class SubmissionPage(View):
    """Page 2: read-back, contact, comments, attestation and Submit (T8)."""

    request: MemberRequest
    draft: Draft

    def dispatch(self, request: Any, draft: UUID, **kwargs: Any) -> Any:
        self.draft = get_draft(request, draft)
        if self.draft.submitted_at:
            return redirect("agreement_submitted", draft)
        acting_member(request.user, "may_initiate")
        return super().dispatch(request)

    def get(self, request: MemberRequest) -> HttpResponse:
        user, phone = request.user, request.user.phone_with_extension or request.company.phone
        contact = {"contact_name": user.get_full_name(), "contact_phone": phone, "contact_email": user.email}
        return self.render(SubmissionForm(initial=contact | request.session.get(PAGE_2_KEY, {})))

    def post(self, request: MemberRequest) -> HttpResponse:
        form = SubmissionForm(request.POST)
        if form.is_valid():
            try:
                creation.initiate(self.draft.pk, by=request.user, **form.answers())
                request.session.pop(PAGE_2_KEY, None)
                return redirect("agreement_submitted", self.draft.pk)
            except Refused as refused:
                form.refuse(refused)
        request.session[PAGE_2_KEY] = form.entries()
        return self.render(form)

    def render(self, form: SubmissionForm) -> HttpResponse:
        agreement_request = AgreementRequest.from_json(self.draft.answers)
        context = {
            "form": form, "problems": form.error_links(), "company": self.request.company,
            "page_1": f"{reverse('agreement_new')}?draft={self.draft.pk}",
            "agreement_request": agreement_request, "customer": customer_of_request(agreement_request),
            "language": dict(settings.LANGUAGES)[agreement_request.person.language],
            "report_type": report_type_in_words(agreement_request.report_type, agreement_request.with_utc),
            "report_length": ReportLength(agreement_request.report_length).label,
        }  # fmt: skip
        return render(self.request, "agreements/third_party/review.html", context)


agreement_new = third_party_page(RequestPage.as_view())
agreement_review = third_party_page(SubmissionPage.as_view())


@third_party_page
def agreement_submitted(request: MemberRequest, draft: UUID) -> HttpResponse:
    """Show the confirmation, the same on every request (T9)."""
    submitted = get_draft(request, draft)
    if not submitted.submitted_at:
        return redirect("agreement_review", draft)
    made = [(agreement, describe_meter(agreement)) for agreement in submitted.agreements.order_by("number")]
    context = {"made": made, "numbers": [agreement.number for agreement, _meter in made]}
    return render(request, "agreements/third_party/submitted.html", context)

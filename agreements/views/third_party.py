"""The third party's pages: Resend Email, Withdraw (T11, T12), and the form for new agreements (T4 to T10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_POST

from agreements import actions, creation
from agreements.forms.request import ROWS_AT_FIRST, AgreementRequestForm
from agreements.forms.submission import SubmissionForm, page_2_entries, unchecked_contact
from agreements.masking import customer_of_request
from agreements.models import Agreement, AgreementQuerySet, Draft, ReportLength, ReportType, unknown_company_state
from agreements.permissions import acting_member
from agreements.preview import EmailPreview, preview_request
from agreements.request import AgreementRequest, MeterRow, match_meters
from agreements.third_party_wording import describe_count, describe_meter, describe_refusal, why_not_resend_or_withdraw
from agreements.transitions import TransitionRefused
from agreements.views.unsent_forms import keeps_unsent_forms, page_1_url, sign_form
from agreements.yearly_limit import counted_agreements
from companies.views.base import MemberRequest, member_page
from lib.central_time import utc_or_now
from lib.refusals import Refused

# The parts of page 1 that page 2 leads back to.
PARTS = ("customer", "meters", "report")


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
    back = request.POST.get("next", "")  # the page of the list that the button is on
    is_own = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back) if is_own else redirect("agreement", number)


def get_draft(request: MemberRequest, draft_id: str | UUID) -> Draft:
    try:
        return get_object_or_404(Draft, pk=UUID(str(draft_id)), user=request.user)
    except ValueError:
        raise Http404 from None


class RequestPage(View):
    """Page 1: the request. `?draft=` fills it with a draft; "Add another meter" works without JavaScript."""

    request: MemberRequest

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        acting_member(request.user, "may_initiate")
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: MemberRequest) -> HttpResponse:
        if "draft" not in request.GET:
            unchecked = Draft.objects.unchecked(request.user.pk).first()
            return self.render(AgreementRequestForm(), unfinished=unchecked and page_1_url(unchecked))
        draft = get_draft(request, request.GET["draft"])
        if draft.submitted_at:
            return redirect("agreement_submitted", draft.pk)
        if draft.answers:
            return self.render(AgreementRequestForm.of(AgreementRequest.from_json(draft.answers)))
        return self.render(AgreementRequestForm.of_entries(draft.entries))

    def post(self, request: MemberRequest) -> HttpResponse:
        if "add_meters" in request.POST:
            return self.render(AgreementRequestForm.of_entries(request.POST.dict(), more_rows=ROWS_AT_FIRST))
        form = AgreementRequestForm(request.POST)
        if form.is_valid():
            changed = Draft.objects.of_form(request.GET.get("draft", ""), request.user.pk)
            try:
                draft = creation.start_draft(form.agreement_request(), by=request.user, changed=changed)
                return redirect("agreement_review", draft.pk)
            except Refused as refused:
                form.refuse(refused)
        return self.render(form)

    def render(self, form: AgreementRequestForm, **context: Any) -> HttpResponse:
        context |= {"form": form, "problems": form.error_links(), "form_owner": sign_form(self.request.user)}
        context |= unknown_company_state(self.request.company)
        return render(self.request, "agreements/third_party/new.html", context)


class SubmissionPage(View):
    """Page 2: read-back, contact, comments, attestation and Submit (T8)."""

    request: MemberRequest
    draft: Draft

    def dispatch(self, request: Any, draft: UUID, **kwargs: Any) -> Any:
        self.draft = get_draft(request, draft)
        if self.draft.submitted_at:
            return redirect("agreement_submitted", draft)
        acting_member(request.user, "may_initiate")
        return super().dispatch(request) if self.draft.answers else redirect(page_1_url(self.draft))

    def get(self, request: MemberRequest) -> HttpResponse:
        user, phone = request.user, request.user.phone_with_extension or request.company.phone
        contact = {"contact_name": user.get_full_name(), "contact_phone": phone, "contact_email": user.email}
        return self.render(SubmissionForm(initial=contact | self.draft.page_2))

    def post(self, request: MemberRequest) -> HttpResponse:
        """Submit, or save what was typed and go to the part of page 1 that `change` names, or to the `preview`."""
        Draft.objects.filter(pk=self.draft.pk, submitted_at=None).update(page_2=page_2_entries(request.POST.dict()))
        if "preview" in request.POST:
            return redirect(f"{request.path}?preview=open#preview")
        if "change" in request.POST:
            part = request.POST["change"]
            return redirect(page_1_url(self.draft) + (f"#{part}" if part in PARTS else ""))
        form = SubmissionForm(request.POST)
        if form.is_valid():
            try:
                creation.initiate(self.draft.pk, by=request.user, **form.answers())
                return redirect("agreement_submitted", self.draft.pk)
            except Refused as refused:
                form.refuse(refused)
        return self.render(form)

    def render(self, form: SubmissionForm) -> HttpResponse:
        agreement_request = AgreementRequest.from_json(self.draft.answers)
        context = {
            "form": form, "problems": form.error_links(), "company": self.request.company,
            "page_1": page_1_url(self.draft), "form_owner": sign_form(self.request.user, self.draft),
            "agreement_request": agreement_request, "meters": self.meters(agreement_request),
            "customer": customer_of_request(agreement_request),
            "language": dict(settings.LANGUAGES)[agreement_request.person.language],
            "report_type": ReportType(agreement_request.report_type).label,
            "report_length": ReportLength(agreement_request.report_length).label,
            "preview": self.preview(form, agreement_request), "opens_preview": "preview" in self.request.GET,
            **unknown_company_state(self.request.company),
        }  # fmt: skip
        return render(self.request, "agreements/third_party/review.html", context)

    def preview(self, form: SubmissionForm, agreement_request: AgreementRequest) -> EmailPreview | None:
        """Return the email with what page 2 has now, checked or not."""
        contact, comments = unchecked_contact(form)
        company = self.request.company
        return preview_request(self.draft, agreement_request, company=company, contact=contact, comments=comments)

    def meters(self, agreement_request: AgreementRequest) -> list[tuple[MeterRow, str]]:
        """Return each row that matches, and which agreement of the yearly limit it will be (L5)."""
        matches = match_meters(agreement_request)
        premise_ids, at = [match.premise_id for match in matches.values()], utc_or_now(None)
        counted = counted_agreements(self.request.company, premise_ids, at=at)

        def describe(row: MeterRow) -> str:
            match = matches.get(row.row)
            return describe_count(counted[match.premise_id], esiid=row.esiid, at=at) if match else ""

        return [(row, describe(row)) for row in agreement_request.rows]


agreement_new = keeps_unsent_forms(third_party_page(RequestPage.as_view()))
agreement_review = keeps_unsent_forms(third_party_page(SubmissionPage.as_view()))


@third_party_page
def agreement_submitted(request: MemberRequest, draft: UUID) -> HttpResponse:
    """Show the confirmation, the same on every request (T9)."""
    submitted = get_draft(request, draft)
    if not submitted.submitted_at:
        return redirect("agreement_review", draft)
    agreements = Agreement.objects.filter(submission__draft_id=draft).order_by("number")
    made = [(agreement, describe_meter(agreement)) for agreement in agreements]
    context = {"made": made, "numbers": [agreement.number for agreement, _meter in made]}
    return render(request, "agreements/third_party/submitted.html", context)

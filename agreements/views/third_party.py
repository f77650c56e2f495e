"""The third party's pages: the form for new agreements, Resend Email and Withdraw (T4 to T11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from agreements import actions, creation
from agreements import third_party_wording as words
from agreements.forms.request import AgreementRequestForm
from agreements.forms.review import ReviewForm
from agreements.masking import CustomerView, masked_person, plain_person
from agreements.models import Agreement, AgreementQuerySet, Draft
from agreements.permissions import acting_member
from agreements.request_data import Question, Refused
from agreements.transitions import TransitionRefused
from companies.views.base import MemberRequest, member_page

# Where a session keeps what was typed on page 2 while its user changes page 1.
TYPED = "agreement_contact"


def third_party_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For members of a third party; to everybody else the page does not exist (T12). A refusal says its reason."""
    return member_page(view, refused="agreements/third_party/not_allowed.html")


def own_agreements(request: MemberRequest) -> AgreementQuerySet:
    """What of the company's agreements the user may see, and no others."""
    # An operator who is a member, too, sees the company's agreements here and all others in the admin.
    return Agreement.objects.visible_to(request.user).filter(company=request.membership.company_id)


# --- A new agreement ----------------------------------------------------------------------------------------------


@third_party_page
def agreement_new(request: MemberRequest) -> HttpResponse:
    """Page 1: the question. `?draft=` fills it as it was (T4 to T7)."""
    acting_member(request.user, "may_initiate")
    if request.method == "POST":
        return _ask(request)
    draft = _draft(request, request.GET["draft"]) if "draft" in request.GET else None
    if draft and draft.submitted_at:
        return redirect("agreement_submitted", draft.pk)
    return _question_page(
        request, AgreementRequestForm.of(Question.from_answers(draft.answers)) if draft else AgreementRequestForm()
    )


def _ask(request: MemberRequest) -> HttpResponse:
    if "add_meters" in request.POST:
        return _question_page(request, AgreementRequestForm.with_more_rows(request.POST))
    form = AgreementRequestForm(request.POST)
    if form.is_valid():
        try:
            return redirect("agreement_review", creation.start_draft(form.question(), by=request.user).pk)
        except Refused as refused:
            form.refuse(refused)
    return _question_page(request, form)


def _question_page(request: MemberRequest, form: AgreementRequestForm) -> HttpResponse:
    return render(request, "agreements/third_party/new.html", {"form": form, "problems": form.problems()})


def _draft(request: MemberRequest, typed: str | UUID) -> Draft:
    try:
        return get_object_or_404(Draft, pk=UUID(str(typed)), user=request.user)
    except ValueError:
        raise Http404 from None


@third_party_page
def agreement_review(request: MemberRequest, draft: UUID) -> HttpResponse:
    """Page 2: read-back, contact, comments, attestation, Submit (T8)."""
    found = _draft(request, draft)
    if found.submitted_at:
        return redirect("agreement_submitted", draft)
    acting_member(request.user, "may_initiate")
    if request.method == "POST":
        return _submit(request, found)
    return _review_page(request, found, ReviewForm(initial=_contact(request) | request.session.get(TYPED, {})))


def _submit(request: MemberRequest, draft: Draft) -> HttpResponse:
    form = ReviewForm(request.POST)
    if form.is_valid():
        answers = {name: form.cleaned_data[name] for name in ("comments", "attested")}
        try:
            creation.initiate(draft.pk, by=request.user, contact=form.contact(), **answers)
            request.session.pop(TYPED, None)
            return redirect("agreement_submitted", draft.pk)
        except Refused as refused:
            form.refuse(refused)
    request.session[TYPED] = form.typed()
    return _review_page(request, draft, form)


def _contact(request: MemberRequest) -> dict[str, Any]:
    user = request.user
    phone = user.phone or request.membership.company.phone
    return {"contact_name": user.get_full_name(), "contact_phone": phone, "contact_email": user.email}


def _review_page(request: MemberRequest, draft: Draft, form: ReviewForm) -> HttpResponse:
    question = Question.from_answers(draft.answers)
    context = {
        "form": form,
        "problems": form.problems(),
        "page_1": f"{reverse('agreement_new')}?draft={draft.pk}",
        "company": request.membership.company,
        "read_back": words.read_back(question, _customer(question)),
        "registered": question.registered,
    }
    return render(request, "agreements/third_party/review.html", context)


def _customer(question: Question) -> CustomerView | None:
    """The customer as page 2 may show it: as typed, or masked from the account (T6)."""
    if not question.registered:
        return plain_person(question.person)
    on_record = creation.customer_of_draft(question)
    return masked_person(on_record) if on_record else None


@third_party_page
def agreement_submitted(request: MemberRequest, draft: UUID) -> HttpResponse:
    """The confirmation, the same however often it is asked for (T9)."""
    found = _draft(request, draft)
    if not found.submitted_at:
        return redirect("agreement_review", draft)
    made = list(found.agreements.order_by("number"))
    context = {"made": [(one, words.masked_meter(one)) for one in made], "numbers": [one.number for one in made]}
    return render(request, "agreements/third_party/submitted.html", context)


# --- One agreement ------------------------------------------------------------------------------------------------


def _one(request: MemberRequest, number: str) -> Agreement:
    return get_object_or_404(own_agreements(request).with_overdue(), number=number)


@third_party_page
@require_POST
def agreement_resend(request: MemberRequest, number: str) -> HttpResponse:
    """Send the invitation again (EM202)."""
    done = _("The email was sent to the customer again. The customer still has until the same date to answer.")
    return _act(request, _one(request, number), actions.resend, done)


@third_party_page
def agreement_withdraw(request: MemberRequest, number: str) -> HttpResponse:
    """GET asks whether it is meant, POST withdraws."""
    found = _one(request, number)
    if request.method == "POST":
        return _act(request, found, actions.withdraw, _("The agreement is withdrawn. The customer is told by email."))
    if reason := words.why_not_resend_or_withdraw(found, request.user):
        messages.error(request, reason)
        return redirect("agreement", number)
    return render(request, "agreements/third_party/withdraw.html", {"agreement": found})


def _act(request: MemberRequest, found: Agreement, action: Callable[..., Any], done: str) -> HttpResponse:
    try:
        action(found, by=request.user)
        messages.success(request, done)
    except TransitionRefused as refusal:
        messages.error(request, words.refusal_words(refusal))
    except actions.ResentTooOften as pause:
        messages.warning(request, str(pause))
    return redirect("agreement", found.number)

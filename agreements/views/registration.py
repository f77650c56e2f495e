"""Registration and another meter, as far as they touch agreements, and disputes of a claim by an account (C3, X7)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.language import chosen_language
from agreements import sign_up
from agreements.sign_up import EsiidTaken
from agreements.views.customer import linked_agreement
from agreements.views.decision_forms import invitation_url
from companies.trust.fingerprints import fingerprint_request
from customers.esiid_claims import ClaimedMeter, MatchedMeter
from customers.forms import ClaimForm, Invited
from customers.models import ClaimDispute, Customer, CustomerKind, EsiidClaim, Registration
from customers.registration import NotConfirmed, NotConfirmedReason, find_registration
from customers.views import customer_or_404, registration_page
from lib.client_address import client_network
from lib.link_tokens import noindex
from lib.phone_numbers import split_extension
from lib.refusals import Refused

NOT_CONFIRMED_STATUS = {NotConfirmedReason.UNKNOWN: 404, NotConfirmedReason.EXPIRED: 410}  # else 409, a conflict
# The meter whose entries were right goes to the second click in a signed value.
DISPUTE_SALT, DISPUTE_SECONDS = "agreements.dispute", 3600


@noindex
def register_invited(request: HttpRequest, token: str, number: str = "") -> HttpResponse:
    """The registration form filled from the agreement; its link proves that the customer received the request."""
    agreement = linked_agreement(token, number)
    if agreement is None or not agreement.offers_registration:
        return redirect(invitation_url(token, number))
    language = agreement.submission.language
    initial = {name: getattr(agreement, name) for name in ("first_name", "middle_initial", "last_name", "email")}
    initial["phone"], initial["phone_extension"] = split_extension(agreement.phone)
    initial |= {"company_name": agreement.customer_company_name, "email_again": agreement.email, "language": language}
    invited = Invited(ClaimedMeter(agreement.esiid, agreement.meter_number), initial)
    with translation.override(chosen_language(request) or language):
        return registration_page(request, CustomerKind(agreement.customer_kind), invited=invited)


@noindex
@never_cache
def register_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button and changes nothing, because mail scanners follow links; POST opens the account.

    If another account has the ESIID, the page offers to dispute its claim, which is a POST with `dispute` (X7).
    """
    try:
        registration = find_registration(token)
    except NotConfirmed as refusal:
        return _not_confirmed(request, refusal)
    with translation.override(registration.language):
        if request.method != "POST":
            page = "confirmed" if registration.confirmed_at else "confirm"
            return _registration_page(request, page, registration)
        try:
            fingerprints, disputes = fingerprint_request(request), "dispute" in request.POST
            outcome = sign_up.confirm_registration(token, fingerprints=fingerprints, disputes=disputes)
            return _registration_page(request, "confirmed", registration, outcome)
        except NotConfirmed as refusal:
            return _not_confirmed(request, refusal, registration)
        except Refused as refused:
            return _not_confirmed(request, NotConfirmed(NotConfirmedReason.ESIID), registration, refused=refused)


def _registration_page(
    request: HttpRequest, page: str, registration: Registration, outcome: EsiidClaim | ClaimDispute | None = None
) -> HttpResponse:
    context: dict[str, Any] = {"registration": registration, "is_dispute": isinstance(outcome, ClaimDispute)}
    if isinstance(outcome, EsiidClaim):
        context["claim"] = _visible_claim(outcome)
    return render(request, f"customers/registration/{page}.html", context)


def _not_confirmed(
    request: HttpRequest,
    refusal: NotConfirmed,
    registration: Registration | None = None,
    refused: Refused | None = None,
) -> HttpResponse:
    context = {"reason": refusal.reason, "registration": registration, "days": settings.REGISTRATION_PERIOD.days}
    status = NOT_CONFIRMED_STATUS.get(refusal.reason, 409)
    template = "customers/registration/not_confirmed.html"
    return render(request, template, context | {"refused": refused}, status=status)


@login_required
@never_cache
def customer_add_meter(request: HttpRequest) -> HttpResponse:
    """Add a meter, and the agreements about it; if another account has it, offer to dispute that claim."""
    customer = customer_or_404(request)
    form = ClaimForm(request.POST or None)
    if form.is_valid():
        network, fingerprints = client_network(request), fingerprint_request(request)
        try:
            meter = form.claimed_meter()
            return _claimed(request, sign_up.add_meter(customer, meter, network=network, fingerprints=fingerprints))
        except EsiidTaken as taken:
            signed = signing.dumps({"customer": customer.pk, **vars(taken.matched)}, salt=DISPUTE_SALT)
            context = {"signed": signed, "meter": form.claimed_meter()}
            return render(request, "customers/claims/taken.html", context, status=409)
        except Refused as refused:
            form.refuse(refused)
    return render(request, "customers/profile/add_meter.html", {"form": form})


@login_required
@require_POST
def customer_dispute(request: HttpRequest) -> HttpResponse:
    """Dispute another account's claim of a meter, whose entries `customer_add_meter` has found right (X7)."""
    customer = customer_or_404(request)
    matched = _signed_meter(request.POST.get("signed", ""), customer)
    try:
        outcome = sign_up.dispute_claim(customer, matched, fingerprints=fingerprint_request(request))
    except EsiidTaken:  # another claim came first
        messages.error(request, _("Someone has just added this meter to another account. Try again."))
        return redirect("customer_add_meter")
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("my_meters")
    if isinstance(outcome, EsiidClaim):
        return _claimed(request, outcome)
    messages.success(request, _("Your dispute is recorded. Your utility will decide, and we'll email you."))
    return redirect("my_meters")


def _claimed(request: HttpRequest, claim: EsiidClaim) -> HttpResponse:
    messages.success(request, _("Meter added to your account."))
    return redirect("meter_usage", claim.pk)


def _signed_meter(signed: str, customer: Customer) -> MatchedMeter:
    """Return the meter in a signed value that was made for `customer`. Raises Http404."""
    try:
        values = signing.loads(signed, salt=DISPUTE_SALT, max_age=DISPUTE_SECONDS)
    except signing.BadSignature:
        raise Http404 from None
    if values.pop("customer") != customer.pk:
        raise Http404
    return MatchedMeter(**values)


def _visible_claim(claim: EsiidClaim) -> EsiidClaim:
    """Return `claim` with its state, as its customer sees it."""
    return EsiidClaim.objects.visible_to(claim.customer.user).select_related("premise__tdsp").get(pk=claim.pk)

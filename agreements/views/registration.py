"""Sign-up pages that also touch agreements: the form filled from a request, its confirmation, another meter (C3)."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.language import chosen_language
from agreements import sign_up
from agreements.models import Agreement
from customers.esiid_claims import ClaimedMeter
from customers.forms import ClaimForm, Invited
from customers.models import CustomerKind
from customers.registration import NotConfirmed, NotConfirmedReason, find_registration
from customers.views import customer_or_404, registration_page
from lib import link_tokens
from lib.client_address import client_network
from lib.link_tokens import noindex
from lib.refusals import Refused

NOT_CONFIRMED_STATUS = {NotConfirmedReason.UNKNOWN: 404, NotConfirmedReason.EXPIRED: 410}  # else 409, a conflict


@noindex
def register_invited(request: HttpRequest, token: str) -> HttpResponse:
    """The registration form filled from the agreement; its link proves that the customer received the request."""
    agreement = Agreement.objects.by_link(link_tokens.hash_token(token)).first()
    if agreement is None or agreement.customer_id:
        return redirect("invitation", token)
    names = ("first_name", "middle_initial", "last_name", "phone", "email", "language")
    initial = {name: getattr(agreement, name) for name in names}
    initial |= {"company_name": agreement.customer_company_name, "email_again": agreement.email}
    invited = Invited(ClaimedMeter(agreement.esiid, agreement.meter_number), agreement.link_hash, initial)
    with translation.override(chosen_language(request) or agreement.language):
        return registration_page(request, CustomerKind(agreement.customer_kind), invited=invited)


@noindex
@never_cache
def register_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button and changes nothing, because mail scanners follow links; POST opens the account."""
    try:
        registration = find_registration(token)
        with translation.override(registration.language):
            if request.method == "POST":
                sign_up.confirm_registration(token)
            page = "confirmed" if request.method == "POST" or registration.confirmed_at else "confirm"
            return render(request, f"customers/registration/{page}.html", {"registration": registration})
    except NotConfirmed as refusal:
        context = {"reason": refusal.reason, "days": settings.REGISTRATION_PERIOD.days}
        status = NOT_CONFIRMED_STATUS.get(refusal.reason, 409)
        return render(request, "customers/registration/not_confirmed.html", context, status=status)


@login_required
@never_cache
def customer_add_meter(request: HttpRequest) -> HttpResponse:
    """Add a meter, and the agreements about it that were sent to the customer's address."""
    customer = customer_or_404(request)
    form = ClaimForm(request.POST or None)
    if form.is_valid():
        try:
            sign_up.add_meter(customer, form.claimed_meter(), network=client_network(request))
            messages.success(request, _("Meter added to your account."))
            return redirect("customer_profile")
        except Refused as refused:
            form.refuse(refused)
    return render(request, "customers/profile/add_meter.html", {"form": form})

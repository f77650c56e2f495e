"""Registration and profile of customers (C3). The pages that also touch agreements are there."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.language import set_language_cookie
from companies.trust.fingerprints import fingerprint_request
from customers import disputes, registration
from customers.forms import CustomerProfileForm, Invited, RegistrationForm
from customers.models import Customer, CustomerKind, EsiidClaim, customer_of
from lib.client_address import client_network
from lib.link_tokens import noindex
from lib.refusals import Refused


def register_as(request: HttpRequest, kind: str) -> HttpResponse:
    """The form without an invitation."""
    if kind not in CustomerKind.values:
        raise Http404
    return registration_page(request, CustomerKind(kind))


@sensitive_post_parameters("password1", "password2")
@never_cache
def registration_page(request: HttpRequest, kind: CustomerKind, *, invited: Invited | None = None) -> HttpResponse:
    """The registration form of `kind`; with `invited` filled in, and the meter fixed."""
    if request.user.is_authenticated:
        return render(request, "customers/registration/signed_in.html")
    form = RegistrationForm(request.POST or None, kind=kind, invited=invited)
    if form.is_valid():
        try:
            registration.apply(
                form.registration(),
                form.claimed_meter(),
                network=client_network(request),
                fingerprints=fingerprint_request(request),
            )
            # The next pages cannot read the language from an account yet (C6).
            return set_language_cookie(redirect("register_sent"), form.cleaned_data["language"])
        except Refused as refused:
            form.refuse(refused)
    return render(request, "customers/registration/form.html", {"form": form, "kind": kind, "invited": invited})


@noindex
@never_cache
def claim_notice(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the claim that a notice is about; POST disputes it, because mail scanners follow links (X7)."""
    claim, refused = disputes.find_claim(token), None
    if claim and request.method == "POST":
        try:
            disputes.dispute_by_link(claim)
            return redirect("claim_notice", token)
        except Refused as refusal:
            refused = refusal
    status = 409 if refused else 200 if claim else 404
    return render(request, "customers/claims/notice.html", {"claim": claim, "refused": refused}, status=status)


@login_required
@never_cache
def customer_profile(request: HttpRequest) -> HttpResponse:
    customer = customer_or_404(request)
    form = CustomerProfileForm(request.POST or None, customer=customer)
    if form.is_valid():
        customer.change_profile(form.cleaned_data)
        messages.success(request, _("Profile saved."))
        return redirect("customer_profile")
    claims = EsiidClaim.objects.visible_to(request.user)
    claims = claims.select_related("premise__tdsp").prefetch_related("premise__meters")
    return render(request, "customers/profile/profile.html", {"form": form, "claims": claims})


def customer_or_404(request: HttpRequest) -> Customer:
    """Return the signed-in customer; for everyone else the page does not exist."""
    if customer := customer_of(request.user):
        return customer
    raise Http404

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
from customers import registration
from customers.forms import CustomerProfileForm, Invited, RegistrationForm
from customers.models import Customer, CustomerKind, customer_of
from lib.client_address import client_network
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
            registration.apply(form.registration(), form.claimed_meter(), network=client_network(request))
            # The next pages cannot read the language from an account yet (C6).
            return set_language_cookie(redirect("register_sent"), form.cleaned_data["language"])
        except Refused as refused:
            form.refuse(refused)
    return render(request, "customers/registration/form.html", {"form": form, "kind": kind, "invited": invited})


@login_required
@never_cache
def customer_profile(request: HttpRequest) -> HttpResponse:
    customer = customer_or_404(request)
    form = CustomerProfileForm(request.POST or None, customer=customer)
    if form.is_valid():
        customer.change_profile(form.cleaned_data)
        messages.success(request, _("Profile saved."))
        return redirect("customer_profile")
    claims = customer.claims.filter(until=None).select_related("premise").prefetch_related("premise__meters")
    return render(request, "customers/profile/profile.html", {"form": form, "claims": claims})


def customer_or_404(request: HttpRequest) -> Customer:
    """Return the signed-in customer; for everyone else the page does not exist."""
    if customer := customer_of(request.user):
        return customer
    raise Http404

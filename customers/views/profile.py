"""My Profile of a customer: name, phone, language, meters, and the way to everything else about the account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from customers.esiid_claims import Refused
from customers.forms.profile import ProfileForm
from customers.forms.registration import ClaimForm
from customers.models import Customer, customer_of
from customers.profile import add_meter, change_profile
from customers.registration import Attach
from lib.client_address import client_network


@login_required
@never_cache
def customer_profile(request: HttpRequest) -> HttpResponse:
    customer = _customer(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, customer=customer)
    if request.method == "POST" and form.is_valid():
        change_profile(customer, form.profile())
        messages.success(request, _("Your profile is saved."))
        return HttpResponseRedirect(reverse("customer_profile"))
    holdings = customer.holdings.filter(until=None).select_related("premise").prefetch_related("premise__meters")
    return render(request, "customers/profile/profile.html", {"form": form, "holdings": holdings})


@login_required
@never_cache
def add_meter_page(request: HttpRequest, *, attach: Attach) -> HttpResponse:
    """Another meter for the account; the room above says with `attach` what else waits for its holder."""
    customer = _customer(request)
    form = ClaimForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            add_meter(customer, form.pair(), network_address=client_network(request), attach=attach)
            messages.success(request, _("The meter belongs to your account now."))
            return HttpResponseRedirect(reverse("customer_profile"))
        except Refused as refused:
            form.refuse(refused)
    return render(request, "customers/profile/add_meter.html", {"form": form})


def _customer(request: HttpRequest) -> Customer:
    customer = customer_of(request.user)
    if customer is None:
        raise Http404
    return customer

"""My Profile of a customer: name, phone, language, meters, and links to everything else about the account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from customers.forms.profile import CustomerProfileForm
from customers.models import Customer, customer_of
from customers.profile import change_profile


@login_required
@never_cache
def customer_profile(request: HttpRequest) -> HttpResponse:
    customer = customer_or_404(request)
    form = CustomerProfileForm(request.POST or None, customer=customer)
    if form.is_valid():
        change_profile(customer, form.cleaned_data)
        messages.success(request, _("Profile saved."))
        return redirect("customer_profile")
    claims = customer.claims.filter(until=None).select_related("premise").prefetch_related("premise__meters")
    return render(request, "customers/profile/profile.html", {"form": form, "claims": claims})


def customer_or_404(request: HttpRequest) -> Customer:
    """Return the signed-in customer; for everyone else the page does not exist."""
    customer = customer_of(request.user)
    if customer is None:
        raise Http404
    return customer

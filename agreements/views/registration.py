"""Registration as far as agreements are concerned: the form filled from one, and what a new customer finds (C3)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation

from accounts.language import chosen_language
from agreements.attaching import attach
from agreements.models import Agreement
from customers.esiid_claims import Pair
from customers.forms.registration import Invited
from customers.models import CustomerKind
from customers.views.profile import add_meter_page
from customers.views.registration import confirm_page, registration_page
from lib import link_tokens


def register_invited(request: HttpRequest, token: str) -> HttpResponse:
    """The form of the agreement's kind, filled from it; the link proves that the invitation was received."""
    found = Agreement.objects.by_link(link_tokens.hash_token(token)).first()
    if found is None or found.customer_id:
        return HttpResponseRedirect(reverse("invitation", args=[token]))
    with translation.override(chosen_language(request) or found.language):
        response = registration_page(request, CustomerKind(found.customer_kind), invited=_invited(found))
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def register_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the confirmation email; what was sent to the customer's address is the customer's from then on."""
    return confirm_page(request, token, attach=attach)


def customer_add_meter(request: HttpRequest) -> HttpResponse:
    """Another meter, and the agreements about it that were sent to the customer's address."""
    return add_meter_page(request, attach=attach)


def _invited(agreement: Agreement) -> Invited:
    names = ("first_name", "middle_initial", "last_name", "phone", "email", "language")
    initial = {name: getattr(agreement, name) for name in names}
    initial |= {"company_name": agreement.customer_company_name, "email_again": agreement.email}
    return Invited(Pair(agreement.esiid, agreement.meter_number), agreement.link_hash, initial)

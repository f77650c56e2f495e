"""Registration of customers: choose the kind, fill in the form, confirm by email (C3).

What is done with a customer who came from a decision link is decided in the room above: it brings `Invited` and
`attach`.
"""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts.language import keep
from customers import registration
from customers.esiid_claims import Refused
from customers.forms.registration import Invited, RegistrationForm
from customers.models import CustomerKind, Registration
from customers.registration import Attach, NotConfirmed
from lib.client_address import client_network


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """Select Account Type."""
    return render(request, "customers/registration/choose.html")


@require_safe
def register_sent(request: HttpRequest) -> HttpResponse:
    """The same page whatever was sent."""
    return render(request, "customers/registration/sent.html", {"days": settings.REGISTRATION_PERIOD.days})


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
    form = RegistrationForm(request.POST if request.method == "POST" else None, kind=kind, invited=invited)
    if request.method == "POST" and form.is_valid():
        try:
            registration.apply(form.application(), network_address=client_network(request))
            return _sent(form.cleaned_data["language"])
        except Refused as refused:
            form.refuse(refused)
    return render(request, "customers/registration/form.html", {"form": form, "kind": kind, "invited": invited})


def _sent(language: str) -> HttpResponse:
    # The page that follows, and the one to sign in on, know of no account yet: they go by the cookie (C6).
    response = HttpResponseRedirect(reverse("register_sent"))
    keep(response, language)
    return response


@never_cache
def confirm_page(request: HttpRequest, token: str, *, attach: Attach) -> HttpResponse:
    """GET shows a button and changes nothing, mail scanners follow links; POST finishes the registration."""
    try:
        found = registration.find(token)
        with translation.override(found.language):
            if request.method == "POST":
                found = registration.confirm(token, attach=attach)
            return _confirm(request, "confirmed" if found.confirmed_at else "confirm", found)
    except NotConfirmed as refusal:
        return _confirm(request, "not_confirmed", reason=refusal.reason, status=_STATUS.get(refusal.reason, 409))


_STATUS = {"unknown": 404, "expired": 410}


def _confirm(
    request: HttpRequest, page: str, found: Registration | None = None, *, reason: str = "", status: int = 200
) -> HttpResponse:
    context = {"registration": found, "reason": reason, "days": settings.REGISTRATION_PERIOD.days}
    response = render(request, f"customers/registration/{page}.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response

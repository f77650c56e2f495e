"""3rd Party Agreements of a registered customer: the list, and View & Edit with the same decisions as by email (C4)."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.models import signed_in
from agreements.models import Agreement
from agreements.states import Channel
from agreements.transitions import TransitionRefused
from agreements.views.invitation import DECISIONS
from companies.trust.fingerprints import fingerprint_request
from customers.models import customer_of

PAGE = 25


def own_agreements(request: HttpRequest) -> QuerySet[Agreement]:
    customer = customer_of(request.user)
    if customer is None:
        raise Http404
    return Agreement.objects.visible_to(request.user).filter(customer=customer).with_overdue()


@login_required
@never_cache
def customer_agreements(request: HttpRequest) -> HttpResponse:
    page = Paginator(own_agreements(request), PAGE).get_page(request.GET.get("page"))
    return render(request, "agreements/customer/list.html", {"page": page})


@login_required
@require_POST
def customer_decide(request: HttpRequest, number: str) -> HttpResponse:
    agreement = get_object_or_404(own_agreements(request), number=number)
    if request.POST.get("decision") not in DECISIONS:
        raise Http404
    decide, _outcome = DECISIONS[request.POST["decision"]]
    try:
        fingerprints, page_language = fingerprint_request(request), get_language()
        decide(
            agreement,
            channel=Channel.ACCOUNT,
            by=signed_in(request),
            fingerprints=fingerprints,
            page_language=page_language,
        )
        messages.success(request, _("Your answer is recorded. We've emailed you a confirmation."))
    except TransitionRefused as refusal:
        messages.error(request, _refusal(refusal))
    return HttpResponseRedirect(reverse("customer_agreement", args=[number]))


def _refusal(refusal: TransitionRefused) -> str:
    if refusal.expired:
        return _("This request has expired, so your answer was not recorded. The company can send a new one.")
    return _(
        "Your answer was not recorded because the request had already changed. This page shows the current status."
    )

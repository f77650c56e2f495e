"""3rd Party Agreements of a registered customer: the list and the decision (C4)."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.models import signed_in
from agreements.models import Agreement
from agreements.states import Channel
from agreements.transitions import TransitionRefused
from agreements.views.invitation import DECISIONS, decide
from customers.models import customer_of

PAGE_SIZE = 25


def own_agreements(request: HttpRequest) -> QuerySet[Agreement]:
    """Return the signed-in customer's agreements. Raises Http404 for users who are no customers."""
    if (customer := customer_of(request.user)) is None:
        raise Http404
    return Agreement.objects.visible_to(request.user).filter(customer=customer).with_overdue()


@login_required
@never_cache
def customer_agreements(request: HttpRequest) -> HttpResponse:
    page = Paginator(own_agreements(request), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "agreements/customer/list.html", {"page": page})


@login_required
@require_POST
def customer_decide(request: HttpRequest, number: str) -> HttpResponse:
    agreement = get_object_or_404(own_agreements(request), number=number)
    if request.POST.get("decision") not in DECISIONS:
        raise Http404
    try:
        decide(request, agreement, channel=Channel.ACCOUNT, by=signed_in(request))
        messages.success(request, _("Your answer is recorded. We've emailed you a confirmation."))
    except TransitionRefused as refusal:
        expired = _("This request has expired, so your answer was not recorded. The company can send a new one.")
        changed = _(
            "Your answer was not recorded because the request had already changed. This page shows the current status."
        )
        messages.error(request, expired if refusal.expired else changed)
    return redirect("customer_agreement", number)

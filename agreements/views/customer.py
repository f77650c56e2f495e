"""The customer's pages: the decision, by an email's link or in the account, and sign-up from a request (C1 to C4)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt

from accounts.language import chosen_language
from accounts.models import User, signed_in
from agreements.answers import Decision, LinkReplaced, ScopeRefused, answer_requests
from agreements.models import Agreement
from agreements.states import Channel, Status
from agreements.transitions import CompanySuspended
from agreements.views.decision_forms import (
    DECISIONS,
    LINK_FRAME,
    answer_form,
    decision_context,
    is_same_answer,
    render_dead_link,
    render_page,
)
from agreements.views.submission import LinkedRequestsPage
from customers.models import EsiidClaim, customer_of
from lib import link_tokens

PAGE_SIZE = 25


def linked_agreement(token: str, number: str) -> Agreement | None:
    """Return the only agreement behind a decision link, or the one with `number`; None if there is no such one."""
    agreements = Agreement.objects.by_link(link_tokens.hash_token(token))
    linked = list(agreements.filter(number=number) if number else agreements[:2])
    return linked[0] if len(linked) == 1 else None


class DecisionView(View):
    """One request: GET only shows it, because mail scanners follow links (C1); POST with `decision` decides.

    A subclass finds the request by an email's link or in the account. The pages are the same, in another frame (C4).
    """

    http_method_names = ["get", "head", "post"]
    channel: Channel
    by: User | None = None
    frame: str
    list_url = ""  # the page of the whole submission
    # For each status; a subclass adds the page of an accepted request.
    templates: ClassVar[dict[Status, str]] = {
        Status.PENDING: "agreements/invitation/decide.html",
        Status.REJECTED: "agreements/invitation/rejected.html",
        Status.NOT_ACCEPTED: "agreements/invitation/expired.html",
        Status.WITHDRAWN: "agreements/invitation/withdrawn.html",
    }

    def get(self, request: HttpRequest, agreement: Agreement) -> HttpResponse:
        status = Status.NOT_ACCEPTED if agreement.is_overdue else Status(agreement.status)
        return self.page(self.templates[status], agreement)

    def post(self, request: HttpRequest, agreement: Agreement) -> HttpResponse:
        if request.POST.get("decision") not in DECISIONS:
            if agreement.status != Status.PENDING or agreement.is_overdue:
                return self.get(request, agreement)
            return self.page(self.templates[Status.PENDING], agreement, nothing_chosen=True, status=400)
        decision = Decision(request.POST["decision"])
        try:
            form = answer_form(request, [agreement], agreement.number, channel=self.channel, by=self.by)
            (outcome,) = answer_requests([(agreement, decision)], form)
        except ScopeRefused:
            return self.page(self.templates[Status.PENDING], agreement, status=400)
        refusal = outcome.refusal
        # The same answer again is no conflict.
        if refusal is None or is_same_answer(refusal.agreement, decision):
            return HttpResponseRedirect(request.get_full_path())  # keeps the chosen language
        if isinstance(refusal, CompanySuspended):
            return self.page(self.templates[Status.PENDING], agreement, not_recorded=True, status=409)
        changed = "agreements/invitation/changed.html"
        template = self.templates[Status.NOT_ACCEPTED] if refusal.expired else changed
        return self.page(template, refusal.agreement, status=409)

    def page(self, template: str, agreement: Agreement, **context: Any) -> HttpResponse:
        if agreement.status == Status.PENDING:
            context |= decision_context(self.request, [agreement], agreement.number)
        is_account_page = self.channel == Channel.ACCOUNT
        context |= {"agreement": agreement, "frame": self.frame, "list_url": self.list_url}
        context |= {
            "is_account_page": is_account_page,
            "is_in_account": not is_account_page and is_in_account(agreement),
        }
        return render_page(self.request, template, **context)


# Without a CSRF cookie: a forger lacks the unguessable link, and mail programs that keep no cookies must be able to
# answer.
@method_decorator(csrf_exempt, name="dispatch")
@method_decorator(cache_control(private=True, no_store=True), name="dispatch")
class LinkedDecisionView(DecisionView):
    """The request behind an email's link.

    The link of a submission with several agreements opens their page, with a page for each below it (C10).
    """

    channel = Channel.INVITATION
    frame = LINK_FRAME

    def dispatch(self, request: HttpRequest, *args: Any, token: str, number: str = "", **kwargs: Any) -> Any:
        submitted = Agreement.objects.by_link(link_tokens.hash_token(token))
        linked = [agreement for agreement in submitted if number in ("", agreement.number)]
        if not linked:
            return render_dead_link(request, token)
        try:
            with translation.override(chosen_language(request) or linked[0].submission.language):
                if len(linked) > 1:
                    return LinkedRequestsPage(request, token, linked).respond()
                self.list_url = reverse("invitation", args=[token]) if len(submitted) > 1 else ""
                return super().dispatch(request, linked[0])
        except LinkReplaced:
            return render_dead_link(request, token)


@method_decorator(login_required, name="dispatch")
@method_decorator(never_cache, name="dispatch")
class AccountDecisionView(DecisionView):
    """The request in the account of the customer who may answer it (C4)."""

    channel = Channel.ACCOUNT
    frame = "agreements/customer/frame.html"

    def dispatch(self, request: HttpRequest, *args: Any, number: str, **kwargs: Any) -> Any:
        agreement = get_object_or_404(own_agreements(request).select_related("premise", "tdsp"), number=number)
        self.by = signed_in(request)
        try:
            return super().dispatch(request, agreement)
        except LinkReplaced:
            text = _("Your answer was not recorded because the request was sent to another address.")
            messages.error(request, text)
            return redirect("customer_agreements")


def is_in_account(agreement: Agreement) -> bool:
    """Return whether the account of the agreement's customer shows it; not after that claim was refused (C4, X7)."""
    user = agreement.customer.user if agreement.customer else None
    return user is not None and Agreement.objects.visible_to(user).filter(pk=agreement.pk).exists()


def own_agreements(request: HttpRequest) -> QuerySet[Agreement]:
    """Return the signed-in customer's agreements. Raises Http404 for users who are no customers."""
    if customer_of(request.user) is None:
        raise Http404
    return Agreement.objects.visible_to(request.user).with_overdue().select_related("company", "submission")


@login_required
@never_cache
def customer_agreements(request: HttpRequest) -> HttpResponse:
    claims = EsiidClaim.objects.visible_to(request.user).filter(premise=OuterRef("premise"))
    named = own_agreements(request).annotate(meter_name=Subquery(claims.values("meter_name")[:1]))
    page = Paginator(named, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "agreements/customer/list.html", {"page": page})

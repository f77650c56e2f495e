"""The page behind an email's decision link: the whole request, two buttons, and whatever became of it (C1, C2, L3)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt

from accounts.language import chosen_language
from agreements import actions
from agreements.models import Agreement
from agreements.states import Channel, Status
from agreements.transitions import TransitionRefused
from companies.trust.fingerprints import fingerprint_request
from lib import link_tokens

DECISIONS = {"accept": (actions.accept, Status.COMPLETE), "reject": (actions.reject, Status.REJECTED)}


# No CSRF cookie is asked for: the unguessable link itself is what a forger lacks, and a customer whose mail program
# keeps no cookies must be able to answer.
@method_decorator(csrf_exempt, name="dispatch")
@method_decorator(cache_control(private=True, no_store=True), name="dispatch")
class InvitationView(View):
    """GET shows and never decides, mail scanners follow links (C1); POST with `decision` decides."""

    http_method_names = ["get", "head", "post"]
    # What the link shows in each status. A subclass adds the page of an accepted request.
    templates: ClassVar[dict[Status, str]] = {
        Status.PENDING: "agreements/invitation/decide.html",
        Status.REJECTED: "agreements/invitation/rejected.html",
        Status.NOT_ACCEPTED: "agreements/invitation/expired.html",
        Status.WITHDRAWN: "agreements/invitation/withdrawn.html",
    }

    def dispatch(self, request: HttpRequest, *args: Any, token: str, **kwargs: Any) -> Any:
        found = Agreement.objects.by_link(link_tokens.hash_token(token)).first()
        if found is None:
            return _page(request, "agreements/invitation/unknown.html", status=404)
        with translation.override(chosen_language(request) or found.language):
            return super().dispatch(request, found)

    def get(self, request: HttpRequest, agreement: Agreement) -> HttpResponse:
        status = Status.NOT_ACCEPTED if agreement.is_overdue else Status(agreement.status)
        return _page(request, self.templates[status], agreement)

    def post(self, request: HttpRequest, agreement: Agreement) -> HttpResponse:
        if request.POST.get("decision") not in DECISIONS:
            if agreement.status != Status.PENDING or agreement.is_overdue:
                return self.get(request, agreement)
            return _page(request, self.templates[Status.PENDING], agreement, nothing_chosen=True, status=400)
        decide, outcome = DECISIONS[request.POST["decision"]]
        try:
            fingerprints, page_language = fingerprint_request(request), translation.get_language()
            decide(agreement, channel=Channel.INVITATION, fingerprints=fingerprints, page_language=page_language)
        except TransitionRefused as refusal:
            if refusal.agreement.status != outcome:  # the same answer once more is no conflict: show what is recorded
                changed = "agreements/invitation/changed.html"
                template = self.templates[Status.NOT_ACCEPTED] if refusal.expired else changed
                return _page(request, template, refusal.agreement, status=409)
        return HttpResponseRedirect(request.get_full_path())  # a language that was chosen stays


def _page(
    request: HttpRequest, template: str, agreement: Agreement | None = None, *, status: int = 200, **context: Any
) -> HttpResponse:
    response = render(request, template, {"agreement": agreement, **context}, status=status)
    response["Content-Language"] = translation.get_language() or ""
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response

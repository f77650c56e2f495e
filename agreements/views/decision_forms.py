"""What decision pages show and what their forms post, of one request or of several of a submission (C1, C8 to C10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from accounts.language import chosen_language
from accounts.models import User
from agreements.answers import AnswerForm, Decision
from agreements.consent import is_too_fast
from agreements.models import AddressCorrection, Agreement, ReportScope
from agreements.period import offer_context
from agreements.states import Channel, Status
from companies.trust.fingerprints import fingerprint_request
from lib import link_tokens
from lib.central_time import utc_or_now
from lib.served_times import sign_time

# The values of `decision` and the statuses that they lead to.
DECISIONS = {
    Decision.ACCEPT: Status.COMPLETE, Decision.REJECT: Status.REJECTED, Decision.UNKNOWN: Status.REJECTED,
}  # fmt: skip
LINK_FRAME = "agreements/invitation/frame.html"
EACH = "each"  # the value of `decision` if there is an answer for each meter


def posted_decisions(post: QueryDict, agreements: Sequence[Agreement]) -> list[tuple[Agreement, Decision]]:
    """Return the answers to those of `agreements` that the form showed, or that were answered one by one.

    Empty if nothing was chosen.
    """
    if (decision := post.get("decision")) == EACH:
        chosen = [(agreement, post.get(f"answer_{agreement.number}")) for agreement in agreements]
        return [(agreement, Decision(value)) for agreement, value in chosen if value in ("accept", "reject")]
    numbers = post.getlist("number")
    return [(each, Decision(decision)) for each in agreements if each.number in numbers and decision in DECISIONS]


def answer_form(
    request: HttpRequest, agreements: Sequence[Agreement], subject: str, *, channel: Channel, by: User | None = None
) -> AnswerForm:
    """Return how the page with the requests `agreements` and a signed time about `subject` was answered (X1)."""
    return AnswerForm(
        channel=channel,
        by=by,
        scope=requested_scope(agreements[0], request.POST),
        page_requests=agreements,
        page_language=translation.get_language(),
        fingerprints=fingerprint_request(request),
        was_too_fast=is_too_fast(subject, request.POST.get("served", ""), at=utc_or_now()),
    )


def is_same_answer(agreement: Agreement, decision: Decision) -> bool:
    """Return whether `decision` repeats what was recorded; a rejection does not say that the company is unknown."""
    return agreement.status == DECISIONS[decision] and (decision != Decision.UNKNOWN or agreement.is_company_unknown)


def requested_scope(agreement: Agreement, data: Mapping[str, str]) -> ReportScope:
    """Return what the customer wants to share, by default all that was asked for (C9)."""
    asked = agreement.asked
    return ReportScope(data.get("type") or asked.report_type, data.get("length") or asked.report_length)


def decision_context(request: HttpRequest, agreements: Sequence[Agreement], subject: str) -> dict[str, Any]:
    """Return what the page of pending requests shows, with the time at which it is served, signed about `subject`.

    The address says which button of the email opened it (C1), and which share less than asked it shows (C9).
    """
    at, scope = utc_or_now(), requested_scope(agreements[0], request.POST or request.GET)
    is_possible = scope.is_within(agreements[0].asked)
    pressed = request.GET.get("pressed")
    return offer_context(agreements, at=at, scope=scope if is_possible else agreements[0].asked) | {
        "served": sign_time(subject, at),
        "pressed": pressed if pressed in (Decision.ACCEPT, Decision.REJECT) else None,
        "scope_refused": not is_possible,
    }


def invitation_url(token: str, number: str) -> str:
    """Return the decision page of the only agreement behind a link, or of the one with `number`."""
    return reverse("invitation_agreement", args=[token, number]) if number else reverse("invitation", args=[token])


def render_dead_link(request: HttpRequest, token: str) -> HttpResponse:
    """Say that the request went to another address, without saying which (T15), or that there is none."""
    corrections = AddressCorrection.objects.filter(old_link_hash=link_tokens.hash_token(token))
    correction = corrections.select_related("submission").first()
    if correction is None:
        return render_page(request, "agreements/invitation/unknown.html", status=404)
    submission = correction.submission
    with translation.override(chosen_language(request) or submission.language):
        agreement = submission.agreements.select_related("submission").first()
        return render_page(request, "agreements/invitation/replaced.html", status=410, agreement=agreement)


def render_page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Render a page behind a decision link, which no search engine keeps (X5), by default in that link's frame."""
    response = render(request, template, {"frame": LINK_FRAME, **context}, status=status)
    response["Content-Language"] = translation.get_language() or ""
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response

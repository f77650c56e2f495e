"""The page of a submission with several agreements: one POST answers any of them (C10)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect

from agreements.answers import AnswerForm, AnswerOutcome, ScopeRefused, answer_requests
from agreements.models import Agreement
from agreements.states import Channel, Status
from agreements.transitions import CompanySuspended
from agreements.views.decision_forms import (
    answer_form,
    decision_context,
    invitation_url,
    is_same_answer,
    posted_decisions,
    render_page,
)

METHODS = ("GET", "HEAD", "POST")


class LinkedRequestsPage:
    """GET shows the requests that can be answered and what became of the others; POST answers those that it names."""

    def __init__(self, request: HttpRequest, token: str, agreements: list[Agreement]) -> None:
        self.request, self.token, self.agreements = request, token, agreements

    def respond(self) -> HttpResponse:
        if self.request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        return self.answer() if self.request.method == "POST" else self.page()

    def answer(self) -> HttpResponse:
        """Redirect to the page if all answers were recorded, now or before; else say which were not, and why."""
        decisions = posted_decisions(self.request.POST, self.agreements)
        if not decisions:
            return self.page(nothing_chosen=True, status=400 if self.open_agreements() else 200)
        requests = self.open_agreements() or [agreement for agreement, _decision in decisions]
        try:
            outcomes = answer_requests(decisions, self.form(requests))
        except ScopeRefused:
            return self.page(status=400)
        asked = dict(decisions)
        failed = [
            each for each in outcomes if each.refusal and not is_same_answer(each.agreement, asked[each.agreement])
        ]
        if not failed:
            return HttpResponseRedirect(self.request.get_full_path())  # keeps the chosen language
        return self.outcome_page(outcomes, failed)

    def form(self, requests: list[Agreement]) -> AnswerForm:
        return answer_form(self.request, requests, self.subject, channel=Channel.INVITATION)

    @property
    def subject(self) -> str:
        return f"submission {self.agreements[0].submission_id}"

    def open_agreements(self) -> list[Agreement]:
        return [each for each in self.agreements if each.status == Status.PENDING and not each.is_overdue]

    def page(self, *, status: int = 200, **context: Any) -> HttpResponse:
        open_agreements = self.open_agreements()
        if open_agreements:
            context |= decision_context(self.request, open_agreements, self.subject)
        closed = [each for each in self.agreements if each not in open_agreements]
        context |= {"closed": [(each, invitation_url(self.token, each.number)) for each in closed]}
        context.setdefault("agreement", self.agreements[0])
        context |= {"has_open": bool(open_agreements), "count": len(self.agreements)}
        return render_page(self.request, "agreements/invitation/submission.html", status=status, **context)

    def outcome_page(self, outcomes: list[AnswerOutcome], failed: list[AnswerOutcome]) -> HttpResponse:
        rows = [
            {
                "agreement": outcome.agreement,
                "url": invitation_url(self.token, outcome.agreement.number),
                "is_recorded": outcome not in failed,
                "is_suspended": isinstance(outcome.refusal, CompanySuspended),
                "is_expired": bool(outcome.refusal and outcome.refusal.expired),
            }
            for outcome in outcomes
        ]
        context = {"agreement": self.agreements[0], "rows": rows, "list_url": self.request.get_full_path()}
        return render_page(self.request, "agreements/invitation/outcomes.html", status=409, **context)

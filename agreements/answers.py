"""A customer's answer to requests of one submission: one POST, one transaction, an outcome for each (C1, C8, C10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import User
from agreements import emails, loa, locks
from agreements.consent import record_signals_at_acceptance
from agreements.consent_review import hold_for_review
from agreements.contact_stops import stop_contact
from agreements.models import Agreement, Letter, ReportScope
from agreements.period import find_period
from agreements.states import Channel, ReportState
from agreements.transitions import CompanySuspended, TransitionRefused, transition
from companies.trust.fingerprints import Fingerprints
from customers.models import customer_of
from lib.central_time import utc_or_now
from notifications.wakeup import wake_workers


class Decision(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"
    UNKNOWN = "unknown"  # rejects, because the customer doesn't know the company (C8)


class LinkReplaced(Exception):
    """The request was sent to another address, with another link, since this page was opened (T15)."""


class ScopeRefused(Exception):
    """What the customer wants to share is more than the company asked for, or there is no such report (C9)."""


@dataclass(frozen=True, kw_only=True)
class AnswerForm:
    """How an answer was given.

    The customer grants `scope`, by default all that was asked for (C9). `page_requests` are the requests of the page,
    by default those that are answered, and `page_language` is its language, by default the submission's: the letters
    keep its text (C7). `fingerprints` and `was_too_fast` can be signs against the consent (X1).
    """

    channel: Channel
    by: User | None = None
    scope: ReportScope | None = None
    page_requests: Sequence[Agreement] = ()
    page_language: str | None = None
    fingerprints: Fingerprints | None = None
    was_too_fast: bool = False


@dataclass(frozen=True)
class AnswerOutcome:
    """What became of one answer: `agreement` is the database's row, `refusal` why the answer was not recorded."""

    agreement: Agreement
    refusal: TransitionRefused | None = None


@transaction.atomic
def answer_requests(
    decisions: Sequence[tuple[Agreement, Decision]], form: AnswerForm, *, at: datetime | None = None
) -> list[AnswerOutcome]:
    """Record a customer's answers to requests of one submission, and queue one EM203 and one EM205 for each side.

    Each answer has its own outcome: one that can't be recorded leaves the others alone. An acceptance signs a letter
    and makes the report due, or lets it wait for its data or a review (R2, R7, X1). Raises ScopeRefused, LinkReplaced.
    """
    first = decisions[0][0]
    link_hash = first.submission.link_hash  # as it was when the page's agreements were read
    company = locks.lock_company(first.company_id) if _is_unknown(decisions) else locks.lock_standing(first.company_id)
    if _is_unknown(decisions):
        locks.lock_mailbox(*_stopped_addresses(first, form.by))
    if locks.lock_submission(first.submission_id).link_hash != link_hash:
        raise LinkReplaced
    at = utc_or_now(at)
    page_text = _page_text(decisions, form, at)
    outcomes: list[AnswerOutcome] = []
    letters: list[tuple[Agreement, Letter]] = []
    rejected: list[Agreement] = []
    for agreement, decision in decisions:
        try:
            with transaction.atomic():
                _assign_to(form.by, agreement)
                if decision == Decision.ACCEPT:
                    if company.is_suspended and agreement.waits_for_answer(at=at):
                        raise CompanySuspended(agreement)
                    agreement, letter = _accept(agreement, form, page_text, at)
                    letters.append((agreement, letter))
                else:
                    reason = {"is_company_unknown": decision == Decision.UNKNOWN}
                    agreement = transition(agreement, "reject", at=at, by=form.by, channel=form.channel, **reason)
                    rejected.append(agreement)
            outcomes.append(AnswerOutcome(agreement))
        except TransitionRefused as refusal:
            outcomes.append(AnswerOutcome(refusal.agreement, refusal))
    if unknown := [agreement for agreement in rejected if agreement.is_company_unknown]:
        addresses = _stopped_addresses(first, form.by)
        stop_contact(unknown, company, addresses, counts=not form.was_too_fast, by=form.by, channel=form.channel, at=at)
    if letters:
        emails.queue_acceptance(letters)
        wake_workers("agreement completed")
    if rejected:
        emails.queue_rejection(rejected)
    return outcomes


def _is_unknown(decisions: Sequence[tuple[Agreement, Decision]]) -> bool:
    return any(decision == Decision.UNKNOWN for _agreement, decision in decisions)


def _stopped_addresses(agreement: Agreement, user: User | None) -> list[str]:
    """Return the address of the request and that of the account in which it is answered, in the order of locks."""
    addresses = {agreement.email.lower(), *([user.email.lower()] if user else [])}
    return sorted(addresses)


def _page_text(decisions: Sequence[tuple[Agreement, Decision]], form: AnswerForm, at: datetime) -> str:
    """Return the text of the page for the letters. Raises ScopeRefused."""
    accepted = [agreement for agreement, decision in decisions if decision == Decision.ACCEPT]
    for agreement in accepted:
        if form.scope and not form.scope.is_within(agreement.asked):
            raise ScopeRefused(form.scope)
    if not accepted:
        return ""
    language = form.page_language or accepted[0].submission.language
    requests = form.page_requests or [agreement for agreement, _decision in decisions]
    return loa.decision_text(requests, language=language, at=at, scope=form.scope)


def _accept(agreement: Agreement, form: AnswerForm, page_text: str, at: datetime) -> tuple[Agreement, Letter]:
    """Complete the agreement: fix its period, sign the letter, hold a doubtful consent. Raises TransitionRefused."""
    scope = form.scope or agreement.asked
    columns: dict[str, Any] = {"granted_type": scope.report_type, "granted_length": scope.report_length}
    if period := find_period(agreement, accepted_at=at, scope=scope):
        columns |= {"period_first_day": period.first, "period_last_day": period.last, "report_state": ReportState.DUE}
    else:
        columns |= {"awaits_data_until": at + settings.REPORT_DATA_WAIT, "report_state": ReportState.AWAITING_DATA}
    agreement = transition(agreement, "accept", at=at, by=form.by, channel=form.channel, **columns)
    language = form.page_language or agreement.submission.language
    letter = loa.sign(agreement, at=at, channel=form.channel, page_text=page_text, page_language=language)
    has_signals = record_signals_at_acceptance(agreement, form.fingerprints, was_too_fast=form.was_too_fast, at=at)
    hold_for_review(agreement, has_signals=has_signals, at=at)
    return agreement, letter


def _assign_to(user: User | None, agreement: Agreement) -> None:
    """Make a signed-in customer's answer the customer's own, also if the request was sent to another address (C4)."""
    customer = customer_of(user) if user else None
    if customer and Agreement.objects.filter(pk=agreement.pk, customer=None).update(customer=customer):
        agreement.customer = customer  # whose own former claims shorten no period (R2)

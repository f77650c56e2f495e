"""The steps of test agreements: what a customer, the clock, a mail server or a utility would do, when it is due (V17).

A step is a row, so that a killed worker loses nothing, and calls the action that real life calls.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from agreements import actions
from agreements.consent_review import AlreadyReviewed, decide_review
from agreements.locks import lock_standing
from agreements.models import Agreement, Review
from agreements.states import Channel, ReportState, Status
from agreements.transitions import TransitionRefused
from api.models import SandboxPremise, SandboxStep, StepKind
from api.sandbox.premises import sandbox_reviewer
from api.sandbox.readings import store_year
from api.sandbox.scenarios import ANSWERED_AFTER, LATER, MUCH_LATER, Reaction, Scenario, scenario_of
from lib.central_time import central_day, utc_or_now
from notifications.bounces import mark_bounced
from notifications.failures import FailureReason
from notifications.models import Email
from reports.actions import end_wait, fail_attempts, purge_batch
from reports.models import Report

logger = logging.getLogger(__name__)
RUN_SECONDS = 5
AT_ONCE = 100
RETRY = timedelta(minutes=1)  # of a step that raised
POLL = timedelta(seconds=5)  # of a step that waits for a report
REASON = "The sandbox made this decision."

# A step that follows, and when.
NextStep = tuple[StepKind, datetime] | None
_FIRST = {
    Reaction.ACCEPT: (StepKind.ANSWER, ANSWERED_AFTER),
    Reaction.REJECT: (StepKind.ANSWER, ANSWERED_AFTER),
    Reaction.EXPIRE: (StepKind.EXPIRE, MUCH_LATER),
    Reaction.BOUNCE: (StepKind.BOUNCE, ANSWERED_AFTER),
}


def schedule_steps(agreements: Sequence[Agreement]) -> None:
    """Schedule the first step of each test agreement; others have none. Needs the transaction that creates them."""
    for agreement in agreements:
        scenario = scenario_of(agreement.esiid)
        if scenario is None or scenario.reaction not in _FIRST:
            continue
        kind, delay = _FIRST[scenario.reaction]
        due_at = agreement.initiated_at + delay
        if kind == StepKind.EXPIRE:
            Agreement.objects.filter(pk=agreement.pk).update(expires_at=due_at)
        SandboxStep.objects.create(agreement=agreement, kind=kind, due_at=due_at)


def run_due_steps(*, at: datetime | None = None) -> int:
    """Do the due steps, at most AT_ONCE and for RUN_SECONDS; return how many. Several workers may do so at once."""
    if not settings.SANDBOX_ENABLED:
        return 0
    end, count = time.monotonic() + RUN_SECONDS, 0
    due = SandboxStep.objects.due(at=at).order_by("due_at", "pk").values_list("pk", "agreement__company")
    for agreement_id, company_id in due[:AT_ONCE]:
        count += _run_step(agreement_id, company_id, at)
        if time.monotonic() > end:
            break
    return count


@transaction.atomic
def _run_step(agreement_id: int, company_id: int, at: datetime | None) -> bool:
    """Do the step unless another worker does it or did; one that raises is tried again after RETRY."""
    lock_standing(company_id)  # before every other lock, as the actions do
    locked = SandboxStep.objects.due(at=at).select_for_update(skip_locked=True, of=("self",))
    step = locked.filter(pk=agreement_id).first()
    if step is None:
        return False
    now = utc_or_now(at)
    try:
        with transaction.atomic():
            following = _PERFORM[StepKind(step.kind)](_agreement(agreement_id), now)
    except Exception as error:  # noqa: BLE001 - this step waits, the next one is done
        # Not the error's message: it may quote what was sent (X4).
        logger.error("Sandbox step %s of agreement %s failed: %s", step.kind, agreement_id, type(error).__name__)
        following = (StepKind(step.kind), now + RETRY)
    if following is None:
        step.delete()
    else:
        step.kind, step.due_at = following
        step.save(update_fields=["kind", "due_at"])
    return True


def _agreement(agreement_id: int) -> Agreement:
    related = ("submission", "company", "premise", "tdsp", "customer__user")
    return Agreement.objects.select_related(*related).get(pk=agreement_id)


def _scenario(agreement: Agreement) -> Scenario:
    scenario = scenario_of(agreement.esiid)
    assert scenario  # the step was scheduled for it
    return scenario


def _answer(agreement: Agreement, now: datetime) -> NextStep:
    scenario = _scenario(agreement)
    if agreement.status != Status.PENDING:
        return None  # withdrawn
    try:
        if scenario.reaction == Reaction.REJECT:
            actions.reject(agreement, channel=Channel.SANDBOX, at=now)
            return None
        return _accept(agreement, scenario, now)
    except TransitionRefused:
        return None  # withdrawn or expired meanwhile


def _accept(agreement: Agreement, scenario: Scenario, now: datetime) -> NextStep:
    if scenario.has_usage and not scenario.usage_comes_later:
        _store_usage(agreement, scenario, now)
    scope = scenario.granted if scenario.granted and scenario.granted.is_within(agreement.asked) else None
    # A signal: no person answers so fast.
    is_doubtful = scenario.review is not None
    agreement = actions.accept(agreement, channel=Channel.SANDBOX, scope=scope, was_too_fast=is_doubtful, at=now)
    if not scenario.has_usage:
        Agreement.objects.filter(pk=agreement.pk).update(awaits_data_until=now)
        end_wait(agreement, now)
    if scenario.failed_attempts:
        fail_attempts(agreement, count=scenario.failed_attempts, at=now)
    if scenario.usage_comes_later:
        return StepKind.DELIVER, now + LATER
    if is_doubtful:
        return StepKind.REVIEW, now + LATER
    return (StepKind.PURGE, now + MUCH_LATER) if scenario.is_purged else None


def _store_usage(agreement: Agreement, scenario: Scenario, now: datetime) -> None:
    place = SandboxPremise.objects.select_related("premise").get(pk=agreement.premise_id)
    store_year(place, scenario, central_day(now))


def _expire(agreement: Agreement, now: datetime) -> NextStep:
    actions.expire_overdue(premise_ids=[agreement.premise_id], at=now)
    agreement.refresh_from_db(fields=["status"])
    return (StepKind.EXPIRE, now + POLL) if agreement.status == Status.PENDING else None


def _bounce(agreement: Agreement, now: datetime) -> NextStep:
    for email in Email.objects.about(agreement.number).filter(is_sandbox=True).requests():
        mark_bounced(email, FailureReason.NO_SUCH_ADDRESS, "5.1.1", at=now)
    return None


def _deliver(agreement: Agreement, now: datetime) -> NextStep:
    _store_usage(agreement, _scenario(agreement), now)
    end_wait(agreement, now)
    return None


def _review(agreement: Agreement, now: datetime) -> NextStep:
    review, outcome = agreement.consent_review, _scenario(agreement).review
    if review and outcome and review.state == Review.HELD:
        try:
            decide_review(review, outcome, by=sandbox_reviewer(), reason=REASON, at=now)
        except AlreadyReviewed:
            return None  # by the step of another agreement of the submission
    return None


def _purge(agreement: Agreement, now: datetime) -> NextStep:
    report = Report.objects.filter(agreement=agreement).first()
    if report is None or report.made_at is None:
        is_over = agreement.report_state in (ReportState.NONE, ReportState.FAILED)
        return None if is_over else (StepKind.PURGE, now + POLL)
    if now < report.made_at + MUCH_LATER:
        return StepKind.PURGE, report.made_at + MUCH_LATER
    purge_batch(Report.objects.filter(pk=report.pk), at=now)
    return None


_PERFORM: dict[StepKind, Callable[[Agreement, datetime], NextStep]] = {
    StepKind.ANSWER: _answer,
    StepKind.EXPIRE: _expire,
    StepKind.BOUNCE: _bounce,
    StepKind.DELIVER: _deliver,
    StepKind.REVIEW: _review,
    StepKind.PURGE: _purge,
}

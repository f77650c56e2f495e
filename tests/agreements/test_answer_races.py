"""Answers that meet others at the same moment (C8, C10). Each control shows that the defence is what holds."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from agreements import actions, answers, creation, locks
from agreements.answers import AnswerForm, Decision, answer_requests
from agreements.models import Agreement, ContactStop, Letter
from agreements.states import Channel, Status
from companies.models import CompanyEventKind
from notifications.models import Email, EmailState
from tests.factories import ConsentSignalFactory, MembershipFactory, MeterFactory, TdspFactory
from tests.support.agreements import ROSA, agreement_request, initiate, submit_draft
from tests.support.races import one_after_the_other, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]

BY_LINK = AnswerForm(channel=Channel.INVITATION)


def disown(agreement: Agreement) -> Agreement:
    return actions.reject_unknown(agreement, channel=Channel.INVITATION)


def request_during_the_answer(*, answer_first: bool) -> list:
    """Let “I don't know this company” and a new request to the same mailbox meet, each inside its transaction."""
    member = MembershipFactory().user
    (agreement,) = initiate(member)
    draft = creation.start_draft(agreement_request(MeterFactory()), by=member)
    first, second = (lambda: disown(agreement)), (lambda: submit_draft(draft, by=member))
    if not answer_first:
        first, second = second, first

    return one_after_the_other(first, second)


@pytest.mark.parametrize("answer_first", [True, False])
def test_no_request_slips_past_the_answer(answer_first):
    """C8: it is refused, or its email is not sent."""
    request_during_the_answer(answer_first=answer_first)
    assert ContactStop.objects.count() == 1
    assert Agreement.objects.count() == (1 if answer_first else 2)
    assert not Email.objects.filter(kind="EM201", state=EmailState.QUEUED).exists()


@pytest.mark.control
def test_control_without_the_locks_a_request_slips_past(monkeypatch):
    """C8."""
    for lock in ("lock_company", "lock_mailbox", "lock_premises"):
        fake = (lambda pk: __import__("companies.models").models.Company.objects.get(pk=pk)) if "comp" in lock else None
        monkeypatch.setattr(locks, lock, fake or (lambda _subject: None))
    monkeypatch.setattr("tests.support.races.until_somebody_waits", lambda: time.sleep(1))
    request_during_the_answer(answer_first=True)
    assert Email.objects.filter(kind="EM201", state=EmailState.QUEUED).exists()


def test_the_limit_is_reached_once(settings):
    """C8: ten customers at once pause the company once, and one event says so."""
    member = MembershipFactory().user
    requests = [
        initiate(member, MeterFactory(), person=replace(ROSA, email=f"c{number}@c{number}.example"))[0]
        for number in range(10)
    ]
    together([lambda agreement=agreement: disown(agreement) for agreement in requests])
    company = member.membership.company
    company.refresh_from_db()
    assert company.requests_paused_at and company.events.filter(kind=CompanyEventKind.PAUSED).count() == 1
    assert ContactStop.objects.count() == 10


def answers_to_different_meters() -> tuple[list[Agreement], list]:
    """Two doubtful acceptances of different meters of one submission at once, in opposite orders."""
    tdsp = TdspFactory()
    agreements = initiate(MembershipFactory().user, *(MeterFactory(premise__tdsp=tdsp) for _ in range(4)))
    for agreement in agreements:
        ConsentSignalFactory(agreement=agreement)
    one, other = agreements[:2], agreements[:1:-1]
    return agreements, together(
        [
            lambda part=part: answer_requests([(each, Decision.ACCEPT) for each in part], BY_LINK)
            for part in (one, other, list(reversed(one)), list(reversed(other)))
        ]
    )


def test_posts_for_different_meters_and_double_posts_are_each_recorded_once():
    """C10: no deadlock, one letter per meter, one email per POST that recorded something."""
    agreements, results = answers_to_different_meters()
    assert not [result for result in results if isinstance(result, Exception)]
    assert set(Agreement.objects.values_list("status", flat=True)) == {Status.COMPLETE}
    assert Letter.objects.count() == len(agreements)
    assert Email.objects.filter(kind="EM203", to_address=ROSA.email).count() == 2
    recorded = [outcome for result in results for outcome in result if not outcome.refusal]
    assert len(recorded) == len(agreements)
    assert Agreement.objects.values("consent_review").distinct().count() == 1


@pytest.mark.control
def test_control_without_the_submissions_lock_they_wait_for_each_other(monkeypatch):
    """C10: PostgreSQL ends one of two transactions that deadlock."""
    monkeypatch.setattr(locks, "lock_submission", lambda _submission_id: None)
    slow, meeting = answers._accept, threading.Barrier(4, timeout=3)

    def meet(*args):
        result = slow(*args)
        try:
            meeting.wait()
        except threading.BrokenBarrierError:
            time.sleep(0.1)
        return result

    monkeypatch.setattr(answers, "_accept", meet)
    _agreements, results = answers_to_different_meters()
    assert [result for result in results if isinstance(result, Exception)]


def test_an_answer_and_a_withdrawal_each_get_their_meters():
    """C10: what the company withdrew first is told as such; the others are answered."""
    member = MembershipFactory().user
    agreements = initiate(member, *(MeterFactory() for _ in range(3)))

    def accept_all():
        return answer_requests([(each, Decision.ACCEPT) for each in agreements], BY_LINK)

    outcomes, _withdrawn = together([accept_all, lambda: actions.withdraw(agreements[1], by=member)])
    statuses = list(Agreement.objects.order_by("number").values_list("status", flat=True))
    assert statuses[0] == statuses[2] == Status.COMPLETE
    refused = [outcome for outcome in outcomes if outcome.refusal]
    assert (len(refused) == 1) == (statuses[1] == Status.WITHDRAWN)

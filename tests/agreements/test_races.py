"""What happens at the same moment: limits, decisions, double clicks. Each control shows the defence is what holds."""

from __future__ import annotations

import itertools
import threading
import time
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from agreements import actions, creation, locks, permissions, transitions
from agreements.models import Agreement, AgreementEvent, ReportLength, ReportType
from agreements.states import Channel, Status
from agreements.transitions import CompanySuspended, TransitionRefused, transition
from companies.models import Company, CompanyStanding
from companies.registration import change_standing
from lib.refusals import Refused
from notifications.models import Email
from tests.factories import MembershipFactory, MeterFactory, OperatorFactory
from tests.support.agreements import agreement_request, initiate, submit_draft
from tests.support.races import met, one_after_the_other, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]

QUESTIONS = list(itertools.product(ReportType.values, ReportLength.values))


def twenty_submissions() -> list:
    """Twenty drafts about one ESIID by one third party, submitted at the same moment."""
    member, meter = MembershipFactory().user, MeterFactory()
    drafts = [
        creation.start_draft(agreement_request(meter, report_type=kind, report_length=length), by=member)
        for kind, length in itertools.islice(itertools.cycle(QUESTIONS), 20)
    ]
    return together([lambda draft=draft: submit_draft(draft, by=member) for draft in drafts])


def test_twenty_simultaneous_submissions_create_exactly_three():
    """L5."""
    results = twenty_submissions()
    assert Agreement.objects.count() == 3
    refused = [result for result in results if isinstance(result, Exception)]
    assert len(refused) == 17
    assert all(isinstance(result, Refused) for result in refused)
    assert Email.objects.filter(kind="EM201").count() == 3
    assert AgreementEvent.objects.count() == 3
    assert len({agreement.number for agreement in Agreement.objects.all()}) == 3


@pytest.mark.control
def test_control_without_the_lock_more_than_three_are_created(monkeypatch):
    """L5: count-then-insert lets the others through; the company's lock alone would keep them out, too."""
    monkeypatch.setattr(locks, "lock_premises", lambda premise_ids: None)
    monkeypatch.setattr(locks, "lock_company", lambda company: None)
    monkeypatch.setattr(locks, "lock_mailbox", lambda address: None)
    monkeypatch.setattr(creation, "check_request", met(creation.check_request, by=20))
    twenty_submissions()
    assert Agreement.objects.count() > 3


def test_twenty_simultaneous_identical_requests_create_one():
    """L6: the same question waits once."""
    member, meter = MembershipFactory().user, MeterFactory()
    drafts = [creation.start_draft(agreement_request(meter), by=member) for _ in range(20)]
    together([lambda draft=draft: submit_draft(draft, by=member) for draft in drafts])
    assert Agreement.objects.count() == 1


def test_twenty_clicks_on_submit_create_the_form_once():
    """T9: all clicks lead to the same agreements."""
    member = MembershipFactory().user
    draft = creation.start_draft(agreement_request(MeterFactory(), MeterFactory()), by=member)
    results = together([lambda: submit_draft(draft, by=member) for _ in range(20)])
    assert Agreement.objects.count() == 2
    assert Email.objects.filter(kind="EM201").count() == 1
    assert {tuple(a.number for a in result) for result in results} == {
        tuple(Agreement.objects.order_by("number").values_list("number", flat=True))
    }


def test_submissions_for_different_meters_get_different_numbers():
    """L7: no duplicates, whoever asks at the same moment."""
    members = [MembershipFactory().user for _ in range(12)]
    meters = [MeterFactory() for _ in range(12)]
    results = together([lambda m=m, meter=meter: initiate(m, meter) for m, meter in zip(members, meters, strict=True)])
    assert len({result[0].number for result in results}) == 12


def fifty_decisions() -> tuple[Agreement, list]:
    """Accept, reject, withdraw and expire, fifty at once, on one agreement whose period is just ending."""
    member = MembershipFactory().user
    (agreement,) = initiate(member)
    moment = agreement.expires_at

    def expire() -> Agreement:
        with transaction.atomic():
            return transition(
                Agreement.objects.get(pk=agreement.pk),
                "expire",
                at=moment + timedelta(seconds=1),
                by=None,
                channel=Channel.CLOCK,
            )

    def fresh() -> Agreement:
        return Agreement.objects.get(pk=agreement.pk)

    kinds = [
        lambda: actions.accept(fresh(), channel=Channel.INVITATION, at=moment),
        lambda: actions.reject(fresh(), channel=Channel.INVITATION, at=moment),
        lambda: actions.withdraw(fresh(), by=member, at=moment),
        expire,
    ]
    results = together([action for action, _ in zip(itertools.cycle(kinds), range(50), strict=False)])
    agreement.refresh_from_db()
    return agreement, results


ENDING_EMAILS = {
    Status.COMPLETE: ("EM203", 2),
    Status.REJECTED: ("EM205", 2),
    Status.WITHDRAWN: ("WITHDRAWN", 2),
    Status.NOT_ACCEPTED: (None, 0),
}


def test_fifty_simultaneous_decisions_have_one_winner_one_event_and_one_email_of_each_kind():
    """L8."""
    agreement, results = fifty_decisions()
    winners = [result for result in results if not isinstance(result, Exception)]
    losers = [result for result in results if isinstance(result, Exception)]
    assert len(winners) == 1
    assert all(isinstance(result, TransitionRefused) for result in losers)
    endings = agreement.events.exclude(kind="initiated")
    assert [event.to_status for event in endings] == [agreement.status]
    kind, count = ENDING_EMAILS[Status(agreement.status)]
    sent = Email.objects.about(agreement.number).exclude(kind="EM201")
    assert {email.kind for email in sent} <= {kind}
    assert sent.count() == count


@pytest.mark.control
def test_control_without_the_conditional_update_there_are_several_winners(monkeypatch):
    """L8: read, compare, write lets several through; then only the constraint on events stands."""
    first_two, have_read = itertools.count(), threading.Barrier(2)

    def read_then_write(agreement, change, at, **columns):
        row = Agreement.objects.get(pk=agreement.pk)
        if next(first_two) < 2:
            have_read.wait(timeout=30)
        if row.status != change.source:
            return False
        Agreement.objects.filter(pk=agreement.pk).update(status=change.target, ended_at=at, **columns)
        return True

    monkeypatch.setattr(transitions, "update_status", read_then_write)
    _agreement, results = fifty_decisions()
    assert any(isinstance(result, Exception) and not isinstance(result, TransitionRefused) for result in results)


def test_twenty_clicks_on_resend_send_one_reminder():
    """L4, EM202."""
    member = MembershipFactory().user
    (agreement,) = initiate(member)
    together([lambda: actions.resend(agreement, by=member) for _ in range(20)])
    assert Email.objects.filter(kind="EM202").count() == 1


@pytest.mark.parametrize("act", ["initiate", "resend"])
def test_an_earlier_suspension_takes_effect(act):
    """D1: "at once" also for a submission that looked a moment before the operator's decision was committed."""
    member, operator = MembershipFactory().user, OperatorFactory()
    (agreement,) = initiate(member)
    draft = creation.start_draft(agreement_request(MeterFactory()), by=member)

    def suspend():
        change_standing(member.membership.company, CompanyStanding.SUSPENDED, by=operator, reason="Forged consent.")

    def submit():
        return submit_draft(draft, by=member) if act == "initiate" else actions.resend(agreement, by=member)

    _suspended, refused = one_after_the_other(suspend, submit)
    assert isinstance(refused, PermissionDenied)
    assert Agreement.objects.count() == 1 and not AgreementEvent.objects.filter(kind="resent").exists()


@pytest.mark.control
def test_control_without_the_second_check_it_goes_through(monkeypatch):
    """D1: a look that was made before the lock is worth nothing after it."""
    fresh, looked = permissions.acting_member, {}

    def once(user, permission):
        if permission not in looked:
            looked[permission] = fresh(user, permission)
        return looked[permission]

    monkeypatch.setattr(creation, "acting_member", once)
    with pytest.raises(AssertionError):
        test_an_earlier_suspension_takes_effect("initiate")


def accept_during_a_suspension(*, suspension_first: bool) -> tuple[Agreement, list]:
    """Let an acceptance and a suspension meet, each inside its transaction, and return the outcome of both."""
    member, operator = MembershipFactory().user, OperatorFactory()
    (agreement,) = initiate(member)

    def suspend():
        change_standing(member.membership.company, CompanyStanding.SUSPENDED, by=operator, reason="Forged consent.")

    def accept():
        actions.accept(agreement, channel=Channel.INVITATION)

    first, second = (suspend, accept) if suspension_first else (accept, suspend)

    return agreement, one_after_the_other(first, second)


def test_a_suspension_that_came_first_refuses_the_acceptance():
    """L9: also if the acceptance had begun before the operator's decision was committed."""
    agreement, (_suspended, refusal) = accept_during_a_suspension(suspension_first=True)
    assert isinstance(refusal, CompanySuspended)
    agreement.refresh_from_db()
    assert agreement.status == Status.PENDING and not Email.objects.filter(kind="EM203").exists()


def test_an_acceptance_that_came_first_counts_and_the_suspension_waits_for_it():
    """L9."""
    agreement, outcomes = accept_during_a_suspension(suspension_first=False)
    assert outcomes == [None, None]
    agreement.refresh_from_db()
    assert agreement.status == Status.COMPLETE
    assert Company.objects.get().is_suspended


@pytest.mark.control
def test_control_without_the_lock_a_suspended_companys_request_is_accepted(monkeypatch):
    """L9: whoever looks without the lock sees the company as it was, and waits for nobody."""
    monkeypatch.setattr(locks, "lock_standing", lambda company_id: Company.objects.get(pk=company_id))
    monkeypatch.setattr("tests.support.races.until_somebody_waits", lambda: time.sleep(0.5))
    agreement, outcomes = accept_during_a_suspension(suspension_first=True)
    assert outcomes == [None, None]
    agreement.refresh_from_db()
    assert agreement.status == Status.COMPLETE


def test_many_acceptances_of_one_company_go_on_at_once():
    """L9: they share the lock on its standing."""
    member = MembershipFactory().user
    first, second = initiate(member)[0], initiate(member)[0]
    both_hold_it = threading.Barrier(2)

    def accept(agreement):
        with transaction.atomic():
            locks.lock_standing(agreement.company_id)
            both_hold_it.wait(timeout=30)
            actions.accept(agreement, channel=Channel.INVITATION)

    assert together([lambda: accept(first), lambda: accept(second)]) == [None, None]

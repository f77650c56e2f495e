"""A correction of the address meets an answer, a withdrawal, the end of the period or another correction (T15)."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import IntegrityError

from agreements import actions, daily_limits, locks
from agreements.answers import LinkReplaced
from agreements.corrections import correct_address
from agreements.models import AddressCorrection, Agreement, EventKind
from agreements.states import Channel, Status
from agreements.transitions import TransitionRefused
from companies.models import Company
from lib.refusals import Refused
from notifications.models import Email
from tests.factories import MembershipFactory
from tests.support.agreements import initiate
from tests.support.races import met, one_after_the_other, together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]
RIGHT = "rosa.delgado@example.org"
ENDINGS = ("accept", "reject", "reject_unknown", "withdraw", "expire")


def loaded(agreement: Agreement) -> Agreement:
    """Return what a page reads before its action."""
    return Agreement.objects.select_related("submission").get(pk=agreement.pk)


def end(agreement: Agreement, how: str, member) -> None:
    if how == "withdraw":
        actions.withdraw(agreement, by=member)
    elif how == "expire":
        actions.expire_overdue(at=agreement.expires_at + timedelta(seconds=1))
    else:
        getattr(actions, how)(agreement, channel=Channel.INVITATION)


def correct_during(how: str, *, correction_first: bool) -> tuple[Agreement, list]:
    """Let a correction and an ending meet: the second has begun before the first is committed."""
    member = MembershipFactory().user
    (agreement,) = initiate(member)
    page = loaded(agreement)

    def correct():
        correct_address(agreement, RIGHT, by=member)

    def finish():
        end(page, how, member)

    first, second = (correct, finish) if correction_first else (finish, correct)

    outcomes = one_after_the_other(first, second)
    return Agreement.objects.get(pk=agreement.pk), outcomes


@pytest.mark.parametrize("how", ["accept", "reject", "reject_unknown"])
def test_a_correction_that_came_first_refuses_the_answer_by_the_old_link(how):
    """T15: also if the old link's page was already answered when the correction was committed."""
    agreement, (_corrected, refusal) = correct_during(how, correction_first=True)
    assert isinstance(refusal, LinkReplaced)
    assert (agreement.status, agreement.email) == (Status.PENDING, RIGHT)
    assert not Email.objects.filter(kind__in=["EM203", "EM205"]).exists()


@pytest.mark.parametrize("how", ["withdraw", "expire"])
def test_a_correction_that_came_first_is_followed_by_the_ending(how):
    """Both count: the ending is about the corrected request, and its email goes to the new address."""
    agreement, outcomes = correct_during(how, correction_first=True)
    assert outcomes == [None, None]
    assert agreement.status != Status.PENDING and agreement.email == RIGHT
    told = Email.objects.filter(kind="WITHDRAWN").exclude(to_address=agreement.contact_email)
    assert list(told.values_list("to_address", flat=True)) == ([RIGHT] if how == "withdraw" else [])


@pytest.mark.parametrize("how", ENDINGS)
def test_an_ending_that_came_first_refuses_the_correction(how):
    agreement, (_ended, refusal) = correct_during(how, correction_first=False)
    assert isinstance(refusal, TransitionRefused)
    assert agreement.status != Status.PENDING and agreement.email != RIGHT
    assert not AddressCorrection.objects.exists() and not Email.objects.filter(to_address=RIGHT).exists()


@pytest.mark.control
def test_control_without_the_comparison_the_old_link_answers(monkeypatch):
    """T15: then a stranger decides about a request that has gone to its customer."""
    member = MembershipFactory().user
    (agreement,) = initiate(member)
    page = loaded(agreement)
    correct_address(agreement, RIGHT, by=member)
    monkeypatch.setattr(locks, "lock_submission", lambda pk: page.submission)
    actions.accept(page, channel=Channel.INVITATION)
    assert Agreement.objects.get().status == Status.COMPLETE


def turn_locks_off(monkeypatch) -> None:
    monkeypatch.setattr(locks, "lock_company", lambda pk: Company.objects.get())
    monkeypatch.setattr(locks, "lock_mailbox", lambda *addresses: None)
    monkeypatch.setattr(locks, "lock_submission", lambda pk: Agreement.objects.get().submission)
    monkeypatch.setattr(locks, "lock_agreements_of", lambda each: list(each.agreements.order_by("number")))


@pytest.mark.control
def test_control_without_the_locks_both_win(monkeypatch):
    """T15: an accepted request changes its address."""
    turn_locks_off(monkeypatch)
    monkeypatch.setattr("tests.support.races.until_somebody_waits", lambda: time.sleep(0.5))
    agreement, outcomes = correct_during("withdraw", correction_first=False)
    assert outcomes == [None, None]
    assert (agreement.status, agreement.email) == (Status.WITHDRAWN, RIGHT)


def twenty_corrections() -> list:
    member = MembershipFactory().user
    (agreement,) = initiate(member)
    return together(
        [lambda n=n: correct_address(loaded(agreement), f"rosa{n}@example.org", by=member) for n in range(20)]
    )


def test_twenty_corrections_at_once_follow_each_other_up_to_the_limit(settings):
    """X2: each replaces the link of the one before."""
    results = twenty_corrections()
    done = [result for result in results if isinstance(result, AddressCorrection)]
    assert len(done) == AddressCorrection.objects.count() == settings.CORRECTIONS_PER_SUBMISSION
    assert all(isinstance(result, AddressCorrection | Refused) for result in results)
    agreement = Agreement.objects.get()
    assert agreement.events.filter(kind=EventKind.CORRECTED).count() == len(done)
    current = Email.objects.requests().to_current_address()
    assert [email.to_address for email in current] == [agreement.email]


@pytest.mark.control
def test_control_without_the_lock_they_meet_at_the_constraint(monkeypatch):
    """X2: count-then-insert lets the others through; then only the constraint on the old link's hash stands."""
    turn_locks_off(monkeypatch)
    monkeypatch.setattr(daily_limits, "refuse_corrections", met(daily_limits.refuse_corrections, by=20))
    assert any(isinstance(result, IntegrityError) for result in twenty_corrections())

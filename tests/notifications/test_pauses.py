"""Emails wait while their company is suspended, and none is forgotten (L9)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from notifications import delivery
from notifications.actions import forget_bodies
from notifications.failures import FailureReason
from notifications.models import Email, EmailState
from notifications.pauses import must_wait, pause_emails, resume_emails
from tests.factories import EmailFactory
from tests.support.races import PATIENCE, together, until_somebody_waits
from tests.support.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db(transaction=True)
Queue = Callable[..., Email]


def pause(company_id: int = 7) -> None:
    with transaction.atomic():
        pause_emails(company_id)


def resume(company_id: int = 7) -> None:
    with transaction.atomic():
        resume_emails(company_id)


def state_of(email: Email) -> str:
    return Email.objects.get(pk=email.pk).state


def test_a_paused_companys_emails_wait_and_then_go_out_once(queue: Queue, mail_server: SmtpSink) -> None:
    """L9, E2: those that pause, of that company; with a whole new time to deliver them."""
    waiting = queue("1", company_id=7, pauses=True)
    others = [queue("2", company_id=7), queue("3", company_id=8, pauses=True), queue("4")]
    pause()
    for _run in range(2):
        delivery.deliver_due()
    assert state_of(waiting) == EmailState.ON_HOLD
    assert {state_of(email) for email in others} == {EmailState.SENT}
    Email.objects.filter(pk=waiting.pk).update(queued_at=timezone.now() - timedelta(days=9), attempts=3)
    resume()
    for _run in range(2):
        delivery.deliver_due()
    assert state_of(waiting) == EmailState.SENT
    assert len(mail_server.deliveries) == 4


def test_an_email_that_failed_before_is_not_given_up_for_its_time_on_hold(
    queue: Queue, settings: Any, mail_server: SmtpSink
) -> None:
    """L9, E5: the two days of tries begin with the end of the pause."""
    email = queue(company_id=7, pauses=True)
    pause()
    delivery.deliver_due()
    Email.objects.update(queued_at=timezone.now() - timedelta(days=9), attempts=3)
    resume()
    settings.EMAIL_PORT = 1
    delivery.deliver_due()
    assert state_of(email) == EmailState.QUEUED


def test_an_uncertain_email_on_hold_is_sent_once_more_at_most(queue: Queue, mail_server: SmtpSink) -> None:
    """L9, E2: a worker died after it had handed the email over."""
    email = queue(company_id=7, pauses=True)
    Email.objects.update(state=EmailState.HANDED, leased_until=timezone.now() - timedelta(seconds=1))
    pause()
    delivery.deliver_due()
    email.refresh_from_db()
    assert (email.state, email.uncertain_attempts) == (EmailState.ON_HOLD, 1)
    resume()
    delivery.deliver_due()
    assert state_of(email) == EmailState.SENT


def test_what_waited_too_long_is_not_sent_and_its_text_is_deleted(queue: Queue, mail_server: SmtpSink) -> None:
    """L9, X6: the row says why; nobody can bring it back."""
    email = queue(company_id=7, pauses=True)
    pause()
    delivery.deliver_due()
    assert forget_bodies(at=timezone.now() + settings.EMAIL_BODY_RETENTION - timedelta(hours=1)) == 0
    assert forget_bodies(at=timezone.now() + settings.EMAIL_BODY_RETENTION + timedelta(hours=1)) == 1
    resume()
    delivery.deliver_due()
    email.refresh_from_db()
    assert (email.state, email.failure, email.text) == (EmailState.WITHHELD, FailureReason.SUSPENDED, "")
    assert not mail_server.deliveries


def test_an_email_is_not_sent_after_it_is_useful(queue: Queue, mail_server: SmtpSink) -> None:
    """L9: for example a reminder that waited until after the deadline."""
    now = timezone.now()
    late = queue("late", useful_until=now - timedelta(seconds=1))
    in_time = queue("in time", useful_until=now + timedelta(hours=1))
    delivery.deliver_due()
    late.refresh_from_db()
    assert (late.state, late.failure) == (EmailState.WITHHELD, FailureReason.TOO_LATE)
    assert state_of(in_time) == EmailState.SENT


def hold_while_the_pause_ends() -> str:
    """A worker puts an email on hold in the moment in which the pause ends; return the email's state after both."""
    email = EmailFactory(company_id=7, pauses=True)
    pause()
    has_looked = threading.Event()

    def hold() -> None:
        with transaction.atomic():
            if delivery.must_wait(email):
                has_looked.set()
                until_somebody_waits_or_has_resumed()
                Email.objects.filter(pk=email.pk).update(state=EmailState.ON_HOLD)

    resumed = threading.Event()

    def until_somebody_waits_or_has_resumed() -> None:
        if delivery.must_wait is must_wait:
            until_somebody_waits()
        else:
            resumed.wait(PATIENCE)

    def end() -> None:
        has_looked.wait(PATIENCE)
        resume()
        resumed.set()

    assert together([hold, end]) == [None, None]
    return state_of(email)


@pytest.mark.fault
def test_an_email_put_on_hold_while_the_pause_ends_is_not_forgotten() -> None:
    """L9."""
    assert hold_while_the_pause_ends() == EmailState.QUEUED


@pytest.mark.fault
@pytest.mark.control
def test_control_without_the_lock_on_the_pause_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """L9: it stays on hold for a company that no longer waits."""
    monkeypatch.setattr(delivery, "must_wait", lambda email: email.pauses)
    assert hold_while_the_pause_ends() == EmailState.ON_HOLD

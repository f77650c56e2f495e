"""One reminder however many workers run, and none after an answer (C12)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from agreements import actions, locks, reminders
from agreements.models import Reminder, ReminderOutcome, Submission
from agreements.states import Channel
from companies.models import Company
from lib.central_time import CENTRAL
from notifications.models import Email
from tests.factories import MembershipFactory
from tests.support.agreements import initiate
from tests.support.races import met, together

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)  # in Central Time, six days before clocks go forward
DAY_7 = datetime(2026, 3, 9, 12, 0, tzinfo=CENTRAL)


def sent():
    return list(Email.objects.filter(kind="EM202").order_by("pk"))


class Unlocked:
    """Rows that are read without their locks."""

    def __init__(self, rows):
        self.rows = rows

    def select_for_update(self, **options):
        return self.rows


def test_many_workers_send_one():
    """C12."""
    initiate(MembershipFactory().user, at=NOON)
    results = together([lambda: reminders.send_due_reminders(at=DAY_7) for _ in range(8)])
    assert sorted(results) == [0] * 7 + [1] and len(sent()) == 1


@pytest.mark.control
def test_control_without_the_lock_and_the_constraint_two_are_sent(monkeypatch):
    """C12: each has seen that the reminder is due before the other one has sent it."""
    initiate(MembershipFactory().user, at=NOON)
    monkeypatch.setattr(locks, "lock_mailbox", lambda address: None)
    for name, model in (("lock_standing", Company), ("lock_submission", Submission)):
        monkeypatch.setattr(locks, name, lambda key, model=model: model.objects.get())
    monkeypatch.setattr(reminders, "open_requests", lambda submission, at: Unlocked(submission.agreements.all()))
    monkeypatch.setattr(reminders, "_outcome", met(lambda *args: ReminderOutcome.SENT, by=2))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE agreements_reminder DROP CONSTRAINT reminder_once")
    try:
        together([lambda: reminders.send_due_reminders(at=DAY_7) for _ in range(2)])
        assert len(sent()) == 2
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM agreements_reminder")
            cursor.execute("ALTER TABLE agreements_reminder ADD CONSTRAINT reminder_once UNIQUE (submission_id, day)")


def test_a_killed_worker_leaves_nothing_behind(monkeypatch):
    """C12: and the next one sends it once."""
    initiate(MembershipFactory().user, at=NOON)
    with monkeypatch.context() as patch:
        patch.setattr(reminders.emails, "queue_reminder", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reminders.send_due_reminders(at=DAY_7)
    assert not sent() and not Reminder.objects.exists()
    assert reminders.send_due_reminders(at=DAY_7 + timedelta(minutes=1)) == 1


def test_an_answer_and_a_reminder_have_one_order():
    """C12: no reminder about a request that was answered a moment before."""
    (agreement,) = initiate(MembershipFactory().user, at=NOON)
    answered = threading.Event()

    def answer():
        with transaction.atomic():
            actions.reject(agreement, channel=Channel.INVITATION, at=DAY_7)
            answered.set()

    def remind():
        answered.wait(30)
        return reminders.send_due_reminders(at=DAY_7)

    assert together([answer, remind])[1] == 0 and not sent()

"""Two workers, slow workers and dead workers send an email once (E2)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from notifications import delivery
from notifications.failures import FailureReason
from notifications.mail_server import MailServer
from notifications.models import Email, EmailQuerySet, EmailState
from tests.notifications.conftest import address_of_the_test_database
from tests.support.races import PATIENCE
from tests.support.smtp_sink import SmtpSink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]

Queue = Callable[..., Email]
WORKER = "import django; django.setup(); from notifications import delivery; delivery.deliver_due()"


def disable_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EmailQuerySet, "select_for_update", lambda self, **options: self)


class AnyState:
    """An email's row for delivery's UPDATEs, whatever its state and lease."""

    def __init__(self, email: Email) -> None:
        self.row = Email.objects.filter(pk=email.pk)

    def filter(self, **conditions: object) -> AnyState:
        return self

    def update(self, **changes: object) -> int:
        return self.row.update(**changes)


def disable_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_claimed_row", AnyState)


def run_two_workers(monkeypatch: pytest.MonkeyPatch, patience: float = PATIENCE) -> None:
    """Both have read the row before either of them claims it, and claimed it before either hands it over; unless
    one waits for longer than `patience`."""
    both_are_here = threading.Barrier(2)
    first, claim = EmailQuerySet.first, delivery._claim

    def wait_for_the_other() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            both_are_here.wait(patience)

    def read(self: EmailQuerySet) -> Email | None:
        email = first(self)
        if email:
            wait_for_the_other()
        return email

    def claimed(at: datetime | None, shares: Counter[int]) -> Email | None:
        email = claim(at, shares)
        if email:
            wait_for_the_other()
        return email

    monkeypatch.setattr(EmailQuerySet, "first", read)
    monkeypatch.setattr(delivery, "_claim", claimed)

    def work() -> None:
        try:
            delivery.deliver_due()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_workers_at_once_send_once(queue: Queue, mail_server: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    queue()
    run_two_workers(monkeypatch, patience=1)
    assert len(mail_server.deliveries) == 1


def test_the_lease_alone_separates_two_workers(
    queue: Queue, mail_server: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue()
    disable_lock(monkeypatch)
    run_two_workers(monkeypatch)
    assert len(mail_server.deliveries) == 1


@pytest.mark.control
def test_without_lock_and_lease_two_workers_send_twice(
    queue: Queue, mail_server: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue()
    disable_lock(monkeypatch)
    disable_lease(monkeypatch)
    run_two_workers(monkeypatch)
    assert len(mail_server.deliveries) == 2


def test_many_workers_send_many_emails_once_each(queue: Queue, mail_server: SmtpSink) -> None:
    for number in range(20):
        queue(f"probe {number}", to=f"person{number}@example.net")

    def work() -> None:
        while Email.objects.due().exists():
            delivery.deliver_due()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recipients = [sent.recipients[0] for sent in mail_server.deliveries]
    assert len(recipients) == len(set(recipients)) == 20


def run_slow_worker(mail_server: SmtpSink) -> None:
    """One worker claims and stops to think; its lease runs out; a second claims; the first goes on, then the second."""
    slow = delivery._claim(None, Counter())
    quick = delivery._claim(timezone.now() + timedelta(minutes=5), Counter())
    assert slow and quick
    for email in (slow, quick):
        server = MailServer()
        server.open()
        delivery._send(email, server, None)
        server.close()


def test_a_slow_worker_does_not_send_what_another_took(queue: Queue, mail_server: SmtpSink) -> None:
    queue()
    run_slow_worker(mail_server)
    assert len(mail_server.deliveries) == 1


@pytest.mark.control
def test_without_the_lease_a_slow_worker_sends_it_too(
    queue: Queue, mail_server: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue()
    disable_lease(monkeypatch)
    run_slow_worker(mail_server)
    assert len(mail_server.deliveries) == 2


def kill_a_worker(mail_server: SmtpSink, hang_at: str, state: EmailState) -> None:
    """Kill a separate worker process with -9 while the mail server lets it wait."""
    mail_server.hang_at = hang_at
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import django; django.setup(); from notifications import delivery; delivery.deliver_due()",
        ],
        env=os.environ
        | {
            "DATABASE_URL": address_of_the_test_database(),
            "EMAIL_URL": mail_server.url,
            "DJANGO_SETTINGS_MODULE": "smt_portal.settings",
        },
    )
    try:
        deadline = time.monotonic() + 20
        while not Email.objects.filter(state=state).exists() or (hang_at == "data" and not mail_server.attempts):
            assert time.monotonic() < deadline and worker.poll() is None
            time.sleep(0.02)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    mail_server.hang_at = ""


def test_an_email_of_a_worker_killed_before_data_is_sent_once(queue: Queue, mail_server: SmtpSink) -> None:
    email = queue()
    kill_a_worker(mail_server, "rcpt", EmailState.SENDING)
    assert delivery.deliver_due() == 0, "its lease still runs"
    assert delivery.deliver_due(at=timezone.now() + timedelta(seconds=61)) == 1
    assert delivery.deliver_due(at=timezone.now() + timedelta(hours=1)) == 0
    assert len(mail_server.deliveries) == 1
    email.refresh_from_db()
    assert (email.state, email.attempts, email.uncertain_attempts) == (EmailState.SENT, 2, 0)


def test_an_email_of_a_worker_killed_during_data_is_retried_once(queue: Queue, mail_server: SmtpSink) -> None:
    email = queue()
    kill_a_worker(mail_server, "data", EmailState.HANDED)
    assert delivery.deliver_due() == 0, "its lease still runs"
    assert delivery.deliver_due(at=timezone.now() + timedelta(minutes=26)) == 1
    assert len(mail_server.deliveries) == 1
    email.refresh_from_db()
    assert (email.state, email.uncertain_attempts) == (EmailState.SENT, 1)


def test_an_email_of_two_workers_killed_during_data_is_given_up(queue: Queue, mail_server: SmtpSink) -> None:
    email = queue()
    for _ in range(2):
        kill_a_worker(mail_server, "data", EmailState.HANDED)
        mail_server.attempts = 0
        Email.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert delivery.deliver_due() == 0
    email.refresh_from_db()
    assert email.state == EmailState.FAILED
    assert email.failure == FailureReason.UNCERTAIN


def crash_workers_after_acceptance(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    hand_over = MailServer.hand_over

    def hand_over_and_die(self: MailServer, message: bytes) -> None:
        hand_over(self, message)
        raise KeyboardInterrupt

    monkeypatch.setattr(MailServer, "hand_over", hand_over_and_die)
    for turn in range(number):
        with contextlib.suppress(KeyboardInterrupt):
            delivery.deliver_due(at=timezone.now() + timedelta(minutes=30 * turn))


def test_workers_that_crash_after_acceptance_send_twice_at_most(
    queue: Queue, mail_server: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue()
    crash_workers_after_acceptance(monkeypatch, 4)
    assert len(mail_server.deliveries) == 2


@pytest.mark.control
def test_without_the_handed_state_they_send_every_time(
    queue: Queue, mail_server: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue()
    update = EmailQuerySet.update

    def update_but_never_handed(self: EmailQuerySet, **changes: object) -> int:
        return update(self, **changes | ({"state": "sending"} if changes.get("state") == EmailState.HANDED else {}))

    monkeypatch.setattr(EmailQuerySet, "update", update_but_never_handed)
    crash_workers_after_acceptance(monkeypatch, 4)
    assert len(mail_server.deliveries) == 4

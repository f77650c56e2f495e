"""Slow, dripping, closing and refusing mail servers lose no email and get none twice (E5)."""

from __future__ import annotations

import smtplib
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from notifications import delivery, mail_server
from notifications.failures import FailureReason
from notifications.models import Email, EmailState
from tests.factories import EmailFactory
from tests.support.smtp_sink import SmtpSink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Queue = Callable[..., Email]


def later(**period: float) -> datetime:
    return timezone.now() + timedelta(**period)


def limit(settings: Settings, **seconds: float) -> None:
    settings.EMAIL_PHASE_SECONDS = {**settings.EMAIL_PHASE_SECONDS, **seconds}


def test_the_phases_may_take_as_long_as_the_standard_says(settings: Settings) -> None:
    """E5: RFC 5321 4.5.3.2."""
    limits = settings.EMAIL_PHASE_SECONDS
    minutes = {phase: seconds / 60 for phase, seconds in limits.items()}
    assert minutes["connect"] >= 5 and minutes["command"] >= 5 and minutes["data"] >= 2 and minutes["body"] >= 3
    assert minutes["end"] >= 10
    assert delivery.HANDED_LEASE.total_seconds() > limits["data"] + limits["body"] + limits["end"]
    assert delivery.LONGEST_LEASE.total_seconds() > limits["connect"] + 3 * limits["command"] - 1


@pytest.mark.slow
def test_a_server_that_is_slow_after_the_dot_gets_the_email_once(
    queue: Queue, mail_server: SmtpSink, settings: Settings
) -> None:
    """E5"""
    settings.EMAIL_TIMEOUT = 1
    mail_server.seconds_after_dot = 2
    email = queue()
    assert delivery.deliver_due() == 1
    assert delivery.deliver_due(at=later(days=1)) == 0
    email.refresh_from_db()
    assert email.state == EmailState.SENT and len(mail_server.deliveries) == 1


@pytest.mark.slow
@pytest.mark.control
def test_with_a_short_limit_after_the_dot_it_gets_the_email_twice(
    queue: Queue, mail_server: SmtpSink, settings: Settings
) -> None:
    limit(settings, end=1)
    mail_server.seconds_after_dot = 2
    queue()
    delivery.deliver_due()
    delivery.deliver_due(at=later(minutes=16))
    assert len(mail_server.deliveries) == 2
    assert Email.objects.get().failure == FailureReason.UNCERTAIN


@pytest.mark.parametrize("phase", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_a_server_that_closes_early_loses_nothing(queue: Queue, mail_server: SmtpSink, phase: str) -> None:
    """E5: however often it does, and the email goes out once when it works again."""
    email = queue()
    mail_server.close_at = phase
    for minute in range(0, 60, 5):
        assert delivery.deliver_due(at=later(minutes=minute)) == 0
    email.refresh_from_db()
    assert (email.state, email.failure, email.attempts) == (EmailState.QUEUED, FailureReason.UNREACHABLE, 12)
    assert email.uncertain_attempts == 0
    mail_server.close_at = ""
    assert delivery.deliver_due(at=later(hours=3)) == 1
    assert delivery.deliver_due(at=later(days=1)) == 0
    assert len(mail_server.deliveries) == 1


def test_a_server_that_rejects_our_sender_stops_all_email_and_fails_none(queue: Queue, mail_server: SmtpSink) -> None:
    """E5: 5xx to MAIL is about us."""
    emails = [queue(f"probe {number}") for number in range(3)]
    mail_server.mail_reply = "554 5.7.1 you may not send"
    for minute in range(4):
        assert delivery.deliver_due(at=later(minutes=minute)) == 0
    assert {email.state for email in Email.objects.all()} == {EmailState.QUEUED}
    assert Email.objects.rejecting_us().exists()
    mail_server.mail_reply = ""
    assert delivery.deliver_due(at=later(hours=1)) == len(emails)
    assert not Email.objects.rejecting_us().exists()


@pytest.mark.parametrize(
    ("where", "reply", "reason"),
    [
        ("rcpt_reply", "554 5.7.1 <maria@example.net>: Relay access denied", FailureReason.SENDER_REJECTED),
        ("rcpt_reply", "550 relaying not permitted", FailureReason.SENDER_REJECTED),
        ("rcpt_reply", "530 authentication required", FailureReason.SENDER_REJECTED),
        ("data_reply", "550 5.7.26 unauthenticated email is not accepted", FailureReason.SENDER_REJECTED),
        ("rcpt_reply", "550 5.1.1 no such user", FailureReason.REFUSED),
        ("rcpt_reply", "552 5.2.2 mailbox full", FailureReason.REFUSED),
        ("data_reply", "554 5.7.1 looks like spam", FailureReason.REFUSED),
    ],
)
def test_only_a_refusal_of_this_recipient_or_message_is_final(
    queue: Queue, mail_server: SmtpSink, where: str, reply: str, reason: FailureReason
) -> None:
    """E5"""
    email = queue()
    setattr(mail_server, where, reply)
    delivery.deliver_due()
    email.refresh_from_db()
    assert email.failure == reason
    assert email.state == (EmailState.FAILED if reason == FailureReason.REFUSED else EmailState.QUEUED)


def seconds_at_a_dripping_server(queue: Queue, server: SmtpSink, settings: Settings) -> float:
    limit(settings, connect=1)
    server.drip_seconds = 4
    queue()
    begun = time.monotonic()
    assert delivery.deliver_due() == 0
    assert Email.objects.get().failure == FailureReason.UNREACHABLE
    return time.monotonic() - begun


def test_a_dripping_server_reaches_the_limit_of_its_phase(
    queue: Queue, mail_server: SmtpSink, settings: Settings
) -> None:
    """E5"""
    assert seconds_at_a_dripping_server(queue, mail_server, settings) < 3


@pytest.mark.slow
@pytest.mark.control
def test_with_a_timeout_for_each_read_a_dripping_server_does_not(
    queue: Queue, mail_server: SmtpSink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_server.close_at = "ehlo"

    def wait_for_each_read(smtp: smtplib.SMTP) -> Any:
        assert smtp.sock
        smtp.sock.settimeout(1)
        return smtp.sock

    monkeypatch.setattr("notifications.mail_server._Limits.limited_socket", wait_for_each_read)
    assert seconds_at_a_dripping_server(queue, mail_server, settings) > 3.5


def test_a_lease_grows_until_a_slow_server_has_answered(queue: Queue) -> None:
    """E5: otherwise one worker after the other would take the email from the one that waits."""
    queue()
    now, leases = timezone.now(), []
    for _ in range(7):
        email = delivery._claim(now, Counter())
        assert email and email.leased_until
        leases.append((email.leased_until - now).total_seconds())
        now = email.leased_until + timedelta(seconds=1)
    assert leases == [60, 120, 240, 480, 960, 1200, 1200]


def test_dots_and_long_messages_arrive_unchanged(mail_server: SmtpSink) -> None:
    """E2: what smtplib does to a message is done here."""
    body = ".begins with a dot\r\n..two\r\n" + "x" * 900 + "\r\n.\r\n" + "many lines\r\n" * 30_000
    server = mail_server_connection()
    server.announce("a@portal.example", "b@example.net")
    server.hand_over(body.encode())
    server.close()
    assert mail_server.deliveries[0].content.decode() == body


def mail_server_connection() -> mail_server.MailServer:
    server = mail_server.MailServer()
    server.open()
    return server


def test_an_email_that_raises_anything_while_it_is_written_fails_alone(queue: Queue, mail_server: SmtpSink) -> None:
    EmailFactory.create(placeholder="x", link_secret=b"of another key")
    EmailFactory.create(to_address="maria@" + "x" * 70 + ".ñ")
    queue()
    assert delivery.deliver_due() == 1
    failed = Email.objects.filter(state=EmailState.FAILED)
    assert [email.failure for email in failed] == [FailureReason.UNWRITABLE] * 2

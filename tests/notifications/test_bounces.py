"""Emails that come back: who reads what, and what a forged bounce can do (E7)."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from notifications import bounces, delivery
from notifications.actions import undelivered_numbers
from notifications.bounces import BounceOutcome, read_maildir, record_bounce
from notifications.failures import FailureReason
from notifications.models import Email, EmailState
from tests.support.bounces import bounce, headers
from tests.support.smtp_sink import SmtpSink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Queue = Callable[..., Email]
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def sent(queue: Queue, mail_server: SmtpSink) -> Email:
    email = queue(about=["112826000001"])
    assert delivery.deliver_due() == 1
    return email


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("5.1.1", FailureReason.NO_SUCH_ADDRESS),
        ("5.1.10", FailureReason.NO_SUCH_ADDRESS),
        ("5.2.2", FailureReason.MAILBOX_FULL),
        ("4.2.2", FailureReason.MAILBOX_FULL),
        ("4.4.7", FailureReason.EXPIRED),
        ("5.7.1", FailureReason.REFUSED),
        ("", FailureReason.REFUSED),
    ],
)
def test_a_bounce_marks_the_email_with_its_reason(sent: Email, status: str, reason: FailureReason) -> None:
    """E7, X4"""
    assert record_bounce(bounce(headers(sent), status=status)) == BounceOutcome.RECORDED
    sent.refresh_from_db()
    assert (sent.state, sent.failure) == (EmailState.BOUNCED, reason)
    assert sent.sent_at and sent.failed_at
    assert "maria" not in sent.last_error
    assert delivery.deliver_due() == 0


def test_the_return_path_alone_identifies_the_email(queue: Queue, mail_server: SmtpSink, settings: Settings) -> None:
    """E7: some servers return no headers. The return path names nobody."""
    settings.BOUNCE_ADDRESS = "bounces@portal.example"
    email = queue()
    delivery.deliver_due()
    return_path = mail_server.deliveries[0].sender
    assert return_path == f"bounces+{email.message_id}@portal.example"
    assert record_bounce(bounce("Subject: (removed)\n", to=return_path)) == BounceOutcome.RECORDED
    email.refresh_from_db()
    assert email.state == EmailState.BOUNCED


def test_a_delay_is_not_final(sent: Email) -> None:
    """E7"""
    assert record_bounce(bounce(headers(sent), status="4.4.1", action="delayed")) == BounceOutcome.DELAYED
    sent.refresh_from_db()
    assert (sent.state, sent.failure) == (EmailState.SENT, "")


def test_a_forged_bounce_changes_nothing(sent: Email, queue: Queue) -> None:
    """E7: nobody can guess a Message-ID, and an email that was never sent cannot come back."""
    waiting = queue("waits")
    for original in (headers(sent).replace(sent.message_id, SECRET), headers(waiting)):
        assert record_bounce(bounce(original)) == BounceOutcome.NOT_OURS
    assert not Email.objects.filter(state=EmailState.BOUNCED).exists()


def test_a_bounce_that_names_two_emails_changes_neither(queue: Queue, mail_server: SmtpSink) -> None:
    """E7"""
    first, second = queue("first"), queue("second")
    delivery.deliver_due()
    assert record_bounce(bounce(headers(first) + headers(second))) == BounceOutcome.NOT_OURS
    assert not Email.objects.filter(state=EmailState.BOUNCED).exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\n\n",
        b"Content-Type: message/delivery-status\n\nStatus: 5.1.1\n",
        b"Content-Type: multipart/report; report-type=delivery-status\n\nno parts",
        b"Subject: Out of office\nAuto-Submitted: auto-replied\n\nI am back on Monday. Your message " + SECRET.encode(),
    ],
)
def test_any_other_message_changes_nothing(sent: Email, content: bytes) -> None:
    """E7"""
    assert record_bounce(content.replace(SECRET.encode(), sent.message_id.encode() + b"@")) != BounceOutcome.RECORDED
    sent.refresh_from_db()
    assert sent.state == EmailState.SENT


def test_a_maildir_is_read_once_and_keeps_what_is_for_people(sent: Email, settings: Settings, tmp_path: Path) -> None:
    """E7"""
    assert read_maildir() == 0, "no Maildir is set"
    settings.BOUNCE_MAILDIR = str(tmp_path)
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    letter = EmailMessage()
    letter.set_content("Who are you?")
    (tmp_path / "new" / "1.bounce").write_bytes(bounce(headers(sent)))
    (tmp_path / "new" / "2.letter").write_bytes(bytes(letter))
    assert read_maildir() == 2
    assert read_maildir() == 0
    assert [file.name for file in tmp_path.rglob("*.*") if file.is_file()] == ["2.letter:2,S"]
    sent.refresh_from_db()
    assert sent.state == EmailState.BOUNCED


def test_a_mail_server_can_pipe_a_bounce(sent: Email, monkeypatch: pytest.MonkeyPatch) -> None:
    """E7"""
    piped = io.BytesIO(bounce(headers(sent)) + b"x" * bounces.LONGEST_MESSAGE)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(piped))
    call_command("receive_bounce")
    sent.refresh_from_db()
    assert sent.state == EmailState.BOUNCED
    assert piped.read() == b""


def test_a_bounce_ends_the_retry_of_an_uncertain_email(queue: Queue, mail_server: SmtpSink) -> None:
    """E5, E7: it did arrive at a mail server, which could not deliver it."""
    email = queue()
    mail_server.drop_after_data = True
    delivery.deliver_due()
    record_bounce(bounce(headers(email)))
    Email.objects.filter(state=EmailState.QUEUED).update(due_at=email.queued_at)
    assert delivery.deliver_due() == 0
    assert len(mail_server.deliveries) == 1


def test_an_agreement_is_undelivered_while_all_its_requests_are(queue: Queue, mail_server: SmtpSink) -> None:
    """L5"""
    numbers = ["112826000001", "112826000002", "112826000003"]
    first = queue("bounced", about=[numbers[0]])
    delivery.deliver_due()
    record_bounce(bounce(headers(first)))
    mail_server.rcpt_reply = "550 5.1.1 no such user"
    queue("refused", about=[numbers[1]])
    delivery.deliver_due()
    mail_server.rcpt_reply = ""
    queue("delivered", about=[numbers[2]])
    delivery.deliver_due()
    assert undelivered_numbers(numbers) == set(numbers[:2])
    assert undelivered_numbers(numbers[2:]) == undelivered_numbers([]) == set()
    queue("reminder", about=[numbers[0]], kind="EM202")
    assert undelivered_numbers(numbers) == {numbers[1]}, "a reminder may still arrive"

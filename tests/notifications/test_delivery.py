"""What is queued goes out once, whatever the mail server answers (E2)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from lib import link_tokens
from notifications import actions, delivery, failures
from notifications.actions import DecisionLink
from notifications.failures import FailureReason
from notifications.models import Email, EmailState
from tests.factories import EmailFactory, UserFactory
from tests.support.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db(transaction=True)

NONCE = link_tokens.new_nonce()
PDF = b"%PDF-1.7 \x00\xff letter"
Queue = Callable[..., Email]


def later(**period: float) -> datetime:
    return timezone.now() + timedelta(**period)


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


def test_an_email_is_sent_completely_and_once(queue: Queue, mail_server: SmtpSink, settings: Settings) -> None:
    """E1, E2."""
    settings.PORTAL_ORIGIN = "https://portal.example"
    email = queue(
        subject="Energía Ñandú asks for your data", attachments=[("letter.pdf", PDF)], context={"name": "Ñandú"}
    )
    assert delivery.deliver_due() == 1
    assert delivery.deliver_due() == 0
    assert delivery.deliver_due(at=later(days=3)) == 0
    [sent] = mail_server.deliveries
    assert sent.recipients == ["maria@example.net"]
    assert sent.sender == "no-reply@smt-portal.example"
    assert sent.content.isascii()
    message = sent.message
    assert message["Subject"] == email.subject
    assert message["To"] == "maria@example.net"
    assert message["Message-ID"] == f"<{email.message_id}@portal.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == email.queued_at.replace(microsecond=0)
    assert part(message, "plain").splitlines() == email.text.splitlines()
    assert part(message, "html").splitlines() == email.html.splitlines()
    [letter] = message.iter_attachments()
    assert (letter.get_filename(), letter.get_content_type(), letter.get_content()) == (
        "letter.pdf",
        "application/pdf",
        PDF,
    )
    email.refresh_from_db()
    assert (email.state, email.attempts, email.lease) == (EmailState.SENT, 1, None)
    assert email.sent_at


@pytest.mark.parametrize("subject", ["word " * 14 + "end", "día " * 30 + "fin", "Acme: " + "words and " * 15 + "end"])
def test_a_subject_begins_on_its_own_line(queue: Queue, mail_server: SmtpSink, subject: str) -> None:
    """E1: of some lengths Python puts it on the next line, which some mail programs display with a space."""
    queue(subject=subject)
    delivery.deliver_due()
    [sent] = mail_server.deliveries
    assert sent.message["Subject"] == subject
    assert re.search(rb"(?m)^Subject: \S", sent.content)
    assert max(map(len, sent.content.splitlines())) <= 78


@pytest.mark.control
def test_control_with_pythons_own_policy_a_line_is_empty() -> None:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "word " * 14 + "end"
    assert message.as_bytes().startswith(b"Subject:\r\n")


def test_one_connection_carries_many_emails(queue: Queue, mail_server: SmtpSink) -> None:
    for number in range(5):
        queue(f"probe {number}")
    assert delivery.deliver_due() == 5
    assert len(mail_server.deliveries) == 5
    assert len(mail_server._connections) == 1


def test_the_decision_link_is_in_the_message_and_not_in_the_database(queue: Queue, mail_server: SmtpSink) -> None:
    """X5."""
    email = queue(link=DecisionLink(NONCE))
    delivery.deliver_due()
    link = f"/invitation/{link_tokens.derive_token(NONCE)}/"
    [message] = mail_server.messages
    assert link in part(message, "plain")
    assert link in part(message, "html")
    assert email.placeholder not in message.as_string()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(e)::text FROM notifications_email e")
        row = cursor.fetchone()[0]
    assert link_tokens.derive_token(NONCE) not in row
    assert json.loads(row)["state"] == "sent"


def test_an_address_in_a_domain_with_accents_is_sent_in_ascii(queue: Queue, mail_server: SmtpSink) -> None:
    queue(to="maria@energía.example")
    delivery.deliver_due()
    assert mail_server.deliveries[0].recipients == ["maria@xn--energa-7va.example"]


@pytest.mark.parametrize("where", ["rcpt_reply", "data_reply"])
def test_a_temporary_refusal_is_retried_later_and_sent_once(queue: Queue, mail_server: SmtpSink, where: str) -> None:
    """E2: 4xx."""
    email = queue()
    setattr(mail_server, where, "451 try later")
    assert delivery.deliver_due() == 0
    email.refresh_from_db()
    assert email.state == EmailState.QUEUED
    assert "451 try later" in email.last_error
    assert timedelta(seconds=5) < email.due_at - timezone.now() < timedelta(seconds=15)
    setattr(mail_server, where, "")
    assert delivery.deliver_due() == 0, "not yet due"
    assert delivery.deliver_due(at=later(seconds=20)) == 1
    assert delivery.deliver_due(at=later(days=1)) == 0
    assert len(mail_server.deliveries) == 1
    email.refresh_from_db()
    assert (email.state, email.attempts, email.failure, email.last_error) == (EmailState.SENT, 2, "", "")


@pytest.mark.slow
def test_pauses_grow_to_an_hour_and_end_after_two_days(queue: Queue, mail_server: SmtpSink) -> None:
    """E2: 4xx."""
    email = queue()
    mail_server.rcpt_reply = "450 mailbox busy"
    pauses = []
    while True:
        email.refresh_from_db()
        if email.state != EmailState.QUEUED:
            break
        moment = email.due_at + timedelta(milliseconds=1)
        delivery.deliver_due(at=moment)
        email.refresh_from_db()
        pauses.append(round((email.due_at - moment).total_seconds()))
        assert len(pauses) < 100
    assert email.state == EmailState.FAILED
    assert "450 mailbox busy" in email.last_error and email.failure == FailureReason.DEFERRED
    assert email.failed_at and timedelta(hours=48) < email.failed_at - email.queued_at < timedelta(hours=50)
    assert pauses[0] == 10 and max(pauses) == 3600 and pauses[:-1] == sorted(pauses[:-1])


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("The mail server refused it: 550 5.1.1 Rosa Delgado is unknown", "550 5.1.1"),
        ("451-4.7.1 try later", "451-4.7.1"),
        ("554 relay denied", "554"),
        ("Rosa Delgado hung up", ""),
    ],
)
def test_the_log_has_only_the_codes_of_a_reply(reply: str, code: str) -> None:
    """X4: its words can name the recipient."""
    assert failures.reply_code(reply) == code


@pytest.mark.parametrize("where", ["rcpt_reply", "data_reply"])
def test_a_permanent_refusal_is_final(queue: Queue, mail_server: SmtpSink, where: str) -> None:
    """E2, X4, X5: 5xx is final; what the server quotes is removed."""
    email = queue(link=DecisionLink(NONCE))
    token = link_tokens.derive_token(NONCE)
    setattr(mail_server, where, f"550 no <maria@example.net>, see http://x.example/invitation/{token}/ or {token}")
    assert delivery.deliver_due() == 0
    setattr(mail_server, where, "")
    assert delivery.deliver_due(at=later(days=1)) == 0
    email.refresh_from_db()
    assert email.state == EmailState.FAILED and email.failed_at
    assert "550 no" in email.last_error and email.failure == FailureReason.REFUSED
    assert "maria" not in email.last_error and token not in email.last_error
    assert mail_server.deliveries == []


def test_one_refused_email_does_not_hold_up_the_others(queue: Queue, mail_server: SmtpSink) -> None:
    queue("first")
    queue("second")
    queue("third")
    mail_server.data_reply = ["550 spam", "451 later"]
    assert delivery.deliver_due() == 1
    assert len(mail_server.deliveries) == 1


def test_an_email_that_cannot_be_written_fails_alone(queue: Queue, mail_server: SmtpSink) -> None:
    EmailFactory.create().attachments.create(content=b"%PDF-", name="a\nb.pdf")
    queue()
    assert delivery.deliver_due() == 1
    assert Email.objects.get(state=EmailState.FAILED).failure == FailureReason.UNWRITABLE


def test_emails_wait_for_an_unreachable_server_and_are_sent_after_its_return(
    queue: Queue, mail_server: SmtpSink
) -> None:
    """E2."""
    for number in range(3):
        queue(f"probe {number}")
    mail_server.stop()
    for _ in range(10):
        assert delivery.deliver_due() == 0
    assert Email.objects.filter(state=EmailState.QUEUED).count() == 3
    assert {email.failure for email in Email.objects.all()} == {FailureReason.UNREACHABLE}
    mail_server.start()
    assert delivery.deliver_due(at=later(seconds=15)) == 3
    assert delivery.deliver_due(at=later(days=1)) == 0
    assert len(mail_server.deliveries) == 3


@pytest.mark.slow
def test_a_silent_server_costs_one_timeout_for_all_emails(
    queue: Queue, mail_server: SmtpSink, settings: Settings
) -> None:
    settings.EMAIL_PHASE_SECONDS = dict.fromkeys(settings.EMAIL_PHASE_SECONDS, 1)
    for number in range(5):
        queue(f"probe {number}")
    mail_server.hang_at = "rcpt"
    before = timezone.now()
    assert delivery.deliver_due() == 0
    assert timezone.now() - before < timedelta(seconds=3)
    assert Email.objects.filter(state=EmailState.QUEUED).count() == 5


def test_an_email_is_given_up_after_two_days_without_the_server(queue: Queue, mail_server: SmtpSink) -> None:
    """E2."""
    email = queue()
    mail_server.stop()
    delivery.deliver_due()
    delivery.deliver_due(at=later(hours=49))
    email.refresh_from_db()
    assert email.state == EmailState.FAILED
    assert email.failure == FailureReason.UNREACHABLE


def test_a_connection_lost_after_data_is_retried_once(queue: Queue, mail_server: SmtpSink) -> None:
    """E2: the uncertain case."""
    email = queue()
    mail_server.drop_after_data = True
    assert delivery.deliver_due() == 0
    email.refresh_from_db()
    assert (email.state, email.uncertain_attempts) == (EmailState.QUEUED, 1)
    assert delivery.deliver_due(at=later(minutes=14)) == 0
    assert len(mail_server.deliveries) == 1, "not before 15 minutes"
    assert delivery.deliver_due(at=later(minutes=16)) == 0
    assert delivery.deliver_due(at=later(hours=1)) == 0
    email.refresh_from_db()
    assert email.state == EmailState.FAILED
    assert email.failure == FailureReason.UNCERTAIN
    first, second = mail_server.messages
    assert first["Message-ID"] == second["Message-ID"] and first["Date"] == second["Date"]


def test_a_successful_retry_is_the_last(queue: Queue, mail_server: SmtpSink) -> None:
    """E2."""
    email = queue()
    mail_server.drop_after_data = True
    delivery.deliver_due()
    mail_server.drop_after_data = False
    assert delivery.deliver_due(at=later(minutes=16)) == 1
    assert delivery.deliver_due(at=later(hours=1)) == 0
    email.refresh_from_db()
    assert email.state == EmailState.SENT
    assert len({message["Message-ID"] for message in mail_server.messages}) == 1 < len(mail_server.messages)


def test_a_failed_email_can_be_tried_again(queue: Queue, mail_server: SmtpSink) -> None:
    """D1."""
    email = queue()
    operator = UserFactory.create()
    assert not actions.retry_failed(email, by=operator), "it has not failed"
    mail_server.rcpt_reply = "550 no such user"
    delivery.deliver_due()
    mail_server.rcpt_reply = ""
    assert actions.retry_failed(email, by=operator)
    assert not actions.retry_failed(email, by=operator), "it waits already"
    assert delivery.deliver_due() == 1
    assert len(mail_server.deliveries) == 1


def test_bodies_are_forgotten_after_thirty_days(queue: Queue, mail_server: SmtpSink) -> None:
    """X6."""
    email = queue("sent", link=DecisionLink(NONCE), attachments=[("letter.pdf", PDF)])
    delivery.deliver_due()
    queue("waits")
    assert actions.forget_bodies(at=later(days=29, hours=23)) == 0
    assert actions.forget_bodies(at=later(days=30, seconds=1)) == 1
    assert actions.forget_bodies(at=later(days=31)) == 0
    email.refresh_from_db()
    assert (email.text, email.html, email.placeholder, email.link_nonce) == ("", "", "", None)
    assert not email.attachments.exists()
    assert email.body_forgotten_at and email.sent_at and email.about
    assert Email.objects.get(key="waits").text
    Email.objects.filter(pk=email.pk).update(state=EmailState.FAILED, failure=FailureReason.REFUSED)
    assert not actions.retry_failed(email, by=UserFactory.create()), "there is nothing left to send"

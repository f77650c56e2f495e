"""The button of a mail program that ends reminders (C12; RFC 2369, RFC 8058)."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from agreements import actions, emails
from agreements.models import EventKind
from notifications.delivery import deliver_due
from notifications.models import Email
from tests.factories import MembershipFactory
from tests.support.agreements import initiate
from tests.support.decisions import decision_link
from tests.support.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mail_server(settings: Settings, smtp_sink: SmtpSink) -> SmtpSink:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_sink.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    return smtp_sink


def test_a_mail_programs_button_ends_reminders(mail_server: SmtpSink, settings: Settings) -> None:
    """C12, X5: only a reminder names the page. The POST has no cookie, and follows no redirect."""
    (agreement,) = initiate(MembershipFactory().user)
    page = decision_link(agreement, "invitation_reminders")
    with transaction.atomic():
        emails.queue_reminder(agreement, agreement.events.get())
    assert "/invitation/" in Email.objects.get(kind="EM202").unsubscribe_url
    assert not Email.objects.filter(unsubscribe_url__contains=page).exists()

    assert deliver_due() == 2
    request, reminder = sorted(mail_server.messages, key=lambda message: "List-Unsubscribe" in message)
    assert request["List-Unsubscribe"] is None and request["List-Unsubscribe-Post"] is None
    assert reminder["Subject"].startswith("Reminder")
    assert reminder["List-Unsubscribe"] == f"<{settings.PORTAL_ORIGIN}{page}>"
    assert reminder["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    line = f"List-Unsubscribe: <{settings.PORTAL_ORIGIN}{page}>\r\n".encode()
    assert any(line in delivery.content for delivery in mail_server.deliveries)  # not encoded, not folded

    mail_program = Client(enforce_csrf_checks=True)
    answer = mail_program.post(page, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and "Reminders stopped" in answer.content.decode() and not answer.cookies
    agreement.submission.refresh_from_db()
    assert agreement.submission.reminders_stopped_at
    again = mail_program.post(page, {"List-Unsubscribe": "One-Click"})
    assert again.status_code == 200 and agreement.events.filter(kind=EventKind.REMINDERS_STOPPED).count() == 1


def test_a_mail_programs_button_after_an_answer_is_no_error(mail_server: SmtpSink) -> None:
    (agreement,) = initiate(MembershipFactory().user)
    actions.reject(agreement, channel="invitation")
    answer = Client().post(decision_link(agreement, "invitation_reminders"), {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200 and "No more reminders" in answer.content.decode()

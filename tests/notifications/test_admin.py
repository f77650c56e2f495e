"""Operators see what became of an email and never what it said (X5, D1)."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from notifications.models import Email, EmailState
from tests.factories import EmailFactory, TdspFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/notifications/email/"
RETRY = {"action": "try_again"}


def staff(*permissions: str, **values: object) -> User:
    user: User = UserFactory.create(is_staff=True, **values)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def failed(**values: object) -> Email:
    email: Email = EmailFactory.create(
        text="SECRET TEXT", html="SECRET HTML", state=EmailState.FAILED, placeholder="SECRET-PLACEHOLDER",
        sealed_nonce=b"SECRET-NONCE", failed_at="2026-11-01T00:00Z", last_error="550 no such user", **values,
    )  # fmt: skip
    return email


def test_an_operator_sees_states_and_no_body(client: Client) -> None:
    email = failed()
    client.force_login(staff("view_email"))
    for path in (LIST, f"{LIST}{email.pk}/change/"):
        response = client.get(path)
        assert response.status_code == 200
        assert b"550 no such user" in response.content
        assert b"SECRET" not in response.content


@pytest.mark.parametrize("path", ["", "add/", "1/change/", "1/delete/", "1/history/"])
def test_staff_of_a_tdsp_sees_no_email(client: Client, path: str) -> None:
    EmailFactory.create(pk=1)
    client.force_login(staff("view_email", "change_email", "delete_email", "add_email", tdsp=TdspFactory.create()))
    assert client.get(LIST + path).status_code == 403


@pytest.mark.parametrize("path", ["add/", "{pk}/delete/"])
def test_nobody_adds_or_deletes_an_email(client: Client, path: str) -> None:
    email = failed()
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    assert client.get(LIST + path.format(pk=email.pk)).status_code == 403
    client.post(f"{LIST}{email.pk}/change/", {"subject": "Changed", "state": "sent"})
    email.refresh_from_db()
    assert email.state == EmailState.FAILED and email.subject != "Changed"


def test_an_operator_tries_failed_emails_again(client: Client) -> None:
    email, sent = failed(), EmailFactory.create(state=EmailState.SENT, sent_at="2026-11-01T00:00Z")
    client.force_login(staff("view_email", "change_email"))
    page = client.post(LIST, RETRY | {"_selected_action": [email.pk, sent.pk]}, follow=True).content.decode()
    assert "1 email goes out again." in page and "1 email was left alone" in page
    email.refresh_from_db()
    sent.refresh_from_db()
    assert (email.state, email.attempts, email.failed_at) == (EmailState.QUEUED, 0, None)
    assert sent.state == EmailState.SENT
    assert LogEntry.objects.filter(object_id=str(email.pk)).count() == 1


def test_an_operator_without_the_permission_tries_nothing_again(client: Client) -> None:
    email = failed()
    client.force_login(staff("view_email"))
    client.post(LIST, RETRY | {"_selected_action": [email.pk]}, follow=True)
    email.refresh_from_db()
    assert email.state == EmailState.FAILED

"""Staff see what became of an email and never what it said (X5, D1)."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from notifications.models import Email, EmailState
from tests.factories import AgreementFactory, EmailFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/notifications/email/"
RETRY = {"action": "try_again"}


def staff(**values: object) -> User:
    user: User = UserFactory.create(is_staff=True, **values)
    return user


def failed(**values: object) -> Email:
    email: Email = EmailFactory.create(
        text="SECRET TEXT", html="SECRET HTML", state=EmailState.FAILED, placeholder="SECRET-PLACEHOLDER",
        link_nonce=b"SECRET-NONCE", failed_at="2026-11-01T00:00Z", failure="refused",
        last_error="550 no such user", **values,
    )  # fmt: skip
    return email


def test_an_operator_sees_the_state_of_an_email_and_no_body(client: Client) -> None:
    email = failed()
    client.force_login(staff())
    for path in (LIST, f"{LIST}{email.pk}/change/"):
        response = client.get(path)
        assert response.status_code == 200
        assert b"550 no such user" in response.content
        assert b"SECRET" not in response.content


def test_a_tdsps_staff_see_and_retry_the_emails_about_its_own_agreements(client: Client) -> None:
    """D1: not those about another's, and none about accounts."""
    own, other = AgreementFactory.create(), AgreementFactory.create()
    emails = [failed(about=about) for about in ([own.number], [other.number], [])]
    client.force_login(staff(tdsp=own.tdsp))
    listed = client.get(LIST).context["cl"].result_list
    assert list(listed) == emails[:1]
    for email, status in zip(emails, (200, 404, 404), strict=True):
        for page in ("change", "history"):
            assert client.get(f"{LIST}{email.pk}/{page}/").status_code == status
    client.post(LIST, RETRY | {"_selected_action": [email.pk for email in emails]}, follow=True)
    states = [Email.objects.get(pk=email.pk).state for email in emails]
    assert states == [EmailState.QUEUED, EmailState.FAILED, EmailState.FAILED]


@pytest.mark.parametrize("column", ["text", "html", "placeholder", "link_nonce", "subject"])
def test_the_list_cannot_be_filtered_by_the_body_of_an_email(client: Client, column: str) -> None:
    """X5: Django lets the address name any column, and a prefix at a time tells all of it."""
    failed()
    client.force_login(staff(is_superuser=True))
    assert client.get(LIST, {f"{column}__startswith": "SECRET"}).status_code == 400


@pytest.mark.parametrize("path", ["add/", "{pk}/delete/"])
def test_emails_cannot_be_added_or_deleted(client: Client, path: str) -> None:
    email = failed()
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    assert client.get(LIST + path.format(pk=email.pk)).status_code == 403
    client.post(f"{LIST}{email.pk}/change/", {"subject": "Changed", "state": "sent"})
    email.refresh_from_db()
    assert email.state == EmailState.FAILED and email.subject != "Changed"


def test_an_operator_retries_failed_emails(client: Client) -> None:
    email, sent = failed(), EmailFactory.create(state=EmailState.SENT, sent_at="2026-11-01T00:00Z")
    client.force_login(staff())
    page = client.post(LIST, RETRY | {"_selected_action": [email.pk, sent.pk]}, follow=True).content.decode()
    assert "1 email will be sent again." in page and "1 email was not changed" in page
    email.refresh_from_db()
    sent.refresh_from_db()
    assert (email.state, email.attempts, email.failed_at) == (EmailState.QUEUED, 0, None)
    assert sent.state == EmailState.SENT
    assert LogEntry.objects.filter(object_id=str(email.pk)).count() == 1

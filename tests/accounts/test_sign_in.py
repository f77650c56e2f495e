"""Logging in: limits that live in PostgreSQL, sessions, and emails through the outbox (X2, X3, E2)."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from lib import link_tokens
from notifications.delivery import deliver_due, with_link
from notifications.models import Email
from tests.factories import CustomerFactory, UserFactory
from tests.support.registration import PASSWORD, log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> User:
    user = UserFactory(username="rosa", email="rosa@example.net", language="es")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


def _cookies(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_after_five_failures_the_right_password_is_refused_too(client, rosa):
    for _ in range(5):
        log_in(client, "rosa", "wrong password, wrong password")
    answer = log_in(client, "rosa")
    assert "Too many failed sign-ins" in answer.content.decode()
    assert not _cookies(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cache")
        assert cursor.fetchone()[0] > 0, "the limits are in PostgreSQL"


@pytest.mark.control
def test_control_without_the_limits_the_right_password_signs_in(client, rosa, settings):
    settings.ACCOUNT_RATE_LIMITS = False
    for _ in range(5):
        log_in(client, "rosa", "wrong password, wrong password")
    log_in(client, "rosa")
    assert _cookies(client)


def test_hundreds_of_other_names_do_not_reset_the_failures(rosa):
    """With Django's limit of 300 cache entries, other names would push the count out."""
    for _ in range(5):
        log_in(Client(REMOTE_ADDR="203.0.113.1"), "rosa", "wrong password, wrong password")
    for number in range(400):
        cache.set(f"another-{number}", number, 300)
    assert "Too many failed" in log_in(Client(REMOTE_ADDR="203.0.113.2"), "rosa").content.decode()


def test_a_wrong_password_and_an_unknown_user_get_the_same_page(client, rosa):
    bodies = set()
    for login in ("rosa", "nobody"):
        html = log_in(client, login, "wrong password, wrong password").content.decode()
        bodies.add(re.sub(r' value="[^"]*"', "", html))
    assert len(bodies) == 1


@pytest.mark.parametrize("address", ["rosa@example.net", "nobody@example.net"])
def test_a_password_reset_is_queued_without_a_mail_server(client, rosa, address, settings):
    """E2: nothing is sent while the customer waits, so a mail server that is down is not noticed."""
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answer = client.post(reverse("account_reset_password"), {"email": address})
    assert answer.headers["Location"] == reverse("account_reset_password_done")
    assert mail.outbox == []
    email = Email.objects.get()
    assert (email.to_address, email.state) == (address, "queued")
    assert "<html" in email.html
    if address == rosa.email:
        assert (email.kind, email.language) == ("PASSWORD_RESET", "es")
    else:
        assert email.kind == "PASSWORD_RESET_UNKNOWN"
        assert reverse("register") in email.text


def email_text(kind: str = "PASSWORD_RESET") -> str:
    """What the reader of the one email of that kind gets."""
    email = Email.objects.get(kind=kind)
    return with_link(email, email.text)


@pytest.mark.django_db(transaction=True)
def test_no_row_contains_a_link_that_opens_an_account(client, rosa, smtp_sink, settings):
    """X5: the outbox can be read by staff and by thieves of a copy; once the email is sent even its seal is gone."""
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_sink.port
    client.post(reverse("account_reset_password"), {"email": rosa.email})
    found = re.search(r"/accounts/password/reset/key/([^\s/]+)", email_text())
    assert found
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(e)::text FROM notifications_email e")
        (row,) = cursor.fetchone()
    for part in (found[1], found[1].partition("-")[2]):
        assert part not in row and part.encode().hex() not in row
    assert deliver_due() == 1
    (delivery,) = smtp_sink.deliveries
    for kind in ("plain", "html"):
        assert f"{settings.PORTAL_ORIGIN}{found[0]}" in delivery.message.get_body((kind,)).get_content()
    email = Email.objects.get()
    assert (email.state, email.link_secret) == ("sent", None)
    assert found[1] not in with_link(email, email.text)


@pytest.mark.control
def test_control_without_encryption_the_row_contains_the_link(client, rosa):
    """Whoever has the key of the environment besides reads the link."""
    client.post(reverse("account_reset_password"), {"email": rosa.email})
    assert "/accounts/password/reset/key/" in link_tokens.decrypt_link(bytes(Email.objects.get().link_secret))


def test_links_in_emails_use_the_portals_own_origin(rosa):
    """Whatever host the request named."""
    Client().post(reverse("account_reset_password"), {"email": rosa.email}, HTTP_HOST="localhost")
    assert f"{settings.PORTAL_ORIGIN}/accounts/password/reset/key/" in email_text()


def test_the_owner_is_emailed_about_a_new_password(client, rosa):
    client.post(reverse("account_reset_password"), {"email": rosa.email})
    found = re.search(r"http\S+(/accounts/\S+)", email_text())
    assert found
    form = client.get(found[1]).headers["Location"]
    new = "another mockingbird sings"
    client.post(form, {"password1": new, "password2": new})
    log_in(client, "rosa", new)
    assert _cookies(client)
    notice = Email.objects.get(kind="ACCOUNT_CHANGED")
    assert "127.0.0.1" in notice.text


def test_other_sessions_are_listed_and_ended(client, rosa):
    other = Client(HTTP_USER_AGENT="Lynx on the other computer")
    for browser in (client, other):
        log_in(browser, "rosa")
    page = client.get(reverse("usersessions_list")).content.decode()
    assert "Lynx on the other computer" in page
    client.post(reverse("usersessions_list"))
    assert other.get(reverse("account_email")).status_code == 302
    assert client.get(reverse("account_email")).status_code == 200


def test_an_address_that_another_account_has_taken_since_is_not_confirmed(client, rosa):
    log_in(client, "rosa")
    asked = client.post(reverse("account_email"), {"action_add": "", "email": "new@example.net"})
    client.post(asked.headers["Location"], {"password": PASSWORD}, follow=True)
    email = Email.objects.get(kind="EMAIL_CONFIRMATION")
    assert email.to_address == "new@example.net"
    found = re.search(r"http\S+(/accounts/confirm-email/\S+)", email_text("EMAIL_CONFIRMATION"))
    assert found
    UserFactory(email="NEW@example.net")
    answer = client.post(found[1], follow=True)
    assert "pertenece a otra cuenta" in answer.content.decode()  # she prefers Spanish (C6)
    rosa.refresh_from_db()
    assert rosa.email == "rosa@example.net"


def test_the_sign_in_page_links_to_registration(client):
    page = client.get(reverse("account_login")).content.decode()
    assert "Create an account" in page
    assert reverse("register") in page


def test_an_inactive_account_cannot_sign_in(client):
    user = CustomerFactory().user
    user.set_password(PASSWORD)
    user.is_active = False
    user.save()
    log_in(client, user.username)
    assert not _cookies(client)


def test_a_new_address_replaces_the_old_one_only_when_it_is_confirmed(client, rosa):
    """Also for a user whom an operator created, whose address was never confirmed."""
    log_in(client, "rosa")
    asked = client.post(reverse("account_email"), {"action_add": "", "email": "new@example.net"})
    client.post(asked.headers["Location"], {"password": PASSWORD}, follow=True)
    rosa.refresh_from_db()
    assert rosa.email == "rosa@example.net"
    found = re.search(r"http\S+(/accounts/confirm-email/\S+)", email_text("EMAIL_CONFIRMATION"))
    assert found
    client.get(found[1])
    rosa.refresh_from_db()
    assert rosa.email == "rosa@example.net"
    client.post(found[1])
    rosa.refresh_from_db()
    assert rosa.email == "new@example.net"
    assert Email.objects.filter(kind="ACCOUNT_CHANGED", to_address="rosa@example.net").exists()

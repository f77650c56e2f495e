"""Sessions end by themselves, and the sign-in page says why (X3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.factories import CustomerFactory, MembershipFactory, OperatorFactory, TdspFactory, UserFactory

pytestmark = pytest.mark.django_db

ORGANIZATIONS = {
    "member": (lambda: MembershipFactory().user, "agreements"),
    "operator": (lambda: OperatorFactory(), "admin:index"),
    "TDSP staff": (lambda: UserFactory(is_staff=True, tdsp=TdspFactory()), "admin:index"),
}
IDLE = "You were signed out after 60 minutes without activity. Sign in again to continue."
OVER = "You were signed out 8 hours after signing in. Sign in again to continue."
NOW = datetime(2026, 11, 5, 15, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.mark.parametrize("role", ORGANIZATIONS)
def test_an_hour_of_silence_ends_the_session_of_third_parties_and_staff(role, client, clock):
    """X3: the page they are led to says so, once."""
    make_user, page = ORGANIZATIONS[role]
    client.force_login(make_user())
    clock.shift(timedelta(minutes=59))
    assert client.get(reverse(page)).status_code == 200
    clock.shift(timedelta(minutes=60))
    answer = client.get(reverse(page), follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    assert answer.content.decode().count(IDLE) == 1
    assert IDLE not in client.get(reverse("account_login")).content.decode()
    assert client.get(reverse(page)).status_code == 302


def test_requests_keep_a_session_alive_for_eight_hours_and_no_longer(client, clock):
    """X3: saving the session, as every page may do, does not prolong it."""
    client.force_login(MembershipFactory().user)
    for _each in range(15):
        clock.shift(timedelta(minutes=30))
        assert client.get(reverse("agreements")).status_code == 200
    clock.shift(timedelta(minutes=30))
    answer = client.get(reverse("agreements"), follow=True)
    assert OVER in answer.content.decode()


def test_a_customer_has_eight_hours(client, clock):
    """X3."""
    customer = CustomerFactory(user__language="es")
    client.force_login(customer.user)
    clock.shift(timedelta(hours=7, minutes=59))
    assert client.get(reverse("usage")).status_code == 200
    clock.shift(timedelta(minutes=1))
    answer = client.get(reverse("usage"), follow=True, headers={"Accept-Language": "es"})
    assert "Su sesión terminó 8 horas después de iniciarla." in answer.content.decode()


def test_a_form_sent_after_the_end_changes_nothing(client, clock):
    """X3, T12."""
    client.force_login(MembershipFactory().user)
    clock.shift(timedelta(hours=2))
    answer = client.post(reverse("agreement_new"), {"registered": "no"})
    assert answer.status_code == 302 and reverse("account_login") in answer["Location"]


def test_a_request_within_the_minute_writes_no_session(client, clock, django_assert_max_num_queries):
    """X3: only the first of each minute does."""
    client.force_login(MembershipFactory().user)
    client.get(reverse("agreements"))
    seen = client.session["seen_at"]
    clock.shift(timedelta(seconds=59))
    client.get(reverse("agreements"))
    assert client.session["seen_at"] == seen
    clock.shift(timedelta(seconds=1))
    client.get(reverse("agreements"))
    assert client.session["seen_at"] == seen + 60


def test_signing_out_clears_what_the_browser_kept(client):
    """X3: but not its cookies, one of which is a signal against forged consent (X1)."""
    for name in ("account_logout", "admin:logout"):
        client.force_login(OperatorFactory())
        answer = client.post(reverse(name))
        assert '"cache"' in answer["Clear-Site-Data"] and "cookies" not in answer["Clear-Site-Data"]
    assert "Clear-Site-Data" not in client.get(reverse("account_login"))
    assert Client().get(reverse("help")).status_code == 200

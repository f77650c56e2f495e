"""What every response tells the browser."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories import CustomerFactory, MembershipFactory, OperatorFactory

pytestmark = pytest.mark.django_db

PAGES = {
    "third party": (
        lambda: MembershipFactory().user,
        ["home", "agreements", "company", "help", "notices", "account_email"],
    ),
    "staff": (lambda: OperatorFactory(), ["home", "admin:index", "admin:meters_tdsp_changelist", "help"]),
    "customer": (lambda: CustomerFactory().user, ["home", "usage", "help"]),
}


@pytest.mark.parametrize("role", PAGES)
def test_no_page_of_a_signed_in_person_is_kept_by_a_browser(role, client):
    """X3: the next person at the computer presses Back."""
    make_user, names = PAGES[role]
    client.force_login(make_user())
    for name in names:
        answer = client.get(reverse(name), follow=True)
        assert answer.status_code == 200, name
        assert "no-store" in answer["Cache-Control"] and "private" in answer["Cache-Control"], name


def test_every_response_says_what_its_page_may_do(client):
    """X3: also a refusal and an error page."""
    for path in ("/", "/help/", "/nowhere/", "/accounts/login/", "/health/"):
        headers = client.get(path).headers
        assert "camera=()" in headers["Permissions-Policy"] and "geolocation=()" in headers["Permissions-Policy"]
        assert "publickey-credentials-get=(self)" in headers["Permissions-Policy"]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY" and headers["X-Content-Type-Options"] == "nosniff"


def test_public_pages_start_no_session(client):
    """X3: nothing to steal."""
    assert not client.get("/help/").cookies

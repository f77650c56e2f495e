"""A key is replaced without losing what its predecessor protected (A4)."""

from __future__ import annotations

import pytest
from django.conf import settings as portal_settings
from django.test import Client
from django.urls import reverse

from accounts import rate_limits
from accounts.rate_limits import Limit
from agreements.models import Agreement
from companies.models import FingerprintKind
from companies.trust.fingerprints import fingerprint_mailbox, match_fingerprints, record_fingerprints
from lib import link_tokens
from notifications.delivery import with_link
from notifications.models import Email
from tests.factories import CompanyFactory, MembershipFactory
from tests.support.agreements import initiate

OLD, NEW = "an old key " * 6, "a new key " * 6


@pytest.fixture
def replace_secret_key(settings):
    def replace(*, keep: bool) -> None:
        settings.SECRET_KEY_FALLBACKS = [portal_settings.SECRET_KEY] if keep else []
        settings.SECRET_KEY = NEW

    return replace


def test_a_link_is_derived_with_the_key_it_was_made_with(settings):
    """A4, X5: the first key makes new ones."""
    settings.DECISION_LINK_KEY = OLD
    old_nonce = link_tokens.new_nonce()
    old_token, secret = link_tokens.derive_token(old_nonce), link_tokens.encrypt_link("https://portal.example/x")
    settings.DECISION_LINK_KEY = f"{NEW}, {OLD}"
    assert link_tokens.derive_token(old_nonce) == old_token
    assert link_tokens.decrypt_link(secret) == "https://portal.example/x"
    new_nonce = link_tokens.new_nonce()
    new_token = link_tokens.derive_token(new_nonce)
    settings.DECISION_LINK_KEY = NEW
    assert link_tokens.derive_token(new_nonce) == new_token
    with pytest.raises(ValueError, match="no longer"):
        link_tokens.derive_token(old_nonce)
    with pytest.raises(ValueError, match="no longer"):
        link_tokens.decrypt_link(secret)


def test_a_key_says_nothing_in_a_nonce(settings):
    """X5: four bytes of a hash name it."""
    settings.DECISION_LINK_KEY = OLD
    first, second = link_tokens.new_nonce(), link_tokens.new_nonce()
    assert first[:4] == second[:4] and first[4:] != second[4:] and len(first) == 20


@pytest.mark.django_db
def test_an_email_that_waits_and_an_open_request_survive_a_new_link_key(settings, client):
    """A4, E2: what was queued before is sent with the link that opens the request."""
    settings.DECISION_LINK_KEY = OLD
    initiate(MembershipFactory().user)
    settings.DECISION_LINK_KEY = f"{NEW},{OLD}"
    email = Email.objects.get(kind="EM201")
    token = link_tokens.derive_token(bytes(Agreement.objects.get().submission.link_nonce))
    assert token in with_link(email, email.text)
    assert client.get(reverse("invitation", args=[token])).status_code == 200
    settings.DECISION_LINK_KEY = NEW  # what was sent is good until its deadline
    assert client.get(reverse("invitation", args=[token])).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("keep", [True, pytest.param(False, marks=pytest.mark.control)])
def test_a_limit_counts_on_after_a_new_secret_key(replace_secret_key, keep):
    """A4, X2: without the old key the control starts at nothing."""
    limit = Limit("test", "10443720009000017", 2)
    for _each in range(2):
        rate_limits.spend([limit])
    replace_secret_key(keep=keep)
    if keep:
        with pytest.raises(rate_limits.LimitReached):
            rate_limits.spend([limit])
    else:
        rate_limits.spend([limit])


@pytest.mark.django_db
@pytest.mark.parametrize("keep", [True, pytest.param(False, marks=pytest.mark.control)])
def test_a_fingerprint_is_recognized_after_a_new_secret_key(replace_secret_key, keep):
    """A4, X1."""
    company = CompanyFactory()
    record_fingerprints(company, fingerprint_mailbox("laura@company.example"))
    replace_secret_key(keep=keep)
    matches = match_fingerprints(company, fingerprint_mailbox("laura@company.example"))
    assert matches == ({FingerprintKind.MAILBOX} if keep else set())


@pytest.mark.django_db
@pytest.mark.parametrize("keep", [True, pytest.param(False, marks=pytest.mark.control)])
def test_a_session_goes_on_after_a_new_secret_key(replace_secret_key, keep):
    """A4."""
    client = Client()
    client.force_login(MembershipFactory().user)
    replace_secret_key(keep=keep)
    assert client.get(reverse("agreements")).status_code == (200 if keep else 302)

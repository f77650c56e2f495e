"""Registration cannot be used to look up an ESIID, and of two for one ESIID one wins (C3, X2)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import rate_limits
from accounts.models import RateLimitHit, User
from customers import registration
from customers.claim_review import delete_old_failed_claims, notify_of_failed_claims
from customers.esiid_claims import ClaimedMeter, match_meter
from customers.models import Customer, EsiidClaim, Registration
from customers.registration import NotConfirmed
from lib import link_tokens
from lib.refusals import Refused
from notifications.models import Email
from tests.factories import (
    ElectricityProviderFactory,
    EsiidClaimFactory,
    MeterFactory,
    PremiseFactory,
    RegistrationFactory,
    UserFactory,
)
from tests.support.races import met, together
from tests.support.registration import register


def _body(answer) -> str:
    """The page without what differs by itself: the CSRF token and what was typed."""
    html = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    return re.sub(r' value="[^"]*"', "", html)


@pytest.mark.django_db
def test_every_mismatch_gets_the_same_answer(client):
    """No oracle: unknown ESIID, wrong meter, another's meter, removed meter, wrong provider, all of it at once (X7)."""
    provider, other_provider = ElectricityProviderFactory(), ElectricityProviderFactory()
    right = MeterFactory(premise__provider_number=provider.certificate_number)
    taken = MeterFactory(premise=EsiidClaimFactory(premise__provider_number=provider.certificate_number).premise)
    other, removed = MeterFactory(), MeterFactory(removed_on="2026-01-01")
    bodies = {
        _body(register(client, None, esiid=esiid, meter_number=number, provider=name))
        for esiid, number, name in [
            ("10443729999999999", right.number, provider.name),
            (right.premise.esiid, "999999", provider.name),
            (MeterFactory(premise__provider_number=provider.certificate_number).premise.esiid, other.number, "x"),
            (removed.premise.esiid, removed.number, provider.name),
            (taken.premise.esiid, taken.number, other_provider.name),
            (PremiseFactory().esiid, "1", provider.name),
        ]
    }
    assert len(bodies) == 1
    (body,) = bodies
    assert "match our records" in body
    assert body.count("The ESIID is incorrect.") == 1
    assert "You can try once more for this ESIID." in body
    assert not Email.objects.exists()
    fresh = MeterFactory(premise__provider_number=provider.certificate_number)
    assert register(client, fresh, provider=provider.name.upper().replace(",", "")).status_code == 302


@pytest.mark.django_db
def test_an_esiid_of_another_account_gets_the_answer_of_a_free_one(client):
    """X7: behind the link of the email only, the person may dispute the claim."""
    taken = MeterFactory(premise=EsiidClaimFactory().premise)
    answers = [register(client, taken), register(client, MeterFactory(), username="other")]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {(302, reverse("register_sent"))}
    assert Email.objects.filter(kind="REGISTRATION").count() == 2


@pytest.mark.django_db
def test_after_ten_failures_from_one_network_nothing_is_checked(client):
    """X2: not even a matching meter, and the answer says when to try again."""
    for number in range(10):
        assert "Possible causes" in _body(register(client, None, esiid=f"1044372111111{number:04d}", meter_number="1"))
    meter = MeterFactory()
    refused = _body(register(client, meter))
    assert "Too many entries" in refused
    assert "Possible causes" not in refused
    assert re.search(r"Try again after .*20\d\d", refused)
    assert not Email.objects.exists()
    assert register(Client(REMOTE_ADDR="203.0.113.9"), meter).status_code == 302, "others go on"
    RateLimitHit.objects.update(at=timezone.now() - timedelta(days=1, seconds=1))
    other = {"email": "b@example.net", "email_again": "b@example.net", "username": "other"}
    assert register(client, MeterFactory(), **other).status_code == 302, "and tomorrow so does the one"
    RateLimitHit.objects.update(at=timezone.now() - rate_limits.LONGEST_PERIOD - timedelta(seconds=1))
    assert rate_limits.delete_old_hits() > 0


@pytest.mark.django_db
def test_after_two_failures_about_one_esiid_nothing_is_checked_for_30_days(client):
    """X7"""
    meter = MeterFactory()
    for number, limit in enumerate(["try once more", "can&#x27;t try this ESIID again for 30 days"]):
        guesser = Client(REMOTE_ADDR=f"203.0.113.{number}")
        body = _body(register(guesser, None, esiid=meter.premise.esiid, meter_number=f"{number}"))
        assert "Possible causes" in body and limit in body
    assert "Too many entries" in _body(register(client, meter))
    assert register(client, MeterFactory()).status_code == 302
    RateLimitHit.objects.update(at=timezone.now() - timedelta(days=29))
    rate_limits.delete_old_hits()
    other = {"email": "b@example.net", "email_again": "b@example.net", "username": "other"}
    assert "Too many entries" in _body(register(client, meter, **other))
    RateLimitHit.objects.update(at=timezone.now() - timedelta(days=30, seconds=1))
    assert register(client, meter, **other).status_code == 302


@pytest.mark.django_db
def test_claims_that_match_are_limited_per_network(client, settings):
    """X2: a list of right entries cannot be claimed by script."""
    settings.CLAIMS_PER_NETWORK = 3
    for number in range(3):
        assert register(client, MeterFactory(), username=f"rosa{number}").status_code == 302
    assert "too many meters were added from your network" in _body(register(client, MeterFactory()))
    assert register(Client(REMOTE_ADDR="203.0.113.9"), MeterFactory()).status_code == 302


@pytest.mark.django_db
def test_an_address_gets_five_confirmation_emails_a_day(client):
    for number in range(5):
        assert register(client, MeterFactory(), username=f"rosa{number}").status_code == 302
    assert "several emails to this address today" in _body(register(client, MeterFactory()))
    assert Email.objects.count() == 5


@pytest.mark.django_db
def test_rate_limit_hits_contain_no_personal_data():
    """X4: a keyed hash, no ESIID, no address."""
    with pytest.raises(Refused):
        match_meter(ClaimedMeter("10443720001234567", "1"), network="203.0.113.7")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_ratelimithit")
        row = str(cursor.fetchall())
    assert "1234567" not in row
    assert "203.0.113.7" not in row


def _guess_twenty_times() -> int:
    """Twenty wrong guesses at one ESIID at the same moment; how many were checked."""
    esiid = MeterFactory().premise.esiid

    def guess(number: int) -> object:
        return match_meter(ClaimedMeter(esiid, f"9{number}"), network=f"203.0.113.{number}")

    answers = together([lambda number=number: guess(number) for number in range(20)])
    assert all(isinstance(answer, Refused) for answer in answers)
    return sum(1 for answer in answers if isinstance(answer, Refused) and answer.causes)


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_of_twenty_guesses_at_once_two_are_checked():
    """X2"""
    assert _guess_twenty_times() == 2


@pytest.mark.fault
@pytest.mark.control
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_all_guesses_are_checked(monkeypatch):
    monkeypatch.setattr(rate_limits, "lock_subjects", lambda limits: None)
    monkeypatch.setattr(rate_limits, "check", met(rate_limits.check, by=20))
    assert _guess_twenty_times() == 20


def _confirm_both() -> list:
    """Two registrations for one ESIID, confirmed at the same moment."""
    premise = MeterFactory().premise
    tokens = [
        link_tokens.derive_token(RegistrationFactory(premise=premise).link_nonce, link_tokens.ACCOUNT_LINK)
        for _ in range(2)
    ]
    return together([lambda token=token: registration.confirm(token) for token in tokens])


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_of_two_registrations_for_one_esiid_one_wins():
    """C3"""
    answers = _confirm_both()
    (lost,) = [answer for answer in answers if isinstance(answer, Exception)]
    assert isinstance(lost, NotConfirmed)
    assert lost.reason == "esiid"
    assert EsiidClaim.objects.count() == Customer.objects.count() == User.objects.count() == 1
    assert Registration.objects.filter(confirmed_at=None).count() == 1


@pytest.mark.fault
@pytest.mark.control
@pytest.mark.django_db(transaction=True)
def test_control_without_the_constraint_both_get_the_esiid():
    constraint = EsiidClaim._meta.constraints[0]
    with connection.schema_editor() as editor:
        editor.remove_constraint(EsiidClaim, constraint)
    try:
        _confirm_both()
        assert EsiidClaim.objects.filter(until=None).count() == 2
    finally:
        EsiidClaim.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(EsiidClaim, constraint)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("clash", "reason", "sentence"),
    [
        ({"username": "Rosa", "email": "a@example.net"}, "user_id", "Someone else has taken this User ID"),
        ({"username": "other", "email": "ROSA@example.net"}, "email", "Your email address already has an account"),
    ],
)
def test_the_second_registration_gets_a_page_with_the_next_step(client, clash, reason, sentence):
    first = RegistrationFactory(username="rosa", email="rosa@example.net")
    second = RegistrationFactory(**clash)
    registration.confirm(link_tokens.derive_token(first.link_nonce, link_tokens.ACCOUNT_LINK))
    address = reverse("register_confirm", args=[link_tokens.derive_token(second.link_nonce, link_tokens.ACCOUNT_LINK)])
    answer = client.post(address)
    assert answer.status_code == 409
    assert sentence in answer.content.decode()
    assert Customer.objects.count() == 1


@pytest.mark.django_db
def test_an_esiid_taken_since_gets_a_page_with_the_next_step(client):
    lost = RegistrationFactory()
    EsiidClaimFactory(premise=lost.premise)
    address = reverse("register_confirm", args=[link_tokens.derive_token(lost.link_nonce, link_tokens.ACCOUNT_LINK)])
    answer = client.post(address)
    assert answer.status_code == 409
    assert "This meter is in another account" in answer.content.decode()


@pytest.mark.django_db
def test_the_tdsp_is_told_once_a_day_that_the_tries_are_used_up(client):
    """X2: by a sweep, so that the time of the answer tells nothing."""
    meter = MeterFactory()
    staff = UserFactory(is_staff=True, tdsp=meter.premise.tdsp)
    for _number in range(2):
        assert not notify_of_failed_claims()
        register(client, None, esiid=meter.premise.esiid, meter_number="1")
        register(client, None, esiid="10443729999999999", meter_number="1")
    assert not Email.objects.exists()
    for _sweep in range(2):
        assert notify_of_failed_claims() == 1
    told = Email.objects.get()
    assert (told.kind, told.to_address) == ("FAILED_CLAIMS", staff.email)
    assert meter.premise.esiid[-7:] in told.text and meter.premise.esiid not in told.text + told.html
    assert delete_old_failed_claims() == 0
    assert delete_old_failed_claims(at=timezone.now() + timedelta(days=31)) == 4

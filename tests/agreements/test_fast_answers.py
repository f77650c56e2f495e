"""An answer that no person can have given is recorded, and its report waits for a review (X1)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.signing import Signer
from django.test import Client
from django.urls import reverse

from agreements.consent import READING_TIME
from agreements.models import Agreement, Review, SignalKind
from agreements.request import Person
from agreements.states import Status
from lib import link_tokens
from lib.central_time import utc_or_now
from lib.served_times import read_time, sign_time
from notifications.models import Email
from tests.factories import MembershipFactory, OperatorFactory
from tests.support.agreements import initiate, registered_customer
from tests.support.decisions import answer_after_reading, decision_form
from tests.support.reviews import review_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(params=["link", "account"])
def place(request) -> tuple[Client, Agreement, str, str]:
    """Return a browser, a pending agreement, its page and where the page's form is sent; each test runs in both."""
    member, client = MembershipFactory().user, Client()
    if request.param == "link":
        (agreement,) = initiate(member)
        page = reverse("invitation", args=[link_tokens.derive_token(bytes(agreement.submission.link_nonce))])
        return client, agreement, page, page
    claim, meter = registered_customer()
    client.force_login(claim.customer.user)
    (agreement,) = initiate(member, meter, registered=True, person=Person(email=claim.customer.user.email))
    numbers = [agreement.number]
    return client, agreement, reverse("customer_agreement", args=numbers), reverse("customer_agreement", args=numbers)


def outcome(place: tuple, entries: dict[str, str]) -> tuple[str, str, set[str]]:
    """Send the form; return status, review and signals."""
    client, agreement, _page, form = place
    assert client.post(form, entries).status_code == 302
    agreement.refresh_from_db()
    return agreement.status, agreement.review, set(agreement.signals.values_list("kind", flat=True))


HELD = (Status.COMPLETE, Review.HELD, {SignalKind.TOO_FAST})
FREE = (Status.COMPLETE, Review.NONE, set())


def test_the_button_pressed_at_once_holds_the_report(place):
    """X1: as a mail scanner does that follows links and presses the first button."""
    client, _agreement, page, _form = place
    served = re.search(r'name="served" value="([^"]+)"', client.get(page).content.decode())
    assert outcome(place, {"decision": "accept", "served": served[1]}) == HELD


def test_a_reader_is_not_held(place):
    """X1: the control."""
    client, _agreement, page, _form = place
    html = client.get(page).content.decode()
    assert html.count('name="served"') == 1
    assert outcome(place, answer_after_reading(html)) == FREE


@pytest.mark.parametrize(("seconds", "expected"), [(-5, HELD), (0, HELD), (1.5, HELD), (2.5, FREE), (864000, FREE)])
def test_two_seconds_are_the_limit(place, seconds, expected):
    """X1: a page left open for days is fine; a time to come is not."""
    _client, agreement, _page, _form = place
    assert outcome(place, decision_form(agreement, seconds=seconds)) == expected


@pytest.mark.parametrize("served", [None, "", "x", "a:b", "\x00", "é:ü", "W10:x" * 500])
def test_a_missing_or_forged_time_holds_the_report(place, served):
    """X1: whoever never opened the page, or wrote its own time."""
    assert outcome(place, {"decision": "accept"} | ({} if served is None else {"served": served})) == HELD


@pytest.mark.parametrize("of", ["another agreement", "another use"])
def test_a_time_signed_for_something_else_holds_the_report(place, of):
    """X1: bound to the agreement and to this use."""
    _client, agreement, _page, _form = place
    (other,) = initiate(MembershipFactory().user)
    an_hour_ago = utc_or_now() - timedelta(hours=1)
    served = sign_time(other.number, an_hour_ago)
    if of == "another use":
        served = Signer(salt=of).sign_object([agreement.number, an_hour_ago.isoformat()])
    assert outcome(place, {"decision": "accept", "served": served}) == HELD


def test_a_time_from_before_a_change_of_the_key_still_counts(place, settings):
    """X1, A4: the page was open while the key was replaced."""
    _client, agreement, _page, _form = place
    served = decision_form(agreement)["served"]
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key " * 5
    assert read_time(served, agreement.number)


def test_a_fast_rejection_is_an_answer_like_any_other(place):
    """X1: it gives nobody data."""
    assert outcome(place, {"decision": "reject"}) == (Status.REJECTED, Review.NONE, set())


def test_the_reviewer_reads_why_and_the_company_does_not(place):
    """X1: it learns only that there is a review."""
    _client, agreement, _page, _form = place
    outcome(place, {"decision": "accept"})
    staff, member = Client(), Client()
    staff.force_login(OperatorFactory())
    words = str(SignalKind.TOO_FAST.label)
    address = reverse("admin:agreements_consentreview_review", args=[review_of(agreement).pk])
    assert words in staff.get(address).content.decode()
    member.force_login(agreement.submission.initiated_by)
    page = member.get(reverse("agreement", args=[agreement.number])).content.decode()
    assert "nder review" in page and words not in page and "faster than" not in page
    for email in Email.objects.about(agreement.number):
        assert "faster than" not in email.text + email.html


def test_no_setting_turns_it_off(settings):
    """X1."""
    assert timedelta(seconds=2) == READING_TIME
    assert not [name for name in dir(settings) if "READING" in name or "TOO_FAST" in name]

"""A third party that answers its own question gets no report without a TDSP's look (X1)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

import reports.actions
from agreements import actions
from agreements.consent_review import review_consent
from agreements.models import Agreement, ConsentSignal, EventKind, Review, SignalKind
from agreements.request import Person
from agreements.states import Channel, Status
from companies.models import CompanyFingerprint, FingerprintKind
from lib import link_tokens
from notifications.models import Email
from reports.models import Report
from tests.factories import MembershipFactory, MeterFactory, OperatorFactory, TdspFactory, UserFactory
from tests.support.agreements import ROSA, initiate, meters_of_homes
from tests.support.decisions import decision_form
from tests.support.races import together
from tests.support.reviews import review_of
from tests.support.usage import deliver_usage

pytestmark = pytest.mark.django_db

THEIR_ADDRESS = {"REMOTE_ADDR": "23.12.44.7"}
HOME = {"REMOTE_ADDR": "66.68.1.2"}


@pytest.fixture
def member():
    return MembershipFactory().user


def rosa_at(email: str) -> Person:
    return Person(**{**ROSA.__dict__, "email": email})


def link(agreement: Agreement) -> str:
    token = link_tokens.derive_token(bytes(agreement.submission.link_nonce))
    return reverse("invitation_agreement", args=[token, agreement.number])


def signals(agreement: Agreement) -> set[str]:
    return set(ConsentSignal.objects.filter(agreement=agreement).values_list("kind", flat=True))


def staff_of(agreement: Agreement):
    return UserFactory(is_staff=True, tdsp=agreement.tdsp)


def test_an_attacker_that_owns_the_customers_mailbox_gets_no_report_until_a_tdsp_releases_it(client, member):
    """X1, played through: it types its own address, opens the link in its own browser, accepts, and waits."""
    mailbox = member.email.replace("@", "+victim@")
    client.force_login(member)
    client.get(reverse("agreements"), **THEIR_ADDRESS)
    (agreement,) = initiate(member, person=rosa_at(mailbox))
    deliver_usage(agreement.premise)
    assert client.post(link(agreement), decision_form(agreement), **THEIR_ADDRESS).status_code == 302
    agreement.refresh_from_db()
    assert (agreement.status, agreement.review) == (Status.COMPLETE, Review.HELD)
    own = {SignalKind.OWN_USER, SignalKind.OWN_DOMAIN}
    assert signals(agreement) == own | {SignalKind.NETWORK, SignalKind.BROWSER}

    assert reports.actions.generate_due_reports() == 0
    assert not Report.objects.exists()
    assert client.get(reverse("report_download", args=[agreement.number])).status_code == 409
    page = client.get(reverse("agreement", args=[agreement.number])).content.decode()
    assert "Under review" in page
    assert "browser" not in page.lower()

    review_consent(
        review_of(agreement), Review.REFUSED, by=staff_of(agreement), reason="The customer knows nothing of it."
    )
    assert reports.actions.generate_due_reports() == 0
    assert client.get(reverse("report_download", args=[agreement.number])).status_code in (404, 409)
    assert (
        "The customer knows nothing of it."
        in client.get(reverse("agreement", args=[agreement.number])).content.decode()
    )


def test_a_release_lets_the_report_be_made(member):
    """X1: and both sides are told why."""
    (agreement,) = initiate(member, person=rosa_at(member.email))
    deliver_usage(agreement.premise)
    actions.accept(agreement, channel=Channel.INVITATION)
    notice = Email.objects.get(key=f"EM203:{agreement.number}:third-party")
    for part in (notice.text, notice.html):  # nothing is promised that a refusal would break
        assert "email you the result" in part and "ready to download" not in part
    review_consent(
        review_of(agreement), Review.RELEASED, by=staff_of(agreement), reason="The customer confirmed it by telephone."
    )
    assert reports.actions.generate_due_reports() == 1
    notices = Email.objects.filter(kind="REVIEWED")
    assert {email.to_address for email in notices} == {agreement.email, agreement.contact_email}
    assert all("confirmed it by telephone" in part for email in notices for part in (email.text, email.html))
    kinds = list(agreement.events.values_list("kind", flat=True))
    assert kinds == [EventKind.INITIATED, EventKind.ACCEPTED, EventKind.HELD, EventKind.RELEASED]


def test_an_ordinary_acceptance_is_not_held(client, member):
    """X1: another network, another browser, another address."""
    client.force_login(member)
    client.get(reverse("agreements"), **THEIR_ADDRESS)
    client.logout()
    client.cookies.clear()
    (agreement,) = initiate(member)
    deliver_usage(agreement.premise)
    client.post(link(agreement), decision_form(agreement), **HOME)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.review, signals(agreement)) == (Status.COMPLETE, Review.NONE, set())
    assert reports.actions.generate_due_reports() == 1


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.7.7", "172.20.0.1", "fe80::1", "not an ip"]
)
def test_loopback_and_private_addresses_are_no_signal(client, member, address):
    """X1: a demo on one machine, or an office behind one router that we cannot see through."""
    client.force_login(member)
    client.get(reverse("agreements"), REMOTE_ADDR=address)
    (agreement,) = initiate(member)
    client.post(link(agreement), decision_form(agreement), REMOTE_ADDR=address)
    agreement.refresh_from_db()
    assert agreement.review == Review.NONE
    assert not CompanyFingerprint.objects.exclude(kind=FingerprintKind.MAILBOX).exists()


def test_the_same_browser_is_recognized_in_another_network(client, member):
    """X1."""
    client.force_login(member)
    client.get(reverse("agreements"), **THEIR_ADDRESS)
    device = client.cookies["smt_device"].value
    client.logout()  # of this test client: it empties the cookies, a browser keeps this one
    client.cookies["smt_device"] = device
    (agreement,) = initiate(member)
    client.post(link(agreement), decision_form(agreement), **HOME)
    assert signals(agreement) == {SignalKind.BROWSER}


def test_the_same_household_of_ipv6_addresses_is_one_network(client, member):
    client.force_login(member)
    client.get(reverse("agreements"), REMOTE_ADDR="2600:1700:1:2::5")
    client.cookies.clear()
    (agreement,) = initiate(member)
    client.post(link(agreement), decision_form(agreement), REMOTE_ADDR="2600:1700:1:2:ffff::9")
    assert signals(agreement) == {SignalKind.NETWORK}


def test_a_forwarded_address_counts_only_behind_our_own_proxies(client, member, settings):
    """X1: anybody can send the header."""
    client.force_login(member)
    client.get(reverse("agreements"), **THEIR_ADDRESS)
    client.cookies.clear()
    first, second = initiate(member, MeterFactory(), MeterFactory())
    client.post(link(first), decision_form(first), HTTP_X_FORWARDED_FOR="23.12.44.7", **HOME)
    assert signals(first) == set()
    settings.TRUSTED_PROXY_COUNT = 1
    client.post(link(second), decision_form(second), HTTP_X_FORWARDED_FOR="9.9.9.9, 23.12.44.7", **HOME)
    assert signals(second) == {SignalKind.NETWORK}


@pytest.mark.parametrize("domain", ["gmail.com", "yahoo.com"])
def test_a_public_mail_domain_is_no_signal(domain):
    """X1."""
    member = MembershipFactory(company__email=f"shop@{domain}").user
    (agreement,) = initiate(member, person=rosa_at(f"rosa@{domain}"))
    assert signals(agreement) == set()


def test_the_third_home_for_one_address_is_a_signal(member):
    """X1: also for the earlier ones, when they are accepted."""
    *meters, last = meters_of_homes(3)
    first, second = initiate(member, *meters)
    assert signals(first) | signals(second) == set()
    (third,) = initiate(member, last, person=rosa_at(ROSA.email.upper()))
    assert signals(third) == {SignalKind.SAME_ADDRESS}
    actions.accept(first, channel=Channel.INVITATION)
    first.refresh_from_db()
    assert first.review == Review.HELD


def test_only_the_premises_tdsp_is_notified(member):
    """X1, D1."""
    (agreement,) = initiate(member, person=rosa_at(member.email))
    mine, other = staff_of(agreement), UserFactory(is_staff=True, tdsp=TdspFactory())
    actions.accept(agreement, channel=Channel.INVITATION)
    assert set(Email.objects.filter(kind="REVIEW").values_list("to_address", flat=True)) == {mine.email}
    with pytest.raises(PermissionDenied):
        review_consent(review_of(agreement), Review.RELEASED, by=other, reason="I say so.")
    with pytest.raises(PermissionDenied):
        review_consent(review_of(agreement), Review.RELEASED, by=member, reason="I say so.")
    with pytest.raises(ValidationError):
        review_consent(review_of(agreement), Review.RELEASED, by=mine, reason="  ")


def test_operators_are_notified_if_the_tdsp_has_no_staff(member):
    operator = OperatorFactory()
    (agreement,) = initiate(member, person=rosa_at(member.email))
    actions.accept(agreement, channel=Channel.INVITATION)
    assert set(Email.objects.filter(kind="REVIEW").values_list("to_address", flat=True)) == {operator.email}


@pytest.mark.django_db(transaction=True)
def test_two_reviews_at_the_same_moment_have_one_outcome(member):
    """X1: one event, one email to each side."""
    (agreement,) = initiate(member, person=rosa_at(member.email))
    staff = staff_of(agreement)
    actions.accept(agreement, channel=Channel.INVITATION)
    outcomes = [Review.RELEASED, Review.REFUSED] * 5
    results = together(
        [
            lambda outcome=outcome: review_consent(
                review_of(agreement), outcome, by=staff, reason="The customer confirmed it."
            )
            for outcome in outcomes
        ]
    )
    assert sum(not isinstance(result, Exception) for result in results) == 1
    assert agreement.events.filter(kind__in=[EventKind.RELEASED, EventKind.REFUSED]).count() == 1
    assert Email.objects.filter(kind="REVIEWED").count() == 2

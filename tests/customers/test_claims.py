"""Who may see usage: what a claim shows, what speaks against it, and who is told (X7, C4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from agreements.models import Agreement, Review
from companies.trust.fingerprints import fingerprint_request
from customers.claim_review import decide_claim
from customers.disputes import dispute_by_link
from customers.models import ClaimDecision, ClaimSignal, ClaimState
from lib.central_time import central_day
from meters.models import Meter
from notifications.models import Email
from tests.factories import (
    AgreementFactory,
    CompanyFingerprintFactory,
    CustomerFactory,
    EsiidClaimFactory,
    MembershipFactory,
    OperatorFactory,
    TdspFactory,
    UserFactory,
)
from tests.support.agreements import initiate
from tests.support.claims import LONG_AGO, TODAY, claim_by_form, current, days_of, make_old, metered, pages_of, rows_of
from tests.support.decisions import decision_form
from tests.support.registration import register
from tests.support.third_party_pages import page_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def meter() -> Meter:
    return metered()


# --- What each state shows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "bright-star energy Inc.",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("Bright Star Energy, LLC", "BRIGHT STAR ENERGY")),
    ],
)
def test_a_matching_provider_shows_usage_from_the_next_day_and_all_after_72_hours(client, meter, typed):
    claim = claim_by_form(client, meter, typed)
    assert claim.state == ClaimState.WAITING
    assert claim.visible_from == TODAY + timedelta(days=1)
    assert rows_of(client, claim) == []
    assert "kWh" not in pages_of(client, claim)
    assert "If no one disputes that the meter is yours" in client.get(reverse("my_meters")).content.decode()
    make_old(claim, hours=71, minutes=59)
    assert current(meter).state == ClaimState.WAITING
    make_old(claim, hours=72, minutes=1)
    assert current(meter).state == ClaimState.CONFIRMED
    assert days_of(rows_of(client, claim)) == {LONG_AGO + timedelta(days=number) for number in range(40)}
    assert "If no one disputes" not in pages_of(client, claim)


def test_usage_from_the_claim_on_is_shown_as_it_arrives(client, meter):
    """From the day after the claim: the day itself has hours before it."""
    claim = claim_by_form(client, meter)
    make_old(claim, hours=60)
    first = central_day(current(meter).since) + timedelta(days=1)
    visible = days_of(rows_of(client, claim))
    assert visible == {first + timedelta(days=number) for number in range((TODAY - first).days)} != set()
    page = client.get(reverse("meter_usage", args=[claim.pk]), {"view": "day", "day": str(first - timedelta(days=1))})
    assert "There are no readings for other days" in page.content.decode()


def test_without_a_provider_on_record_earlier_usage_waits_for_the_utility(client, meter):
    meter.premise.provider_number = ""
    meter.premise.save()
    claim = claim_by_form(client, meter, "Anything")
    assert claim.state == ClaimState.PROVIDER_UNKNOWN
    make_old(claim, days=20)
    assert len(days_of(rows_of(client, claim))) == 19
    staff = UserFactory(is_staff=True, tdsp=meter.premise.tdsp)
    decide_claim(claim.pk, ClaimDecision.CONFIRMED, by=staff, reason="It is her.", dispute_id=None)
    assert len(days_of(rows_of(client, claim))) == 40


def test_a_provider_that_is_not_in_the_directory_counts_as_not_known(client, meter):
    meter.premise.provider_number = "12345"
    meter.premise.save()
    assert claim_by_form(client, meter, "Anything").state == ClaimState.PROVIDER_UNKNOWN


def test_a_wrong_provider_claims_nothing(client, meter):
    assert register(client, meter, provider="Pecan Power").status_code == 200
    assert not Email.objects.exists()


def _mailbox(client: Client) -> None:
    MembershipFactory(user__email="Rosa+work@example.net")


def _domain(client: Client) -> None:
    MembershipFactory(user__email="sales@mail.example.net")


def _fingerprint(kind: str) -> Any:
    def prepare(client: Client) -> None:
        client.defaults["REMOTE_ADDR"] = "8.8.4.4"
        client.cookies["smt_device"] = "a-browser"
        request = RequestFactory(REMOTE_ADDR="8.8.4.4").get("/")
        request.COOKIES["smt_device"] = "a-browser"
        CompanyFingerprintFactory(kind=kind, value_hash=fingerprint_request(request)[kind][0])

    return prepare


@pytest.mark.parametrize(
    ("prepare", "signal"),
    [
        (_mailbox, ClaimSignal.MAILBOX),
        pytest.param(_domain, ClaimSignal.DOMAIN, marks=pytest.mark.slow),
        pytest.param(_fingerprint("network"), ClaimSignal.NETWORK, marks=pytest.mark.slow),
        pytest.param(_fingerprint("browser"), ClaimSignal.BROWSER, marks=pytest.mark.slow),
    ],
)
def test_a_sign_of_any_companys_people_shows_nothing(client, meter, prepare, signal):
    """X7, S2: also not the address, which the third party may not have."""
    prepare(client)
    claim = claim_by_form(client, meter)
    assert signal in claim.signals
    make_old(claim, days=30)
    claim = current(meter)
    assert (claim.state, claim.visible_from) == (ClaimState.SUSPECTED, None)
    assert rows_of(client, claim) == []
    text = pages_of(client, claim)
    assert "kWh" not in text and "Secret" not in text and meter.premise.esiid not in text
    decide_claim(claim.pk, ClaimDecision.CONFIRMED, by=OperatorFactory(), reason="It is her.", dispute_id=None)
    assert len(rows_of(client, claim)) > 3000
    assert "77 Secret Lane" in pages_of(client, claim)


def test_an_honest_address_gives_no_signal(client, meter):
    MembershipFactory(user__email="someone@gmail.com")
    assert claim_by_form(client, meter).signals == []


@pytest.mark.parametrize("review", [Review.HELD, Review.REFUSED])
def test_a_doubtful_consent_from_the_same_mailbox_speaks_against_the_claim(client, meter, review):
    AgreementFactory(premise=meter.premise, email="ROSA@example.net", status="complete", review=review)
    assert claim_by_form(client, meter).signals == [ClaimSignal.CONSENT]


def test_so_does_a_doubtful_consent_for_another_meter_of_the_same_submission(client, meter):
    """X7: who has the link of one has the link of all."""
    asked = AgreementFactory(premise=meter.premise, email="rosa@example.net")
    one_form = {"submission": asked.submission, "company": asked.company, "email": asked.email}
    AgreementFactory(status="complete", review=Review.HELD, **one_form)
    assert claim_by_form(client, meter).signals == [ClaimSignal.CONSENT]


# --- Who is told ---------------------------------------------------------------------------------------------------


def test_the_utility_and_every_known_address_are_told_without_a_word_about_the_claimant(client, meter):
    former = EsiidClaimFactory(premise=meter.premise, until=timezone.now() - timedelta(days=50))
    AgreementFactory(premise=meter.premise, email="asked@example.org", submission__language="es")
    AgreementFactory(premise=meter.premise, email="Asked@example.org")
    AgreementFactory(premise=meter.premise, email="rosa@example.net")
    AgreementFactory(email="elsewhere@example.org")
    staff = UserFactory(is_staff=True, tdsp=meter.premise.tdsp)
    UserFactory(is_staff=True, tdsp=TdspFactory())
    claim_by_form(client, meter)
    notices = Email.objects.filter(kind="CLAIM_NOTICE")
    assert {email.to_address for email in notices} == {former.customer.user.email, "asked@example.org"}
    assert {email.language for email in notices} == {"en", "es"}
    for email in notices:
        for word in ("Rosa", "Delgado", "rosa", meter.premise.esiid, meter.number, "Secret"):
            assert word not in email.text + email.html + email.subject
        assert meter.premise.esiid[-7:] in email.text
    assert [email.to_address for email in Email.objects.filter(kind="CLAIM")] == [staff.email]


def test_a_utility_without_staff_is_stood_in_for_by_the_operators(client, meter):
    operator = OperatorFactory()
    claim_by_form(client, meter)
    assert [email.to_address for email in Email.objects.filter(kind="CLAIM")] == [operator.email]


# --- C4: the list of requests --------------------------------------------------------------------------------------


def test_requests_to_other_addresses_are_listed_only_for_a_confirmed_claim(client, meter):
    """C4: but none from before the customer's service, and no other customer's."""
    before = AgreementFactory(premise=meter.premise, initiated_at=timezone.now() - timedelta(days=300))
    EsiidClaimFactory(premise=meter.premise, until=timezone.now() - timedelta(days=100))
    other = AgreementFactory(premise=meter.premise, email="eve@example.org")
    own = AgreementFactory(premise=meter.premise, email="Rosa@example.net")
    others = AgreementFactory(premise=meter.premise, customer=CustomerFactory())
    claim = claim_by_form(client, meter)

    def listed() -> set[str]:
        html = client.get(reverse("customer_agreements")).content.decode()
        numbers = Agreement.objects.values_list("number", flat=True)
        return {number for number in numbers if number in html}

    assert listed() == {own.number}
    assert client.get(reverse("customer_agreement", args=[other.number])).status_code == 404
    make_old(claim, days=4)
    assert listed() == {own.number, other.number}
    assert others.number not in listed() and before.number not in listed()
    client.post(reverse("customer_agreement", args=[other.number]), {"decision": "reject"})
    other.refresh_from_db()
    assert (other.status, other.customer) == ("rejected", claim.customer)
    confirmations = Email.objects.filter(kind="EM205", key__endswith=":customer")
    assert {email.to_address for email in confirmations} == {"eve@example.org", "rosa@example.net"}
    dispute = dispute_by_link(claim)
    assert listed() == {own.number, other.number}
    decide_claim(claim.pk, ClaimDecision.REFUSED, by=OperatorFactory(), reason="No.", dispute_id=dispute.pk)
    assert listed() == {own.number}


def test_the_review_says_that_the_claimant_has_lost_the_claim(client, meter):
    """X1, X7: who decides about the consent must know that the utility has refused the claim."""
    agreement = AgreementFactory(premise=meter.premise, email="rosa@example.net")
    claim = claim_by_form(client, meter)
    client.post(reverse("customer_agreement", args=[agreement.number]), decision_form(agreement))
    agreement.refresh_from_db()
    operator = Client()
    operator.force_login(OperatorFactory())
    page = reverse("admin:agreements_consentreview_review", args=[agreement.consent_review_id])
    assert "ESIID claim was refused" not in page_text(operator.get(page))
    decide_claim(claim.pk, ClaimDecision.REFUSED, by=OperatorFactory(), reason="Another tenant.", dispute_id=None)
    words = page_text(operator.get(page))
    assert "ESIID claim was refused" in words and "Another tenant." in words


@pytest.mark.parametrize("state", ["waiting", "confirmed", "disputed"])
def test_what_an_unconfirmed_claimant_accepts_is_held(client, meter, state):
    """X1, X7"""
    own = AgreementFactory(premise=meter.premise, email="rosa@example.net")
    claim = claim_by_form(client, meter)
    if state != "waiting":
        make_old(claim, days=4)
    if state == "disputed":
        dispute_by_link(claim)
    client.post(reverse("customer_agreement", args=[own.number]), decision_form(own))
    own.refresh_from_db()
    assert own.status == "complete"
    is_confirmed = state == "confirmed"
    assert own.review == (Review.NONE if is_confirmed else Review.HELD)
    assert own.signals.filter(kind="unconfirmed").exists() != is_confirmed


def test_a_claim_that_is_not_confirmed_does_not_stop_requests_to_the_resident(meter):
    """T7, X7: a customer is registered by a confirmed claim only."""
    EsiidClaimFactory(premise=meter.premise, waiting=True)
    (agreement,) = initiate(MembershipFactory().user, meter)
    assert agreement.customer is None

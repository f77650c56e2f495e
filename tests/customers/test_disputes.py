"""Disputes of claims, and the utility's decision about them (X7)."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements import sign_up
from customers import claim_review, disputes
from customers.claim_review import ClaimChanged, decide_claim, escalate_overdue_claims
from customers.disputes import dispute_by_link
from customers.esiid_claims import ClaimedMeter
from customers.models import ClaimDecision, ClaimDispute, ClaimState, Customer, EsiidClaim
from lib import link_tokens
from lib.central_time import CENTRAL
from lib.refusals import Refused
from meters.models import Meter
from notifications.models import Email
from tests.factories import (
    AgreementFactory,
    ClaimDisputeFactory,
    CustomerFactory,
    EsiidClaimFactory,
    OperatorFactory,
    TdspFactory,
    UserFactory,
)
from tests.support.claims import claim_by_form, current, days_of, make_old, metered, pages_of, rows_of
from tests.support.races import met, together
from tests.support.registration import confirmation_link, log_in, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def meter() -> Meter:
    return metered()


# --- Disputes ------------------------------------------------------------------------------------------------------


def notice_link(address: str) -> str:
    """The path of the link in the notice to `address`."""
    email = Email.objects.filter(kind="CLAIM_NOTICE", to_address=address).latest("pk")
    assert email.link_nonce is not None
    token = link_tokens.derive_token(bytes(email.link_nonce), email.link_purpose)
    found = re.search(r"https?://[^/]+(/claims/\S+)", email.text.replace(email.placeholder, token))
    assert found
    return found[1]


def test_a_dispute_by_the_notices_link_stops_the_usage_at_once(client, meter):
    """X7: a GET, also of a mail scanner, changes nothing; a POST does."""
    AgreementFactory(premise=meter.premise, email="resident@example.org")
    claim = claim_by_form(client, meter)
    make_old(claim, days=5)
    assert rows_of(client, claim)
    link, resident = notice_link("resident@example.org"), Client()
    assert "Someone added this meter to an account" in resident.get(link).content.decode()
    assert rows_of(client, claim)
    answer = resident.post(link, follow=True)
    assert "Your utility will decide" in answer.content.decode()
    assert current(meter).state == ClaimState.DISPUTED
    assert rows_of(client, claim) == []
    text = pages_of(client, claim)
    assert "kWh" not in text and "Secret" not in text
    assert "Someone else says that this meter is theirs" in text
    assert Email.objects.filter(kind="CLAIM_DISPUTED").count() == 1
    assert resident.post(link, follow=True).status_code == 200
    assert ClaimDispute.objects.count() == 1


def test_the_notices_link_ends_after_30_days_and_with_the_claim(client, meter):
    AgreementFactory(premise=meter.premise, email="resident@example.org")
    claim = claim_by_form(client, meter)
    link = notice_link("resident@example.org")
    make_old(claim, days=31)
    assert Client().post(link).status_code == 404
    make_old(claim, days=2)
    EsiidClaim.objects.update(until=timezone.now())
    assert Client().get(link).status_code == 404
    assert Client().get(reverse("claim_notice", args=["A" * 43])).status_code == 404
    assert not ClaimDispute.objects.exists()


def test_the_real_resident_disputes_in_two_clicks_and_registers_in_the_end(client, meter):
    """X7: the stranger knows everything and was first; the utility decides; the loser's access ends at once."""
    stranger = EsiidClaimFactory(premise=meter.premise, waiting=True)
    make_old(stranger, days=10)
    thief, staff = Client(), UserFactory(is_staff=True, tdsp=meter.premise.tdsp)
    thief.force_login(stranger.customer.user)
    assert rows_of(thief, stranger)

    assert register(client, meter, provider="Bright Star Energy").status_code == 302
    link = confirmation_link()
    first_click = client.post(link)
    assert first_click.status_code == 409
    assert "This is my meter" in first_click.content.decode()
    assert not Customer.objects.filter(user__username="rosa.delgado").exists()
    second_click = client.post(link, {"dispute": "yes"})
    assert "Your dispute is recorded" in second_click.content.decode()
    log_in(client, "rosa.delgado")
    rosa = Customer.objects.get(user__username="rosa.delgado")

    assert rows_of(thief, stranger) == []
    mine = client.get(reverse("my_meters")).content.decode()
    assert meter.premise.esiid[-7:] in mine and "Secret" not in mine
    assert client.get(reverse("meter_usage", args=[stranger.pk])).status_code == 404

    dispute = ClaimDispute.objects.get()
    reason = "She has the service account."
    decide_claim(stranger.pk, ClaimDecision.REFUSED, by=staff, reason=reason, dispute_id=dispute.pk)
    for name in ("meter_usage", "usage_download"):
        assert thief.get(reverse(name, args=[stranger.pk])).status_code == 404
    assert "Secret" not in thief.get(reverse("my_meters")).content.decode()
    won = current(meter)
    assert (won.customer, won.state) == (rosa, ClaimState.CONFIRMED)
    assert len(days_of(rows_of(client, won))) == 40, "the stranger was no former customer"
    told = Email.objects.filter(kind="CLAIM_DECIDED")
    assert {email.to_address for email in told} == {rosa.user.email, stranger.customer.user.email}
    assert all(reason in email.text for email in told)


def test_the_holder_keeps_the_meter_if_the_utility_says_so(meter):
    holder, operator = EsiidClaimFactory(premise=meter.premise, waiting=True), OperatorFactory()
    dispute = ClaimDisputeFactory(claim=holder, customer=CustomerFactory())
    decide_claim(holder.pk, ClaimDecision.CONFIRMED, by=operator, reason="He is the one.", dispute_id=dispute.pk)
    dispute.refresh_from_db()
    assert (current(meter).customer, current(meter).state) == (holder.customer, ClaimState.CONFIRMED)
    assert dispute.is_upheld is False
    entered = ClaimedMeter(meter.premise.esiid, meter.number, "Bright Star Energy")
    with pytest.raises(sign_up.EsiidTaken) as taken:
        sign_up.add_meter(dispute.customer, entered, network="203.0.113.7")
    with pytest.raises(Refused, match="already made a decision"):
        sign_up.dispute_claim(dispute.customer, taken.value.matched)


def test_a_signed_in_customer_disputes_in_two_clicks(client, meter):
    EsiidClaimFactory(premise=meter.premise)
    customer = CustomerFactory()
    client.force_login(customer.user)
    entries = {"esiid": meter.premise.esiid, "meter_number": meter.number, "provider": "Bright Star Energy"}
    taken = client.post(reverse("customer_add_meter"), entries)
    assert taken.status_code == 409
    signed = taken.context["signed"]
    assert client.post(reverse("customer_dispute"), {"signed": signed + "x"}).status_code == 404
    other = Client()
    other.force_login(CustomerFactory().user)
    assert other.post(reverse("customer_dispute"), {"signed": signed}).status_code == 404
    page = client.post(reverse("customer_dispute"), {"signed": signed}, follow=True)
    assert "Your dispute is recorded" in page.content.decode()
    assert ClaimDispute.objects.get().customer == customer


def test_two_disputes_about_an_esiid_in_30_days_are_possible(meter):
    claim = EsiidClaimFactory(premise=meter.premise)
    for _number in range(2):
        dispute = dispute_by_link(claim)
        decide_claim(claim.pk, ClaimDecision.CONFIRMED, by=OperatorFactory(), reason="No.", dispute_id=dispute.pk)
    with pytest.raises(Refused, match="several times"):
        dispute_by_link(claim)


# --- The utility's decision ----------------------------------------------------------------------------------------


def test_a_decision_needs_its_utility_and_a_reason(meter):
    claim = EsiidClaimFactory(premise=meter.premise, waiting=True)
    details = {"dispute_id": None}
    for user in (UserFactory(), UserFactory(is_staff=True, tdsp=TdspFactory()), claim.customer.user):
        with pytest.raises(PermissionDenied):
            decide_claim(claim.pk, ClaimDecision.CONFIRMED, by=user, reason="Mine.", **details)
    for reason in ("", "  ", "x" * 501):
        with pytest.raises(ValidationError):
            decide_claim(claim.pk, ClaimDecision.CONFIRMED, by=OperatorFactory(), reason=reason, **details)
    assert current(meter).decision == ""


def test_a_claim_is_decided_once(meter):
    claim, operator = EsiidClaimFactory(premise=meter.premise, waiting=True), OperatorFactory()
    decide_claim(claim.pk, ClaimDecision.CONFIRMED, by=operator, reason="Yes.", dispute_id=None)
    with pytest.raises(ClaimChanged):
        decide_claim(claim.pk, ClaimDecision.REFUSED, by=operator, reason="No.", dispute_id=None)


def test_the_queue_has_what_waits_and_the_pages_decide(client, meter):
    """X7: claims with a sign, without a provider, and disputed ones; only the utility's own."""
    staff = UserFactory(is_staff=True, tdsp=meter.premise.tdsp)
    unknown = EsiidClaimFactory(premise=meter.premise, waiting=True, provider_matches=False)
    EsiidClaimFactory(waiting=True, provider_matches=False)
    EsiidClaimFactory(premise__tdsp=meter.premise.tdsp, waiting=True)
    disputed = ClaimDisputeFactory(claim__premise__tdsp=meter.premise.tdsp).claim
    suspected = EsiidClaimFactory(premise__tdsp=meter.premise.tdsp, waiting=True, signals=["network"])
    client.force_login(staff)
    listed = client.get(reverse("admin:customers_esiidclaim_changelist"), {"queue": "open"}).context["cl"].result_list
    assert {claim.pk for claim in listed} == {unknown.pk, disputed.pk, suspected.pk}
    page = reverse("admin:customers_esiidclaim_review", args=[disputed.pk])
    review_page = client.get(page)
    assert review_page.status_code == 200
    answers = {"decision": "refused", "reason": "Not her.", "dispute": review_page.context["dispute"].pk}
    assert "Enter a reason" in client.post(page, answers | {"reason": ""}).content.decode()
    assert client.post(page, answers, follow=True).status_code == 200
    disputed.refresh_from_db()
    assert (disputed.decision, disputed.decision_reason) == ("refused", "Not her.") and disputed.until
    foreign = EsiidClaimFactory(waiting=True)
    assert client.get(reverse("admin:customers_esiidclaim_review", args=[foreign.pk])).status_code == 404


def test_after_five_working_days_the_operators_are_told_once(meter):
    operator = OperatorFactory()
    UserFactory(is_staff=True, tdsp=meter.premise.tdsp)
    EsiidClaimFactory(premise=meter.premise, waiting=True, provider_matches=False)
    EsiidClaimFactory(waiting=True)
    end = datetime.combine(current(meter).review_due_on + timedelta(days=1), time(), CENTRAL)
    assert escalate_overdue_claims(at=end - timedelta(seconds=1)) == 0
    assert escalate_overdue_claims(at=end) == 1
    assert escalate_overdue_claims(at=end) == 0
    assert [email.to_address for email in Email.objects.filter(kind="CLAIM")] == [operator.email]


# --- Races ---------------------------------------------------------------------------------------------------------


def _dispute_against_confirmation() -> tuple[EsiidClaim, list[Any]]:
    """The utility confirms a claim while somebody disputes it by the link."""
    claim, operator = EsiidClaimFactory(waiting=True, provider_matches=False), OperatorFactory()
    decide = {"by": operator, "reason": "Yes.", "dispute_id": None}
    return claim, together(
        [lambda: dispute_by_link(claim), lambda: decide_claim(claim.pk, ClaimDecision.CONFIRMED, **decide)]
    )


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_of_a_dispute_and_a_confirmation_at_once_the_confirmation_never_hides_the_dispute():
    for _round in range(5):
        claim, answers = _dispute_against_confirmation()
        assert isinstance(answers[0], ClaimDispute)
        claim = EsiidClaim.objects.with_state().get(pk=claim.pk)
        assert claim.state == ClaimState.DISPUTED
        assert isinstance(answers[1], ClaimChanged) or claim.decided_at < answers[0].at


@pytest.mark.fault
@pytest.mark.control
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_a_claim_is_confirmed_over_a_dispute(monkeypatch):
    def unlocked(claim_id: int) -> EsiidClaim:
        return EsiidClaim.objects.get(pk=claim_id)

    both = met(unlocked, by=2)
    monkeypatch.setattr(disputes, "lock_claim", both)
    monkeypatch.setattr(claim_review, "lock_claim", both)
    _claim, answers = _dispute_against_confirmation()
    assert isinstance(answers[0], ClaimDispute)
    assert not isinstance(answers[1], Exception)


def _two_disputes() -> list[Any]:
    claim = EsiidClaimFactory()
    return together([lambda: dispute_by_link(claim), lambda: dispute_by_link(claim)])


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_two_disputes_at_once_are_one():
    answers = _two_disputes()
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert ClaimDispute.objects.count() == 1
    assert Email.objects.filter(kind="CLAIM_DISPUTED").count() == 1


@pytest.mark.fault
@pytest.mark.control
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_second_dispute_breaks(monkeypatch):
    monkeypatch.setattr(disputes, "lock_claim", met(lambda claim_id: EsiidClaim.objects.get(pk=claim_id), by=2))
    answers = _two_disputes()
    assert [answer for answer in answers if isinstance(answer, Exception)]

"""What a correction of the address is checked for, and what its refusals tell (T15, T7, X1)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone

from agreements.contact_stops import ContactStop
from agreements.corrections import correct_address
from agreements.models import AddressCorrection, Agreement, SignalKind
from agreements.models.contact_stop import mailbox_hashes
from agreements.request import mismatch_problem
from companies.models import Company
from customers.models import Customer
from notifications.models import EmailState
from tests.factories import CustomerFactory, EsiidClaimFactory, MembershipFactory
from tests.support.agreements import ROSA, initiate, meters_of_homes, registered_customer
from tests.support.corrections import RIGHT, refusal_of, requests_to
from tests.support.third_party_pages import agreement_url, page_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory().user


@pytest.fixture
def agreement(member) -> Agreement:
    return initiate(member)[0]


def stop(company: Company, address: str) -> None:
    ContactStop.objects.create(company=company, mailbox_hash=mailbox_hashes(address)[0], at=timezone.now(), counts=True)


class TestWhatItTells:
    """T7: nothing about who is a customer of the portal."""

    def test_every_mismatch_is_one_refusal(self, agreement, member):
        """T7, C8, X2: a stop, an account that has the ESIID and a removed meter look alike and count as failures."""
        stop(agreement.company, RIGHT)
        stopped = refusal_of(agreement, RIGHT, member)
        EsiidClaimFactory(premise=agreement.premise)
        taken = refusal_of(agreement, "other@example.org", member)
        assert stopped.problems == taken.problems and stopped.causes == taken.causes
        assert mismatch_problem(1).causes[3] == taken.causes[0]
        third, fourth = (refusal_of(agreement, "other@example.org", member) for _ in range(2))
        assert third.problems == taken.problems and fourth.problems[0].code == "guessing"
        assert not requests_to(RIGHT) and not AddressCorrection.objects.exists()

    def test_the_pages_are_the_same(self, client, agreement, member):
        client.force_login(member)
        stop(agreement.company, "rosa.a@example.org")
        pages = [client.post(agreement_url(agreement, "agreement_correct"), {"email": "rosa.a@example.org"})]
        EsiidClaimFactory(premise=agreement.premise)
        pages.append(client.post(agreement_url(agreement, "agreement_correct"), {"email": "rosa.b@example.org"}))
        first, second = (page_text(page).replace("rosa.b", "rosa.a").replace("1 try", "2 tries") for page in pages)
        assert first == second and "doesn't match our records" in first

    def test_an_address_with_an_account_and_one_without_are_alike(self, member):
        """Of a customer who is not registered for the meter."""
        CustomerFactory(user__email=RIGHT)
        for address in (RIGHT, "nobody@example.org"):
            (agreement,) = initiate(member)
            correct_address(agreement, address, by=member)
            assert requests_to(address) == [("EM201", EmailState.QUEUED)]

    def test_a_registered_customers_address_must_be_the_accounts(self, member):
        """T7: also not another customer's, who has the ESIID now."""
        claim, meter = registered_customer()
        user = claim.customer.user
        (agreement,) = initiate(member, meter, registered=True, person=replace(ROSA, email=user.email))
        assert refusal_of(agreement, RIGHT, member).problems[0].code == "mismatch"
        user.email = "new@example.org"
        user.save()
        correct_address(agreement, "new@example.org", by=member)
        agreement.refresh_from_db()
        assert (agreement.email, agreement.customer) == ("new@example.org", claim.customer)
        claim.until = timezone.now()
        claim.save()
        EsiidClaimFactory(premise=agreement.premise, customer__user__email=RIGHT)
        assert Customer.objects.count() == 2
        assert refusal_of(agreement, RIGHT, member).problems[0].code == "mismatch"


class TestSignals:
    def test_the_address_is_judged_again(self, agreement, member):
        """X1: signals are of the address that the request has now."""
        correct_address(agreement, member.email, by=member)
        assert SignalKind.OWN_USER in {signal.kind for signal in agreement.signals.all()}
        correct_address(agreement, RIGHT, by=member)
        assert not agreement.signals.exists()

    def test_a_corrected_address_is_judged_as_one_of_a_new_request(self, agreement, member):
        """X1: many homes to one mailbox by corrections."""
        addresses = [replace(ROSA, email=f"home{n}@example.net") for n in range(3)]
        pairs = zip(meters_of_homes(3), addresses, strict=True)
        others = [initiate(member, meter, person=person)[0] for meter, person in pairs]
        for other in others:
            correct_address(other, RIGHT, by=member)
        assert [signal.kind for signal in others[-1].signals.all()] == [SignalKind.SAME_ADDRESS]

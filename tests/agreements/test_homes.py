"""How many homes one address may answer for without a review (X1)."""

from __future__ import annotations

import pytest

from agreements.models import SignalKind
from customers.models import CustomerKind
from meters.models import Premise
from tests.agreements.test_forged_consent import rosa_at, signals
from tests.factories import MembershipFactory, MeterFactory
from tests.support.agreements import initiate, meters_of_homes

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory().user


def test_three_homes_on_one_form_are_a_signal(member):
    """X1: the first row is as doubtful as the third."""
    made = initiate(member, *meters_of_homes(3), person=rosa_at("rosa.d@gmail.com"))
    assert [signals(agreement) for agreement in made] == [{SignalKind.SAME_ADDRESS}] * 3


@pytest.mark.parametrize("mailbox", ["rosa.d@gmail.com", "rosa@delgado-family.com"])
def test_three_meters_of_one_household_are_no_signal(member, mailbox):
    """X1: house, barn and pump at one address on record, however it is spelled there."""
    spellings = ["206 Boxwood Dr.", "206  BOXWOOD DR", "206 Boxwood Dr"]
    meters = [MeterFactory(premise__address=spelling) for spelling in spellings]
    Premise.objects.filter(meters=meters[0]).update(zip_code="77520-1234")
    Premise.objects.filter(meters__in=meters[1:]).update(zip_code="77520")
    made = initiate(member, *meters, person=rosa_at(mailbox))
    assert [signals(agreement) for agreement in made] == [set()] * 3


def test_apartments_of_one_house_are_homes_of_their_own(member):
    """X1: whose numbers are in the second line of the address."""
    meters = [MeterFactory(premise__address="9 Elm St", premise__address_overflow=f"APT {n}") for n in range(3)]
    made = initiate(member, *meters, person=rosa_at("rosa.d@gmail.com"))
    assert signals(made[0]) == {SignalKind.SAME_ADDRESS}


@pytest.mark.parametrize(("count", "expected"), [(4, set()), (5, {SignalKind.SAME_ADDRESS})])
def test_a_house_whose_apartments_have_no_numbers_is_no_hiding_place(member, count, expected):
    """X1: five meters at one address on record are more than a household's."""
    made = initiate(member, *meters_of_homes(count, address="9 Elm St"), person=rosa_at("rosa.d@gmail.com"))
    assert signals(made[0]) == expected


@pytest.mark.parametrize("mailbox", ["owner.of.stores@gmail.com", "bills@stores.com"])
def test_the_sites_of_one_business_are_no_signal(member, mailbox):
    """X1: a chain answers for its stores with one address; ERCOT's record says what is a business, not the form."""
    meters = meters_of_homes(4, premise_type="Small Non-Residential")
    made = initiate(member, *meters, person=rosa_at(mailbox))
    assert [signals(agreement) for agreement in made] == [set()] * 4


def test_calling_homes_a_business_hides_nothing(member):
    """X1: the kind of customer is what the third party typed."""
    made = initiate(member, *meters_of_homes(3), person=rosa_at("rosa.d@gmail.com"), kind=CustomerKind.BUSINESS)
    assert signals(made[0]) == {SignalKind.SAME_ADDRESS}


def test_a_premise_of_unknown_kind_counts_as_a_home(member):
    """X1."""
    made = initiate(member, *meters_of_homes(3, premise_type=""), person=rosa_at("rosa.d@gmail.com"))
    assert signals(made[0]) == {SignalKind.SAME_ADDRESS}


def test_three_addresses_under_one_persons_subdomain_of_a_relay_are_a_signal(member):
    """X1: the relay gave it to one customer, who has as many addresses there as names."""
    for name, meter in zip(("rosa", "ann", "bob"), meters_of_homes(3), strict=True):
        (agreement,) = initiate(member, meter, person=rosa_at(f"{name}@sam.anonaddy.com"))
    assert signals(agreement) == {SignalKind.SAME_DOMAIN}

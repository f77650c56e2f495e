"""Customers, their ESIIDs and registrations."""

from __future__ import annotations

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from customers.models import ClaimDecision, ClaimDispute, Customer, CustomerKind, EsiidClaim, FailedClaim, Registration
from lib import link_tokens
from tests.factories.accounts import UserFactory
from tests.factories.meters import PremiseFactory


class CustomerFactory(DjangoModelFactory):
    class Meta:
        model = Customer

    # Not of a company's mail domain: that would speak against every consent (X1).
    user = factory.SubFactory(
        UserFactory,
        first_name="Chika",
        last_name="Akin",
        email=factory.LazyAttribute(lambda user: f"{user.username}@customers.example"),
    )
    kind = CustomerKind.RESIDENTIAL


class EsiidClaimFactory(DjangoModelFactory):
    """Confirmed by the utility; `waiting=True`: as after a registration in which everything matched."""

    class Meta:
        model = EsiidClaim

    class Params:
        waiting = factory.Trait(decision="", decided_at=None, provider_matches=True, provider_entered="Bright Star")

    customer = factory.SubFactory(CustomerFactory)
    premise = factory.SubFactory(PremiseFactory)
    decision = ClaimDecision.CONFIRMED
    decided_at = factory.LazyFunction(timezone.now)


class ClaimDisputeFactory(DjangoModelFactory):
    """By the link of the notice."""

    class Meta:
        model = ClaimDispute

    claim = factory.SubFactory(EsiidClaimFactory)
    at = factory.LazyFunction(timezone.now)


class RegistrationFactory(DjangoModelFactory):
    """Waits for its confirmation; the password is unusable."""

    class Meta:
        model = Registration

    kind = CustomerKind.RESIDENTIAL
    first_name = "Rosa"
    last_name = "Delgado"
    email = factory.Sequence(lambda n: f"newcomer{n}@example.net")
    language = "en"
    username = factory.Sequence(lambda n: f"newcomer{n}")
    password = "!"
    premise = factory.SubFactory(PremiseFactory)
    link_nonce = factory.LazyFunction(link_tokens.new_nonce)
    link_hash = factory.LazyAttribute(
        lambda one: link_tokens.hash_token(link_tokens.derive_token(one.link_nonce, link_tokens.ACCOUNT_LINK))
    )
    asked_at = factory.LazyFunction(timezone.now)


class FailedClaimFactory(DjangoModelFactory):
    class Meta:
        model = FailedClaim

    at = factory.LazyFunction(timezone.now)
    esiid = "10443720000000001"

"""Customers, their ESIIDs and registrations."""

from __future__ import annotations

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from customers.models import Customer, CustomerKind, EsiidClaim, Registration
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
    class Meta:
        model = EsiidClaim

    customer = factory.SubFactory(CustomerFactory)
    premise = factory.SubFactory(PremiseFactory)


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

"""Users, third parties, customers and what is written down about them."""

from __future__ import annotations

from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import AccessAction, AccessLogEntry, RateLimitHit, User
from companies.models import (
    Company,
    CompanyEvent,
    CompanyEventKind,
    CompanyLink,
    CompanyLinkKind,
    CompanyState,
    Membership,
)
from customers.models import Customer, CustomerKind, Holding, Registration
from lib import link_tokens
from tests.factories.meters import PremiseFactory, TdspFactory


class UserFactory(DjangoModelFactory):
    """Logs in by `client.force_login`; the password is unusable."""

    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    first_name = "James"
    last_name = "Wilson"
    phone = "+15125550100"
    password = "!"


class OperatorFactory(UserFactory):
    is_staff = True
    is_superuser = True


class CompanyFactory(DjangoModelFactory):
    class Meta:
        model = Company

    legal_name = factory.Sequence(lambda n: f"Green Energy Services {n}")
    duns = factory.Sequence(lambda n: f"{200000000 + n}")
    street = "1 Congress Avenue"
    city = "Austin"
    zip_code = "78701"
    phone = "+15125550101"
    email = factory.Sequence(lambda n: f"info{n}@green-energy.example")
    privacy_policy_url = "https://green-energy.example/privacy"
    standing = CompanyState.APPROVED


class MembershipFactory(DjangoModelFactory):
    """A user of an approved company who may do everything; pass `may_initiate=False` and the like."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    company = factory.SubFactory(CompanyFactory)
    may_view = True
    may_initiate = True
    may_resend_or_withdraw = True
    may_download = True
    approved_at = factory.LazyFunction(timezone.now)


class CompanyEventFactory(DjangoModelFactory):
    class Meta:
        model = CompanyEvent

    company = factory.SubFactory(CompanyFactory)
    kind = CompanyEventKind.APPROVED


class CompanyLinkFactory(DjangoModelFactory):
    """An open invitation that may view; pass `kind` and `confirmed_at` for a request that waits for approval."""

    class Meta:
        model = CompanyLink

    kind = CompanyLinkKind.INVITATION
    company = factory.SubFactory(CompanyFactory)
    email = factory.Sequence(lambda n: f"newcomer{n}@green-energy.example")
    answers = factory.LazyAttribute(
        lambda link: (
            {"first_name": "Nora", "last_name": "Ibarra"}
            if link.kind == CompanyLinkKind.JOIN_REQUEST
            else {"permissions": ["may_view"]}
        )
    )
    link_nonce = factory.LazyFunction(link_tokens.new_nonce)
    link_hash = factory.LazyAttribute(
        lambda link: link_tokens.hash_token(link_tokens.derive_token(link.link_nonce, link_tokens.ACCOUNT_LINK))
    )
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=7))


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


class HoldingFactory(DjangoModelFactory):
    class Meta:
        model = Holding

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


class RateLimitHitFactory(DjangoModelFactory):
    class Meta:
        model = RateLimitHit

    subject_hash = "0" * 64
    at = factory.LazyFunction(timezone.now)


class AccessLogEntryFactory(DjangoModelFactory):
    """Somebody of a TDSP's staff opened a premise."""

    class Meta:
        model = AccessLogEntry

    tdsp = factory.SubFactory(TdspFactory)
    user = factory.SubFactory(UserFactory, is_staff=True, tdsp=factory.SelfAttribute("..tdsp"))
    action = AccessAction.VIEW
    model = "meters.premise"
    object_id = "1"

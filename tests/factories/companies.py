"""Third parties and their users."""

from __future__ import annotations

from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from companies.models import (
    Company,
    CompanyEvent,
    CompanyEventKind,
    CompanyFingerprint,
    CompanyLink,
    CompanyLinkKind,
    CompanyStanding,
    FingerprintKind,
    Membership,
)
from lib import link_tokens
from tests.factories.accounts import UserFactory


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
    standing = CompanyStanding.APPROVED


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


class CompanyFingerprintFactory(DjangoModelFactory):
    class Meta:
        model = CompanyFingerprint

    company = factory.SubFactory(CompanyFactory)
    kind = FingerprintKind.NETWORK
    value_hash = factory.Sequence(lambda n: f"{n:064d}")

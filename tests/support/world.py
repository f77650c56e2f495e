"""One row of each kind and one user of each role: what an address may name and who may ask for it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import User
from agreements import creation
from agreements.models import Agreement
from agreements.request import Person
from companies.models import CompanyLinkKind
from customers.models import EsiidClaim
from lib import link_tokens
from tests.factories import (
    CompanyLinkFactory,
    CustomerFactory,
    MembershipFactory,
    MeterFactory,
    NoticeFactory,
    OperatorFactory,
    TdspFactory,
    UserFactory,
)
from tests.support.agreements import agreement_request, initiate, registered_customer
from tests.support.api import make_delivery, make_program
from tests.support.bulk import bulk_row, upload
from tests.support.company_links import link_token

ROLES = ("anonymous", "member", "other company", "customer", "other customer", "TDSP", "operator", "nobody")


def make_world() -> dict[str, Any]:
    """Return a pending agreement of one company with one registered customer, and one user of each role.

    Keys are the arguments of URL names; `users` has the user of each of ROLES (None: anonymous).
    """
    member, (claim, meter) = MembershipFactory(is_administrator=True), registered_customer()
    person = Person(email=claim.customer.user.email)
    (agreement,) = initiate(member.user, meter, registered=True, person=person)
    nonce = link_tokens.new_nonce()
    link_hash = link_tokens.hash_token(link_tokens.derive_token(nonce, link_tokens.ACCOUNT_LINK))
    EsiidClaim.objects.filter(pk=claim.pk).update(link_nonce=nonce, link_hash=link_hash)
    program = make_program(administrator=member)
    delivery = make_delivery(program)
    draft = creation.start_draft(agreement_request(MeterFactory()), by=member.user)
    users = {
        "anonymous": None,
        "member": member.user,
        "other company": MembershipFactory(is_administrator=True).user,
        "customer": claim.customer.user,
        "other customer": CustomerFactory().user,
        "TDSP": UserFactory(is_staff=True, tdsp=TdspFactory()),
        "operator": OperatorFactory(),
        "nobody": UserFactory(),
    }
    company, kind = member.company, CompanyLinkKind
    invited, asks = CompanyLinkFactory(company=company), CompanyLinkFactory(company=company, kind=kind.JOIN_REQUEST)
    waits = CompanyLinkFactory(company=company, kind=kind.JOIN_REQUEST, confirmed_at=timezone.now())
    mailbox = CompanyLinkFactory(company=company, kind=kind.MAILBOX, by=member.user, answers={})
    registers = CompanyLinkFactory(kind=kind.REGISTRATION, company=None, answers={"profile": {}, "person": {}})
    password = make_password("a password that everybody here has")
    User.objects.update(password=password)
    for user in users.values():
        if user:
            user.password = password
    return {
        "users": users,
        "number": agreement.number,
        "file_name": "usage.json",
        "token": link_tokens.derive_token(bytes(Agreement.objects.get().submission.link_nonce)),
        "draft": draft.pk,
        "bulk": upload(member.user, [bulk_row(), bulk_row(number=1, EMAIL="nobody")], file_name="customers.csv").pk,
        "claim": claim.pk,
        "claim_token": link_tokens.derive_token(nonce, link_tokens.ACCOUNT_LINK),
        "submitted": agreement.submission.draft_id,
        "notice": NoticeFactory().pk,
        "key": "no-such-key",
        "kind": "residential",
        "number_one": 1,
        "uidb36": "1",
        "reset_key": "no-such-key",
        "membership": member.pk,
        "api_client": program.client.pk,
        "api_key": program.key.pk,
        "api_webhook": delivery.endpoint_id,
        "api_delivery": delivery.pk,
        "problem": "not-found",
        "guide": "creating-agreements",
        "operation": "createAgreements",
        "schema": "AgreementAnswer",
        "rest": "nothing",
        "interface": "commonapi",
        "invited": invited.pk,
        "request": waits.pk,
        "registration_token": link_token(registers),
        "invited_token": link_token(invited),
        "request_token": link_token(asks),
        "mailbox_token": link_token(mailbox),
    }


@pytest.fixture(scope="module")
def module_world(module_transaction: None) -> dict[str, Any]:
    """The world of a module's tests, made once in their common transaction."""
    return make_world()


@pytest.fixture
def world(module_world: dict[str, Any], db: None) -> dict[str, Any]:
    """The module's world, for a test that may change it: rows and objects are as before for the next test."""
    return copy.deepcopy(module_world)

"""Operators make customers, users and third parties in the admin (T13, D1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from agreements.request import AgreementRequest, MeterRow, Person, match_meters
from companies.models import Company, CompanyEventKind, CompanyStanding, Membership
from customers.models import Customer, CustomerKind, EsiidClaim
from meters.models import Tdsp
from tests.factories import (
    CompanyFactory,
    CustomerFactory,
    EsiidClaimFactory,
    MeterFactory,
    OperatorFactory,
    PremiseFactory,
    TdspFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

PASSWORD = "mockingbird-porch-swing"


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(OperatorFactory())
    return client


def _customer_form(user: User, *esiids: str, **extra: str) -> dict[str, Any]:
    form = {
        "user": user.pk,
        "kind": "residential",
        "company_name": "",
        "title": "",
        "middle_initial": "",
        "suffix": "",
        "claims-TOTAL_FORMS": len(esiids),
        "claims-INITIAL_FORMS": 0,
        "claims-MIN_NUM_FORMS": 0,
        "claims-MAX_NUM_FORMS": 1000,
    }
    for number, esiid in enumerate(esiids):
        form |= {f"claims-{number}-premise": esiid, f"claims-{number}-id": "", f"claims-{number}-customer": ""}
        form |= {f"claims-{number}-until_0": "", f"claims-{number}-until_1": ""}
    return form | extra


def test_a_third_party_finds_a_customer_that_an_operator_created(operator: Client) -> None:
    """T6, T7: a registered customer exists by the admin, and ESIID, meter number and email match."""
    meter = MeterFactory(premise=PremiseFactory(esiid="10443720001234567"), number="104051941")
    person = {"username": "chika", "email": "chika@example.com", "first_name": "Chika", "last_name": "Akin"}
    password = {
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    answer = operator.post(
        reverse("admin:accounts_user_add"), {**person, **password, "phone_0": "", "phone": "", "language": "en"}
    )
    assert answer.status_code == 302, answer.context["errors"]
    user = User.objects.get(username="chika")
    assert user.check_password(PASSWORD)

    answer = operator.post(reverse("admin:customers_customer_add"), _customer_form(user, "'1044 3720 0012 34567"))

    assert answer.status_code == 302, answer.context["errors"]
    customer = Customer.objects.get(user=user)
    assert [claim.premise for claim in customer.claims.all()] == [meter.premise]
    row = MeterRow(1, "10443720001234567", "104051941")
    question = AgreementRequest(
        True, CustomerKind(customer.kind), Person(email="CHIKA@example.com"), (row,), "interval", "12m"
    )
    assert match_meters(question)[1].customer_id == customer.pk


def test_an_esiid_of_another_account_is_refused(operator: Client) -> None:
    taken = EsiidClaimFactory().premise
    answer = operator.post(reverse("admin:customers_customer_add"), _customer_form(UserFactory(), taken.esiid))
    assert "This ESIID belongs to another account." in answer.content.decode()
    assert Customer.objects.count() == EsiidClaim.objects.count() == 1


def test_an_esiid_can_be_claimed_after_the_last_claim_ended(operator: Client) -> None:
    given_up = EsiidClaimFactory(until="2026-01-01T00:00:00Z").premise
    user = UserFactory()
    answer = operator.post(reverse("admin:customers_customer_add"), _customer_form(user, given_up.esiid))
    assert answer.status_code == 302
    assert EsiidClaim.objects.get(until=None).customer.user == user


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["1234"], "Enter an ESIID with 17 or 22 digits."),
        (["10443720009999999"], "No premise has this ESIID."),
        (["10443720001234567", "10443720001234567"], "This ESIID is already in the table."),
    ],
)
def test_an_invalid_esiid_is_explained_and_kept_in_the_form(operator: Client, typed: list[str], sentence: str) -> None:
    """A2"""
    PremiseFactory(esiid="10443720001234567")
    answer = operator.post(reverse("admin:customers_customer_add"), _customer_form(UserFactory(), *typed))
    assert sentence in answer.content.decode()
    assert f'value="{typed[-1]}"' in answer.content.decode()
    assert not Customer.objects.exists()


def test_the_customers_page_shows_the_esiid_and_saves_unchanged(operator: Client) -> None:
    claim = EsiidClaimFactory()
    address = reverse("admin:customers_customer_change", args=[claim.customer.pk])
    assert claim.premise.esiid in operator.get(address).content.decode()
    form = _customer_form(claim.customer.user, claim.premise.esiid)
    form |= {"claims-INITIAL_FORMS": 1, "claims-0-id": claim.pk, "claims-0-customer": claim.customer.pk}
    answer = operator.post(address, form)
    assert answer.status_code == 302, answer.context["errors"]
    assert EsiidClaim.objects.get().since == claim.since


def test_a_refused_claim_is_not_opened_again(operator: Client) -> None:
    """X7"""
    claim = EsiidClaimFactory(decision="refused", until="2026-01-01T00:00:00Z")
    form = _customer_form(claim.customer.user, claim.premise.esiid)
    form |= {"claims-INITIAL_FORMS": 1, "claims-0-id": claim.pk, "claims-0-customer": claim.customer.pk}
    answer = operator.post(reverse("admin:customers_customer_change", args=[claim.customer.pk]), form)
    assert "This claim was refused." in answer.content.decode()
    assert not EsiidClaim.objects.filter(until=None).exists()


def test_a_third_partys_user_cannot_become_a_customer(operator: Client) -> None:
    user = Membership.objects.create(user=UserFactory(), company=CompanyFactory()).user
    answer = operator.post(reverse("admin:customers_customer_add"), _customer_form(user))
    assert "Create a separate user for the customer." in answer.content.decode()


def test_companies_are_approved_and_suspended(operator: Client) -> None:
    """D1, T13"""
    company = CompanyFactory(standing=CompanyStanding.PENDING)
    address = reverse("admin:companies_company_changelist")
    for action, standing in [
        ("suspend", CompanyStanding.SUSPENDED),
        ("approve", CompanyStanding.APPROVED),
        ("suspend", CompanyStanding.SUSPENDED),
        ("approve", CompanyStanding.APPROVED),
    ]:
        operator.post(address, {"action": action, "reason": "Complaints", "_selected_action": [company.pk]})
        company.refresh_from_db()
        assert company.standing == standing


def test_a_company_created_in_the_admin_is_pending_and_its_users_are_approved(operator: Client) -> None:
    user = UserFactory()
    form = {
        "legal_name": "Cactus Energy LLC",
        "duns": "555000111",
        "street": "1 Main St",
        "city": "Marfa",
        "state": "TX",
        "zip_code": "79843",
        "phone": "+14325550100",
        "email": "info@cactus.example",
        "privacy_policy_url": "",
        "registered_at_0": "2026-11-01",
        "registered_at_1": "10:00",
    }
    answer = operator.post(reverse("admin:companies_company_add"), form, follow=True)
    company = Company.objects.get()
    assert company.standing == CompanyStanding.PENDING
    address = f"{reverse('admin:companies_membership_add')}?company={company.pk}"
    assert address in answer.content.decode()
    answer = operator.post(address, {"user": user.pk, "company": company.pk, "may_view": "on"}, follow=True)
    membership = Membership.objects.get(user=user)
    assert membership.approved_at
    assert company.events.latest("pk").kind == CompanyEventKind.JOINED
    page = answer.content.decode()
    assert f'<a href="{reverse("admin:accounts_user_change", args=[user.pk])}">' in page and user.email in page
    assert "User<small>View agreements and reports</small>" in page and 'name="memberships-0-may_view"' not in page


@pytest.mark.parametrize("model", ["accounts_user", "companies_company"])
def test_only_operators_open_accounts(client: Client, model: str) -> None:
    """D1: staff of a TDSP, superuser or not, open none of it."""
    tdsp: Tdsp = TdspFactory()
    client.force_login(UserFactory(is_staff=True, is_superuser=True, tdsp=tdsp))
    assert client.get(reverse(f"admin:{model}_changelist")).status_code == 403
    client.force_login(OperatorFactory())
    CustomerFactory()
    assert client.get(reverse(f"admin:{model}_changelist")).status_code == 200

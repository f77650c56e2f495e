"""My Profile of a customer, and another meter (C3)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from agreements import sign_up
from agreements.models import Agreement
from agreements.request import Person
from customers.esiid_claims import ClaimedMeter
from customers.models import Customer, EsiidClaim
from meters.models import Meter
from tests.factories import CustomerFactory, EsiidClaimFactory, MembershipFactory, MeterFactory
from tests.support.agreements import initiate
from tests.support.races import met, together


@pytest.fixture
def customer(client: Any, db: None) -> Customer:
    claim = EsiidClaimFactory()
    client.force_login(claim.customer.user)
    return claim.customer


def _form(**changes: str) -> dict[str, str]:
    names = ("title", "middle_initial", "suffix", "phone", "phone_extension")
    return dict.fromkeys(names, "") | {"first_name": "Chika", "last_name": "Akin", "language": "en"} | changes


def test_a_customer_changes_name_phone_and_language(client, customer):
    changed = _form(title="Dr.", first_name="Chidi", phone="512-555-0177", phone_extension="4", language="es")
    assert client.post(reverse("customer_profile"), changed).status_code == 302
    customer.refresh_from_db()
    user = customer.user
    user.refresh_from_db()
    assert (customer.title, user.first_name, str(user.phone), user.phone_extension, user.language) == (
        "Dr.",
        "Chidi",
        "+1 512-555-0177",
        "4",
        "es",
    )


def test_invalid_entries_are_explained_and_kept(client, customer):
    """A2"""
    html = client.post(reverse("customer_profile"), _form(first_name="", suffix="III", phone="12")).content.decode()
    assert "Enter your first name." in html
    assert 'value="III"' in html


def test_fields_that_are_not_on_the_form_are_ignored(client, customer):
    client.post(reverse("customer_profile"), _form(email="other@example.net", kind="business", company_name="X"))
    customer.refresh_from_db()
    assert (customer.kind, customer.company_name) == ("residential", "")
    assert customer.user.email != "other@example.net"


def test_esiids_are_masked_and_everything_about_security_is_one_click_away(client, customer):
    html = client.get(reverse("customer_profile")).content.decode()
    premise = customer.premises.get()
    assert premise.esiid not in html
    assert premise.esiid[-7:] in html
    for name in ("account_email", "account_change_password", "mfa_index", "usersessions_list", "customer_add_meter"):
        assert f'href="{reverse(name)}"' in html


def test_an_added_meter_brings_the_agreements_sent_to_the_address(client, customer):
    meter = MeterFactory()
    person = Person(
        email=customer.user.email.upper(),
        first_name="Chika",
        last_name="Akin",
        street="1 Main",
        city="Austin",
        state="TX",
        zip_code="78701",
    )
    initiate(MembershipFactory().user, meter, person=person)
    pair = {"esiid": meter.premise.esiid, "meter_number": meter.number, "provider": "Any"}
    assert client.post(reverse("customer_add_meter"), pair).status_code == 302
    assert customer.claims.filter(premise=meter.premise, until=None).exists()
    assert Agreement.objects.get().customer == customer


def test_a_meter_that_is_in_the_account_already_is_named(client, customer):
    meter = MeterFactory(premise=customer.premises.get())
    answer = client.post(reverse("customer_add_meter"), _entries(meter))
    assert "This meter is already in your account." in answer.content.decode()


def _entries(meter: Meter) -> dict[str, str]:
    return {"esiid": meter.premise.esiid, "meter_number": meter.number, "provider": "Any"}


def _two_at_once() -> list:
    meter = MeterFactory()
    customers = [CustomerFactory(), CustomerFactory()]
    claimed = ClaimedMeter(meter.premise.esiid, meter.number)

    def add(number: int) -> None:
        sign_up.add_meter(customers[number], claimed, network=f"203.0.113.{number}")

    return together([lambda: add(0), lambda: add(1)])


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_of_two_customers_who_add_one_meter_at_once_one_gets_it():
    answers = _two_at_once()
    assert [isinstance(answer, sign_up.EsiidTaken) for answer in answers].count(True) == 1
    assert EsiidClaim.objects.filter(until=None).count() == 1


@pytest.mark.fault
@pytest.mark.control
@pytest.mark.django_db(transaction=True)
def test_control_without_the_constraint_both_get_it(monkeypatch):
    constraint = EsiidClaim._meta.constraints[0]
    monkeypatch.setattr(sign_up, "match_meter", met(sign_up.match_meter, by=2))
    with connection.schema_editor() as editor:
        editor.remove_constraint(EsiidClaim, constraint)
    try:
        _two_at_once()
        assert EsiidClaim.objects.filter(until=None).count() == 2
    finally:
        EsiidClaim.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(EsiidClaim, constraint)

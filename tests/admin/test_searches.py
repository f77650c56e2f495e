"""What staff type decides what a list is searched for (D1, D8)."""

from __future__ import annotations

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

from accounts.models import User
from agreements.admin_search import OF_AGREEMENTS
from agreements.models import Agreement
from companies.models import Company
from customers.models import Customer, EsiidClaim
from lib.scoped_admin import ScopedAdmin
from meters.models import Premise
from notifications.models import Email
from tests.admin.test_scope import log_in, page
from tests.admin.world import World
from tests.factories import AgreementFactory, CompanyFactory, EsiidClaimFactory, MeterFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("model", "typed", "kind"),
    [
        (Agreement, "112726000002", "an agreement number"),
        (Agreement, " 1127 2600 0002 ", "an agreement number"),
        (Agreement, "'10443720008200028", "an ESIID"),
        (Premise, "10443 72000 8200", "an ESIID"),
        (Agreement, "…8200028", "the last 7 digits of an ESIID"),
        (Agreement, "104058919", "a meter number"),
        (Agreement, "I104051941LG", "a meter number"),
        (Agreement, "Rosa@Mail.example", "a full email address"),
        (Agreement, "O'Brien", "a customer's last name or its first letters"),
        (Agreement, "De La Cruz", "a customer's last name or its first letters"),
        (Agreement, "206 Boxwood Drive", "a house number and street"),
        (Agreement, "206 B", None),
        (Agreement, "Boxwood Drive 206", None),
        (Agreement, "rosa@", None),
        (Email, "112726000002, 112726000003", "one or more agreement numbers"),
        (Email, "Rosa", None),
        (Premise, "104372000820", "an ESIID"),
        (Premise, "8200028", "a meter number"),
        (Premise, "206 Boxwood Drive, Austin", "a house number and street"),
        (Premise, "206-B 1st", "a house number and street"),
        (Premise, "206 1234", "a meter number"),
        (Premise, "Boxwood", None),
        (Customer, "Rosa.Delgado", "a User ID or last name, or its first characters"),
        (Customer, "De La Cruz", "a User ID or last name, or its first characters"),
        (User, "O'Brien", "a User ID or last name, or its first characters"),
        (User, "Rosa@", None),
        (Company, "98-765-4321", "a DUNS number"),
        (Company, "solar 4 you", "a part of a company's name"),
    ],
)
def test_the_form_of_the_text_decides(model, typed, kind):
    model_admin = site._registry[model]
    assert isinstance(model_admin, ScopedAdmin)
    parsed = model_admin.parse_search(typed)
    assert (str(parsed[0].name) if parsed else None) == kind


@pytest.mark.parametrize(
    "name", ["agreements.agreement", "notifications.email", "meters.premise", "customers.esiidclaim"]
)
def test_a_text_that_can_be_nothing_is_told_so(client: Client, world: World, name: str):
    log_in(client, world.operator)
    answer = client.get(page(name, "changelist"), {"q": "@ <Drive>"}).content.decode()
    assert "“@ &lt;Drive&gt;” can&#x27;t be " in answer and "Check what you typed." in answer
    assert "No results match" not in answer


def test_the_box_says_what_it_takes(client: Client, world: World):
    log_in(client, world.operator)
    told = client.get(page("agreements.agreement", "changelist")).content.decode().replace("&#x27;", "'")
    assert all(str(kind.name).removeprefix("an ") in told for kind in OF_AGREEMENTS)
    assert ", or a customer's last name or its first letters" in told


@pytest.mark.parametrize("typed", ["delgado ruiz", "Delg", "ROSA.D", "rosa.d"])
@pytest.mark.parametrize("model", [User, Customer, EsiidClaim])
def test_people_are_found_by_last_name_or_user_id(client: Client, world: World, model, typed: str):
    user = UserFactory(username="rosa.d77", first_name="Ana", last_name="Delgado Ruiz")
    claim = EsiidClaimFactory(customer__user=user)
    log_in(client, world.operator)
    name = model._meta.label_lower
    found = list(client.get(page(name, "changelist"), {"q": typed}).context["cl"].result_list)
    assert found == [{User: user, Customer: claim.customer, EsiidClaim: claim}[model]]
    assert not client.get(page(name, "changelist"), {"q": "Ana"}).context["cl"].result_list


@pytest.mark.parametrize("typed", ["77 boxwood drive", "77  Boxwood Dr., Dallas", "77 BOX"])
@pytest.mark.parametrize("name", ["meters.premise", "meters.meter", "agreements.agreement", "customers.esiidclaim"])
def test_a_service_address_finds_what_is_there(client: Client, world: World, name: str, typed: str):
    """D1: for staff only of their TDSP, however the type of the street is written."""
    found = []
    for tdsp in (world.own.tdsp, world.other.tdsp):
        meter = MeterFactory(premise__tdsp=tdsp, premise__address="77 BOXWOOD DR")
        agreement = AgreementFactory(premise=meter.premise, meter_number=meter.number)
        claim = EsiidClaimFactory(premise=meter.premise)
        found.append({each._meta.label_lower: each for each in (meter.premise, meter, agreement, claim)}[name])
    MeterFactory(premise__tdsp=world.own.tdsp, premise__address="77 Bow Lane")
    log_in(client, world.own.staff)
    assert list(client.get(page(name, "changelist"), {"q": typed}).context["cl"].result_list) == found[:1]
    log_in(client, world.operator)
    assert len(client.get(page(name, "changelist"), {"q": typed}).context["cl"].result_list) == 2


def test_one_companys_agreements_are_a_link_away(client: Client, world: World):
    """D1: for a TDSP's staff only the ones of its premises, and no name of a company that has none there."""
    agreements = page("agreements.agreement", "changelist")
    done = world.own.records["agreements.agreement"]
    log_in(client, world.own.staff)
    link = f"{agreements}?company={done.company_id}"
    assert link in client.get(page("agreements.agreement", "change", done.pk)).content.decode()
    answer = client.get(link)
    assert list(answer.context["cl"].result_list) == [done]
    foreign = CompanyFactory(legal_name="Axolotl Savings")
    for unknown in (foreign.pk, "x", "0"):
        answer = client.get(agreements, {"company": unknown})
        assert not answer.context["cl"].result_list and "Axolotl" not in answer.content.decode()


def test_the_access_log_is_searched_by_a_records_numbers(client: Client, world: World):
    """D3: by what the record's own list finds it."""
    log_in(client, world.own.staff)
    client.get(page("meters.premise", "change", world.own.premise.pk))
    log_in(client, world.operator)
    log = reverse("admin:accounts_accesslogentry_changelist")
    for typed, kind in (
        (world.own.records["agreements.agreement"].number, "agreements.agreement"),
        (world.own.premise.esiid, "meters.premise"),
        (world.own.records["meters.meter"].number, "meters.premise"),
    ):
        entries = client.get(log, {"q": typed}).context["cl"].result_list
        assert kind in [entry.model for entry in entries], typed
    assert not client.get(log, {"q": "999999999999"}).context["cl"].result_list

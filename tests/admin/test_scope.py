"""Role by record by operation: a TDSP's staff find their own TDSP's records and no trace of another's (D1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

from accounts.models import User
from lib.scoped_admin import ScopedAdmin
from meters.models import Meter, Premise
from notifications.models import Email
from tests.admin.world import World
from tests.factories import EsiidClaimFactory, OperatorFactory, PremiseFactory, UserFactory

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

# Record -> what a TDSP's staff and what operators may do besides looking; None: they do not even find it.
EDIT, VIEW = {"add", "change"}, set[str]()
MATRIX: dict[str, tuple[set[str] | None, set[str]]] = {
    "meters.tdsp": (VIEW, EDIT),
    "meters.premise": (EDIT, EDIT),
    "meters.meter": (EDIT, EDIT),
    "meters.upload": ({"add"}, {"add"}),
    "accounts.user": (None, EDIT),
    "companies.company": (None, EDIT),
    "companies.membership": (None, EDIT),
    "meters.electricityprovider": (VIEW, EDIT),
    "customers.customer": (VIEW, EDIT),
    "customers.esiidclaim": (VIEW, VIEW),
    "accounts.accesslogentry": (VIEW, VIEW),
    "agreements.agreement": (VIEW, VIEW),
    "agreements.consentreview": (VIEW, VIEW),
    "notifications.email": (VIEW, VIEW),
    "reports.report": (VIEW, VIEW),
    "reports.download": (VIEW, VIEW),
    "notices.notice": (EDIT, EDIT),
    "agreements.bulkinvitation": (None, VIEW),
    "api.apiclient": (None, VIEW),
    "api.webhookendpoint": (None, VIEW),
}
SHARED = {"meters.electricityprovider"}  # of no TDSP
SCOPED = [name for name, (staff, _operators) in MATRIX.items() if staff is not None and name not in SHARED]
# What finds the other side's record, where the list can be searched.
SEARCHED = {
    "meters.tdsp": ["Quetzal", "908200028"],
    "meters.premise": ["10443720008200028", "'10443720008200028", "98200028", "104437200082"],
    "meters.meter": ["98200028", "10443720008200028"],
    "customers.customer": ["Quetzal-Holder@example.com", "quetzal-holder", "Quetzal", "10443720008200028"],
    "customers.esiidclaim": ["quetzal-holder@example.com", "10443720008200028", "98200028"],
    "accounts.accesslogentry": ["102518200028", "quetzal-staff"],
    "agreements.agreement": [
        "102518200028",
        "10443720008200028",
        "…8200028",
        "8200028",
        "98200028",
        "Quetzalberg",
        "quetzalb",
        "quetzal@mail.example",
    ],
    "meters.upload": ["Quetzal-usage"],
    "notifications.email": ["102518200028", "quetzal@mail.example"],
    "reports.report": ["102518200028"],
    "reports.download": ["102518200028"],
    "notices.notice": ["Quetzal"],
}


def page(name: str, kind: str, *args: Any) -> str:
    return reverse(f"admin:{name.replace('.', '_')}_{kind}", args=args)


def log_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def staff(client: Client, world: World) -> Client:
    return log_in(client, world.own.staff)


@pytest.fixture
def operator(client: Client, world: World) -> Client:
    return log_in(client, world.operator)


def listed_keys(client: Client, name: str, **query: str) -> list[int]:
    return [record.pk for record in client.get(page(name, "changelist"), query).context["cl"].result_list]


def test_every_admin_is_in_the_matrix_and_scoped():
    """D1: a package's own page, or one that checks permissions given by hand, does not get in."""
    assert {model._meta.label_lower for model in site._registry} == set(MATRIX)
    assert all(isinstance(model_admin, ScopedAdmin) for model_admin in site._registry.values())
    addresses = [str(pattern.pattern) for pattern in site.get_urls()]
    assert not [address for address in addresses if address.startswith("r/")], "tells which keys exist"


@pytest.mark.parametrize("name", SCOPED)
def test_staff_find_only_their_own_records(staff: Client, world: World, name: str):
    own, other = world.own.records[name], world.other.records[name]
    listed = listed_keys(staff, name)
    assert own.pk in listed and other.pk not in listed
    for kind in ("change", "history"):
        assert staff.get(page(name, kind, own.pk)).status_code == 200
        assert staff.get(page(name, kind, other.pk)).status_code == 404
    assert staff.post(page(name, "change", other.pk), {}).status_code in (403, 404)
    assert staff.get(page(name, "delete", other.pk)).status_code == 404


@pytest.mark.parametrize("name", SCOPED)
def test_operators_find_all_records(operator: Client, world: World, name: str):
    own, other = world.own.records[name], world.other.records[name]
    assert {own.pk, other.pk} <= set(listed_keys(operator, name))
    for kind in ("change", "history"):
        assert operator.get(page(name, kind, other.pk)).status_code == 200


@pytest.mark.parametrize("role", ["staff", "operator"])
@pytest.mark.parametrize("name", MATRIX)
def test_the_role_decides_what_is_permitted(client: Client, world: World, name: str, role: str):
    """D1: permissions follow from the role alone, and no one may delete."""
    log_in(client, world.own.staff if role == "staff" else world.operator)
    may = MATRIX[name][role == "operator"]
    if may is None:
        assert client.get(page(name, "changelist")).status_code == 403
        assert client.get(page(name, "add")).status_code == 403
        return
    record = world.own.records.get(name)
    assert client.get(page(name, "add")).status_code == (200 if "add" in may else 403)
    if record is None:
        return
    form = client.get(page(name, "change", record.pk))
    assert form.context["has_change_permission"] == ("change" in may)
    if "change" not in may:
        assert client.post(page(name, "change", record.pk), {}).status_code == 403
    assert client.post(page(name, "delete", record.pk), {"post": "yes"}).status_code == 403
    for action in ("delete_selected", "no_such_action"):
        client.post(page(name, "changelist"), {"action": action, "_selected_action": [record.pk], "post": "yes"})
    assert type(record).objects.filter(pk=record.pk).exists()


@pytest.mark.parametrize("role", ["customer", "no role", "inactive"])
@pytest.mark.parametrize("name", MATRIX)
def test_other_users_have_no_access(client: Client, world: World, name: str, role: str):
    """A TDSP on the account is not enough, nor is having been staff."""
    users = {
        "customer": world.own.records["customers.customer"].user,
        "no role": UserFactory(tdsp=world.own.tdsp, is_superuser=True),
        "inactive": UserFactory(tdsp=world.own.tdsp, is_staff=True, is_active=False),
    }
    answer = log_in(client, users[role]).get(page(name, "changelist"))
    assert answer.status_code == 302


def test_a_superuser_with_a_tdsp_is_limited_to_it(client: Client, world: World):
    log_in(client, UserFactory(is_staff=True, is_superuser=True, tdsp=world.own.tdsp))
    assert listed_keys(client, "meters.premise") == [world.own.premise.pk]
    assert client.get(page("accounts.user", "changelist")).status_code == 403


@pytest.mark.parametrize(("name", "words"), [(name, word) for name, words in SEARCHED.items() for word in words])
def test_a_search_finds_nothing_of_another_tdsp(client: Client, world: World, name: str, words: str):
    log_in(client, world.own.staff)
    assert listed_keys(client, name, q=words) == []
    log_in(client, world.operator)
    assert world.other.records[name].pk in listed_keys(client, name, q=words), "else the search proves nothing"


@pytest.mark.parametrize("name", SCOPED)
def test_the_filters_choices_name_no_other_tdsp(staff: Client, world: World, name: str):
    text = staff.get(page(name, "changelist")).content.decode()
    assert not [word for word in world.other.words if word in text]


@pytest.mark.parametrize(
    ("name", "lookup"),
    [
        ("agreements.agreement", "submission__link_hash__startswith"),
        ("agreements.agreement", "premise__esiid__startswith"),
        ("agreements.agreement", "company__legal_name"),
        ("notifications.email", "text__contains"),
        ("notifications.email", "html__contains"),
        ("customers.customer", "user__password__startswith"),
        ("customers.customer", "premises"),
        ("meters.premise", "tdsp"),
        ("meters.premise", "customers__user__email"),
        ("reports.report", "sha256__startswith"),
    ],
)
def test_the_query_string_cannot_filter_by_what_the_list_does_not_offer(staff: Client, name: str, lookup: str):
    """X5: by prefixes of a hidden column its whole content could be asked out."""
    answer = staff.get(page(name, "changelist"), {lookup: "a"})
    assert answer.status_code == 400


def test_the_choices_of_a_field_are_limited_to_the_tdsp(client: Client, world: World):
    query = {"app_label": "meters", "model_name": "meter", "field_name": "premise"}
    for user, sides in ((world.own.staff, [world.own]), (world.operator, [world.own, world.other])):
        log_in(client, user)
        for each in (world.own, world.other):
            term = {"term": each.premise.esiid[:13]}
            found = client.get(reverse("admin:autocomplete"), query | term).json()["results"]
            assert [int(choice["id"]) for choice in found] == ([each.premise.pk] if each in sides else [])


def test_staff_cannot_search_people_through_a_field(staff: Client):
    query = {"app_label": "accounts", "model_name": "customer", "field_name": "user", "term": "quetzal"}
    assert staff.get(reverse("admin:autocomplete"), query).status_code == 403


def test_a_forged_form_cannot_reach_another_tdsps_premise(staff: Client, world: World):
    form = {"premise": world.other.premise.pk, "number": "555"}
    assert staff.post(page("meters.meter", "add"), form).status_code == 200
    own = world.own.records["meters.meter"]
    assert staff.post(page("meters.meter", "change", own.pk), form).status_code == 200
    assert not Meter.objects.filter(number="555").exists()


def test_a_new_premise_belongs_to_the_staffs_tdsp(staff: Client, world: World):
    form = {
        "esiid": "10443720001234567", "tdsp": world.other.tdsp.pk, "address": "1 Elm", "city": "Waco", "state": "TX",
        "zip_code": "76701", "status": "Active", "meters-TOTAL_FORMS": 0, "meters-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert staff.post(page("meters.premise", "add"), form).status_code == 200
    assert not Premise.objects.filter(esiid="10443720001234567").exists()
    assert staff.post(page("meters.premise", "add"), form | {"tdsp": world.own.tdsp.pk}).status_code == 302
    assert Premise.objects.get(esiid="10443720001234567").tdsp == world.own.tdsp


@pytest.mark.parametrize(("name", "action"), [("notifications.email", "try_again"), ("reports.report", "make_again")])
def test_an_action_changes_only_the_tdsps_records(staff: Client, world: World, name: str, action: str):
    pks = [side.records[name].pk for side in (world.own, world.other)]
    staff.post(page(name, "changelist"), {"action": action, "_selected_action": pks, "select_across": "1"})
    own, other = (type(world.own.records[name]).objects.get(pk=pk) for pk in pks)
    if isinstance(own, Email):
        assert (own.state, other.state) == ("queued", "failed")
    else:
        assert own.retry_at is not None and other.retry_at is None


def test_a_customer_of_two_tdsps_shows_each_its_own_premises(client: Client, world: World):
    """D1: also not by a search for the other's ESIID."""
    customer = world.own.records["customers.customer"]
    foreign = EsiidClaimFactory(customer=customer, premise=PremiseFactory(tdsp=world.other.tdsp)).premise
    log_in(client, world.own.staff)
    assert listed_keys(client, "customers.customer", q=foreign.esiid) == []
    assert listed_keys(client, "customers.customer", q=world.own.premise.esiid) == [customer.pk]
    for address in (page("customers.customer", "changelist"), page("customers.customer", "change", customer.pk)):
        text = client.get(address).content.decode()
        assert foreign.esiid[-7:] not in text and world.own.premise.esiid[-7:] in text
    log_in(client, world.operator)
    assert foreign.esiid in client.get(page("customers.customer", "change", customer.pk)).content.decode()


def test_a_customer_whose_claim_ended_is_no_longer_visible(staff: Client, world: World):
    customer = world.own.records["customers.customer"]
    customer.claims.update(until="2026-01-01T00:00Z")
    assert listed_keys(staff, "customers.customer") == []
    assert staff.get(page("customers.customer", "change", customer.pk)).status_code == 404


def test_only_a_superuser_changes_staff(client: Client, world: World):
    """D1: an operator who could set a superuser's password would be one."""
    password = {
        "usable_password": "true",
        "password1": "mockingbird-porch-swing",
        "password2": "mockingbird-porch-swing",
    }
    boss, customer = OperatorFactory(password="!boss"), world.own.records["customers.customer"].user
    log_in(client, world.operator)
    for target, status in ((boss, 403), (world.own.staff, 403), (customer, 302)):
        address = reverse("admin:auth_user_password_change", args=[target.pk])
        assert client.post(address, password).status_code == status
    assert client.post(page("accounts.user", "change", boss.pk), {"email": "mine@example.com"}).status_code == 403
    log_in(client, boss)
    address = reverse("admin:auth_user_password_change", args=[world.operator.pk])
    assert client.post(address, password).status_code == 302


def test_the_access_log_is_for_operators_and_supervisors(client: Client, world: World):
    """D3."""
    log_in(client, UserFactory(is_staff=True, tdsp=world.own.tdsp))
    assert client.get(page("accounts.accesslogentry", "changelist")).status_code == 403
    assert "Looks at customer data" not in client.get(reverse("admin:index")).content.decode()

"""Staff's access to customer data is logged before the page is shown (D3)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin import site
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.access_log import delete_old_entries
from accounts.models import AccessLogEntry
from agreements.models import ConsentReview
from lib.scoped_admin import AccessAction, ScopedAdmin
from notifications.models import Email
from tests.admin.test_scope import SCOPED, log_in, page
from tests.admin.world import World
from tests.factories import AccessLogEntryFactory, ConsentSignalFactory, MembershipFactory, OperatorFactory
from tests.support.agreements import initiate, meters_of_homes

pytestmark = pytest.mark.django_db

# Records without customer data. Pages of all others must be logged.
NO_CUSTOMER = {
    "meters.tdsp", "meters.electricityprovider", "meters.upload", "companies.company", "companies.membership",
    "accounts.accesslogentry", "notices.notice", "api.apiclient", "api.webhookendpoint",
    "agreements.bulkinvitation",
}  # fmt: skip
# Pages that show no record.
NO_RECORD = re.compile(r"_add$|_delete$")


def log_rows() -> list[tuple[str, str, str, int | None]]:
    return list(AccessLogEntry.objects.order_by("pk").values_list("action", "model", "object_id", "rows"))


def pages_with_customer_data(world: World) -> list[tuple[str, str]]:
    """Return (record's name, address) of every page of the admin that shows customer data."""
    found = []
    records = world.own.records | {"accounts.user": world.own.records["customers.customer"].user}
    for model, model_admin in site._registry.items():
        name = model._meta.label_lower
        if name in NO_CUSTOMER:
            continue
        for pattern in model_admin.urls:
            if not pattern.name or NO_RECORD.search(pattern.name):
                continue
            arguments: list[Any] = [records[name].pk] if pattern.pattern.regex.groups else []
            found.append((name, reverse(f"admin:{pattern.name}", args=arguments)))
    return found


def test_which_records_are_customer_data_is_decided_once(db: None):
    decided = {model._meta.label_lower: model_admin.customer_data for model, model_admin in site._registry.items()}
    assert {name for name, is_customers in decided.items() if not is_customers} == NO_CUSTOMER


@pytest.mark.slow
@pytest.mark.parametrize("role", ["staff", "operator"])
def test_every_page_with_customer_data_is_logged(client: Client, world: World, role: str):
    """D3: every URL name of every such record; a new page without a row fails here."""
    agreement = world.own.records["agreements.agreement"]
    undecided = {"state": "held", "reason": "", "decided_at": None, "decided_by": None}
    ConsentReview.objects.filter(agreements=agreement).update(**undecided)
    ConsentSignalFactory(agreement=agreement)
    claim = world.own.records["customers.esiidclaim"]
    type(claim).objects.filter(pk=claim.pk).update(decision="", decided_at=None)
    log_in(client, OperatorFactory() if role == "operator" else world.own.staff)
    pages = pages_with_customer_data(world)
    assert len({name for name, _address in pages}) == 10
    for name, address in pages:
        before = AccessLogEntry.objects.count()
        answer = client.get(address)
        if role == "staff" and name == "accounts.user":
            assert answer.status_code in (403, 404) and AccessLogEntry.objects.count() == before
            continue
        assert answer.status_code == 200, address
        assert AccessLogEntry.objects.count() == before + 1, f"{address} was not logged"
        assert AccessLogEntry.objects.latest("pk").model == name


@pytest.mark.slow
@pytest.mark.control
def test_control_a_page_that_is_not_logged_is_noticed(client: Client, world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ScopedAdmin, "record_view", lambda *args, **kwargs: None)
    with pytest.raises(AssertionError, match="was not logged"):
        test_every_page_with_customer_data_is_logged(client, world, "staff")


def test_an_entry_names_the_user_the_record_and_the_number_of_rows(client: Client, world: World):
    premise = world.own.premise
    log_in(client, world.own.staff)
    last = AccessLogEntry.objects.latest("pk").pk
    client.get(page("meters.premise", "changelist"))
    client.get(page("meters.premise", "changelist"), {"q": premise.esiid})
    client.get(page("meters.premise", "changelist"), {"q": "nobody lives here"})
    client.get(page("meters.premise", "change", premise.pk))
    client.get(page("meters.premise", "history", premise.pk))
    query = {"app_label": "meters", "model_name": "meter", "field_name": "premise", "term": premise.esiid[:14]}
    client.get(reverse("admin:autocomplete"), query)
    new = AccessLogEntry.objects.filter(pk__gt=last).order_by("pk")
    key = str(premise.pk)
    assert [(entry.action, entry.object_id, entry.rows) for entry in new] == [
        ("list", "", 1), ("search", "", 1), ("search", "", 0), ("view", key, None), ("history", key, None),
        ("search", "", 1),
    ]  # fmt: skip
    assert {(entry.user, entry.tdsp, entry.model) for entry in new} == {
        (world.own.staff, world.own.tdsp, "meters.premise")
    }


def test_a_record_about_many_agreements_is_named_by_the_first(client: Client, db: None):
    """D3, C10: a request about twenty meters is one email."""
    numbers = [agreement.number for agreement in initiate(MembershipFactory().user, *meters_of_homes(20))]
    log_in(client, OperatorFactory())
    email = Email.objects.about(numbers[0]).filter(kind="EM201").latest("pk")
    assert client.get(page("notifications.email", "change", email.pk)).status_code == 200
    label = AccessLogEntry.objects.latest("pk").label
    assert numbers[0] in label and label.endswith("…")


def test_a_form_shown_again_with_errors_is_logged_again(client: Client, world: World):
    log_in(client, world.own.staff)
    meter = world.own.records["meters.meter"]
    client.post(page("meters.meter", "change", meter.pk), {"premise": world.own.premise.pk, "number": "12/34"})
    assert log_rows()[-1] == ("view", "meters.meter", str(meter.pk), None)


@pytest.mark.slow
def test_the_access_log_contains_no_personal_data(client: Client, world: World):
    """D3: no name, address, email, whole ESIID, nor what was searched for."""
    log_in(client, world.operator)
    for name, address in pages_with_customer_data(world):
        client.get(address)
        client.get(page(name, "changelist"), {"q": "Ocelotson"})
    written = " ".join(
        str(value) for row in AccessLogEntry.objects.values("label", "object_id", "model") for value in row.values()
    )
    assert not [word for word in ("Ocelot", "@", world.own.premise.esiid, "mail.example") if word in written]
    assert world.own.premise.esiid[-7:] in written


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SCOPED if name not in NO_CUSTOMER])
def test_a_page_that_cannot_be_logged_is_not_shown(client: Client, world: World, name: str):
    """D3."""
    log_in(client, world.own.staff)
    client.raise_request_exception = False
    record = world.own.records[name]
    for address in (page(name, "changelist"), page(name, "change", record.pk), page(name, "history", record.pk)):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("ALTER TABLE accounts_accesslogentry ADD CONSTRAINT closed CHECK (false) NOT VALID")
            with transaction.atomic():
                answer = client.get(address)
                text = answer.content.decode()
                transaction.set_rollback(True)
            transaction.set_rollback(True)
        assert answer.status_code == 500
        assert not [word for word in world.own.words if word in text]


def test_the_access_log_cannot_be_changed(client: Client, world: World):
    """D3: neither in the admin nor by SQL."""
    entry = world.own.records["accounts.accesslogentry"]
    for change in (
        lambda: AccessLogEntry.objects.update(rows=0),
        lambda: AccessLogEntry.objects.filter(pk=entry.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            change()
    log_in(client, world.operator)
    assert client.post(page("accounts.accesslogentry", "change", entry.pk), {"rows": 0}).status_code == 403


def test_entries_are_kept_for_three_years(db: None):
    """X6"""
    old = AccessLogEntryFactory(at=datetime.fromisoformat("2023-01-01T00:00Z"))
    kept = AccessLogEntryFactory(at=datetime.fromisoformat("2024-01-01T00:00Z"))
    assert delete_old_entries(at=datetime.fromisoformat("2026-06-01T00:00Z")) == 1
    assert AccessLogEntry.objects.get(pk__in=[old.pk, kept.pk]) == kept
    assert delete_old_entries(at=datetime.fromisoformat("2027-01-02T00:00Z") - timedelta(days=1)) == 0


def test_the_access_log_is_readable(client: Client, world: World):
    log_in(client, world.own.staff)
    client.get(page("meters.premise", "change", world.own.premise.pk))
    text = client.get(page("accounts.accesslogentry", "changelist")).content.decode()
    assert "Opened premise" in text and world.own.premise.esiid[-7:] in text
    assert world.other.tdsp.name not in text
    assert set(AccessAction) == {"view", "list", "search", "history", "export"}

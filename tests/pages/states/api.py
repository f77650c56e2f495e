"""My Account / API, behind the second factor: forms, refused and not, and a new key."""

from __future__ import annotations

import uuid
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from api.documentation.guides import GUIDES
from api.documentation.reference import load_reference
from api.models import ApiClient, ApiKey, Environment, WebhookDelivery, WebhookEndpoint
from api.sandbox.scenarios import meter_number_of
from companies.models import Company, CompanyStanding
from tests.pages.states.account import again
from tests.pages.states.registry import at, state
from tests.pages.world import World
from tests.support.api import make_program

BEHIND = (
    "api_attestation_on", "api_attestation_off",
    "api_client_new", "api_client_edit", "api_key_new", "api_client_disable", "api_key_revoke", "api_webhook_new",
    "api_webhook_edit", "api_webhook_secret", "api_webhook_delete",
)  # fmt: skip
FORM = {
    "name": "Billing and customer relations, Lower Rio Grande Valley",
    "contact_name": "James Wilson",
    "contact_phone": "512-555-0101",
    "contact_email": "james@green-energy.example",
    "scopes": ["agreements:read", "reports:read"],
    "allowed_networks": "203.0.113.0/24",
    "environment": "test",
    "key_days": "365",
    "overlap_hours": "24",
}


CUSTOMER = {
    "kind": "residential",
    "email": "jane@example.com",
    "first_name": "Jane",
    "last_name": "Alvarez",
    "street": "206 Boxwood Drive",
    "city": "Baytown",
    "state": "TX",
    "zip_code": "77520",
}


def _address(name: str, world: World) -> str:
    arguments = {"api_client_new": [], "api_key_revoke": [world["api_client"], world["api_key"]]}
    if name in ("api_webhook", "api_webhook_edit", "api_webhook_secret", "api_webhook_delete"):
        return reverse(name, args=[world["api_client"], world["api_webhook"]])
    return reverse(name, args=arguments.get(name, [world["api_client"]]))


for _name in BEHIND:

    @state(_name, "member", "after the second factor")
    def _open(client: Client, world: World, name: str = _name) -> Any:
        return again(client, world["member"], _address(name, world))


for _name in ("api_client_new", "api_client_edit", "api_key_new", "api_webhook_new", "api_webhook_edit"):

    @state(_name, "member", "sent empty")
    def _empty(client: Client, world: World, name: str = _name) -> Any:
        again(client, world["member"], reverse("home"))
        return client.post(_address(name, world))


for _name in ("api_client_new", "api_key_new"):

    @state(_name, "member", "with a new key")
    def _new_key(client: Client, world: World, name: str = _name) -> Any:
        again(client, world["member"], reverse("home"))
        return client.post(_address(name, world), FORM | {"form_id": str(uuid.uuid4())})


@state("api_webhook_secret", "member", "with a new secret")
def _new_secret(client: Client, world: World) -> Any:
    again(client, world["member"], reverse("home"))
    return client.post(_address("api_webhook_secret", world), {"overlap_hours": "24"})


@state("api_webhook", "member", "turned off, without deliveries")
def _endpoint_off(client: Client, world: World) -> Any:
    WebhookDelivery.objects.all().delete()
    WebhookEndpoint.objects.update(disabled_at=timezone.now(), disabled_reason="gone", consecutive_failures=3)
    return client.get(_address("api_webhook", world))


@state("api_client", "member", "turned off, with keys that ended")
def _turned_off(client: Client, world: World) -> Any:
    ApiKey.objects.update(revoked_at=timezone.now(), last_used_at=timezone.now())
    ApiClient.objects.update(disabled_at=timezone.now())
    return client.get(_address("api_client", world))


@state("api_clients", "member", "with several")
def _several(client: Client, world: World) -> Any:
    other = make_program("agreements:read", administrator=world["member"].membership, name=FORM["name"])
    ApiClient.objects.filter(pk=other.client.pk).update(disabled_at=timezone.now())
    ApiKey.objects.update(last_used_at=timezone.now())
    return client.get(reverse("api_clients"))


@state("api_clients", "member", "of a company that is suspended")
def _suspended(client: Client, world: World) -> Any:
    Company.objects.filter(memberships__user=world["member"]).update(standing=CompanyStanding.SUSPENDED)
    return client.get(reverse("api_clients"))


@state("api_clients", "member", "live and test")
def _live_and_test(client: Client, world: World) -> Any:
    make_program(
        "agreements:read", administrator=world["member"].membership, name="Tests", environment=Environment.TEST
    )
    return client.get(reverse("api_clients"))


@state("api_client", "member", "for tests")
def _for_tests(client: Client, world: World) -> Any:
    administrator = world["member"].membership
    tester = make_program("agreements:read", administrator=administrator, name="Tests", environment=Environment.TEST)
    return client.get(reverse("api_client", args=[tester.client.pk]))


@state("api_sandbox", "member", "with emails")
def _sandbox_emails(client: Client, world: World) -> Any:
    tester = make_program(administrator=world["member"].membership, name="Tests", environment=Environment.TEST)
    esiid = "10999990000001101"
    body = {"registered": False, "customer": CUSTOMER, "report": {"type": "interval", "length": "1m"}}
    body |= {"meters": [{"esiid": esiid, "meter_number": meter_number_of(esiid)}]}
    body |= {"attestation": {"holds_authorization": True}}
    assert tester.post("/agreements", body, headers={"idempotency-key": "a-key-of-a-test"}).status_code == 201
    return client.get(reverse("api_sandbox"))


@state("api_clients", "member", "none yet")
def _none(client: Client, world: World) -> Any:
    ApiClient.objects.all().delete()
    return client.get(reverse("api_clients"))


# Every page of the documentation that is made from the description or is a guide's text.
for _name, _arguments in (
    ("api_docs_guide", GUIDES),
    ("api_docs_operation", load_reference().operations),
    ("api_docs_schema", load_reference().schemas),
):
    for _argument in _arguments:
        state(_name, "anonymous", _argument)(at(_name, _argument))
state("api_problem", "anonymous", "of some operations")(at("api_problem", "report-held"))

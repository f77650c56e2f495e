"""A customer's agreements and profile."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements import actions
from agreements.models import Agreement
from agreements.states import Channel
from customers.models import EsiidClaim
from meters.models import Meter
from notices.models import Notice
from tests.factories import AgreementFactory, EsiidClaimFactory, MeterFactory
from tests.pages.states.registry import at, sent, state
from tests.pages.world import World
from tests.support.decisions import decision_form

for _status in ("rejected", "withdrawn", "not_accepted"):

    @state("customer_agreement", "customer", _status)
    def _ended(client: Client, world: World, status: str = _status) -> Any:
        found = Agreement.objects.filter(customer=world["customer"].customer, status=status)[0]
        return client.get(reverse("customer_agreement", args=[found.number]))


for _state in ("overdue", "report ready", "report no_data", "report failed", "report purged", "review held",
               "review refused"):  # fmt: skip

    @state("customer_agreement", "customer", _state)
    def _reported(client: Client, world: World, which: str = _state) -> Any:
        return client.get(reverse("customer_agreement", args=[world["states"][which]]))


@state("customer_agreement", "customer", "just accepted")
def _just_accepted(client: Client, world: World) -> Any:
    agreement = Agreement.objects.get(number=world["number"])
    return client.post(reverse("customer_agreement", args=[agreement.number]), decision_form(agreement), follow=True)


@state("customer_agreement", "customer", "decided too late")
def _too_late(client: Client, world: World) -> Any:
    address = reverse("customer_agreement", args=[world["states"]["overdue"]])
    return client.post(address, {"decision": "accept"}, follow=True)


@state("customer_agreement", "customer", "decided already")
def _decided_already(client: Client, world: World) -> Any:
    return client.post(reverse("customer_agreement", args=[world["accepted"]]), {"decision": "reject"}, follow=True)


state("customer_agreement", "customer", "accepted")(at("customer_agreement", "accepted"))


@state("customer_agreements", "customer", "on two pages")
def _many(client: Client, world: World) -> Any:
    AgreementFactory.create_batch(26, customer=world["customer"].customer)
    return client.get(reverse("customer_agreements"))


state("report_download", "customer", "not allowed")(at("report_download", "number"))
state("report_file", "customer", "not allowed")(at("report_file", "number", "file_name"))
state("report_manifest", "customer", "not allowed")(at("report_manifest", "accepted"))
state("customer_profile", "customer", "sent empty")(sent("customer_profile"))
state("customer_profile", "customer", "wrong")(
    sent("customer_profile", first_name="R" * 200, phone="12", middle_initial="1")
)


@state("customer_profile", "customer", "saved")
def _saved(client: Client, world: World) -> Any:
    answers = {"first_name": "Chika", "last_name": "Akin", "language": client.cookies["django_language"].value}
    return client.post(reverse("customer_profile"), answers, follow=True)


@state("customer_profile", "customer", "without a meter")
def _without_meter(client: Client, world: World) -> Any:
    EsiidClaim.objects.update(until=timezone.now())
    return client.get(reverse("customer_profile"))


state("customer_add_meter", "customer", "sent empty")(sent("customer_add_meter"))
state("customer_add_meter", "customer", "no match")(
    sent("customer_add_meter", esiid="10443729999999999", meter_number="1", provider="Any")
)


@state("customer_add_meter", "customer", "added")
def _added(client: Client, world: World) -> Any:
    meter = MeterFactory()
    return client.post(reverse("customer_add_meter"), _entries(meter), follow=True)


@state("customer_add_meter", "customer", "in another account")
def _taken(client: Client, world: World) -> Any:
    meter = MeterFactory(premise=EsiidClaimFactory().premise)
    return client.post(reverse("customer_add_meter"), _entries(meter))


@state("my_meters", "customer", "just disputed")
def _disputed(client: Client, world: World) -> Any:
    signed = _taken(client, world).context["signed"]
    return client.post(reverse("customer_dispute"), {"signed": signed}, follow=True)


def _entries(meter: Meter) -> dict[str, str]:
    return {"esiid": meter.premise.esiid, "meter_number": meter.number, "provider": "Any"}


@state("home", "customer", "nothing waits")
def _nothing_waits(client: Client, world: World) -> Any:
    actions.reject(Agreement.objects.get(number=world["number"]), channel=Channel.ACCOUNT)
    for notice in Notice.objects.all():
        client.get(reverse("notice", args=[notice.pk]))
    return client.get(reverse("home"))


for _name in ("notices", "notice"):
    state(_name, "operator", "filled")(at(_name, *(["notice"] if _name == "notice" else [])))

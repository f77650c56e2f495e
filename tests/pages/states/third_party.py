"""The third party's pages."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from tests.agreements.typed import PAGE_2, page_1, rows
from tests.factories import AgreementFactory, MeterFactory
from tests.pages.states.registry import sent, state
from tests.pages.world import World

state("agreements", "member", "nothing found")(
    lambda client, world: client.get(reverse("agreements"), {"status": "complete", "report": "waiting"})
)
state("agreement_new", "member", "sent empty")(sent("agreement_new", **rows()))


@state("agreements", "member", "search")
def _search(client: Client, world: World) -> Any:
    AgreementFactory.create_batch(26, company=world["member"].membership.company)
    return client.get(reverse("agreements"))


@state("agreements", "member", "found on two pages")
def _found(client: Client, world: World) -> Any:
    _search(client, world)
    return client.get(reverse("agreements"), {"by": "number", "q": "102*", "search": "number", "items": "102*"})


@state("agreement_new", "member", "no match")
def _third_party_no_match(client: Client, world: World) -> Any:
    meter = MeterFactory()
    meter.number = "999"
    return client.post(reverse("agreement_new"), page_1(meter))


@state("agreement_review", "member", "not attested")
def _not_attested(client: Client, world: World) -> Any:
    return client.post(reverse("agreement_review", args=[world["draft"]]), PAGE_2 | {"attested": ""})


for _state in ("overdue", "report ready", "report no_data", "report failed", "report purged", "review held",
               "review refused"):  # fmt: skip

    @state("agreement", "member", _state)
    def _detail(client: Client, world: World, which: str = _state) -> Any:
        return client.get(reverse("agreement", args=[world["states"][which]]))


@state("report_download", "member", "not there")
def _not_there(client: Client, world: World) -> Any:
    return client.get(reverse("report_download", args=[world["number"]]))

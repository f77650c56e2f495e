"""The customer's own usage: what was read, what was not, and what cannot be shown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.test import Client
from django.urls import reverse

from customers.models import EsiidClaim
from meters.models import UsageDay
from tests.factories import ClaimDisputeFactory, EsiidClaimFactory
from tests.pages.states.registry import Open, state
from tests.pages.world import World


def usage_page(name: str, **query: str) -> Open:
    return lambda client, world: client.get(reverse(name, args=[world["claim"]]), query)


for _view, _day in [
    ("day", "2026-11-01"),
    ("day", "2026-10-14"),
    ("day", "2026-10-20"),
    ("day", "2026-10-04"),
    ("week", "2026-10-14"),
    ("month", "2026-10-14"),
    ("year", "2026-01-01"),
]:
    state("meter_usage", "customer", f"the {_view} of {_day}")(usage_page("meter_usage", view=_view, day=_day))
state("meter_usage", "customer", "days that are not there")(usage_page("meter_usage", view="day", day="1999-01-01"))
state("meter_usage", "customer", "no day at all")(usage_page("meter_usage", view="decade", day="yesterday"))
state("usage_download", "customer", "sent empty")(usage_page("usage_download"))
state("usage_download", "customer", "wrong")(usage_page("usage_download", type="yearly", first="yesterday", last="x"))
state("usage_download", "customer", "the wrong way round")(
    usage_page("usage_download", type="daily", first="2026-10-14", last="2026-10-12")
)
state("usage_download", "customer", "days that are not there")(
    usage_page("usage_download", type="daily", first="1999-10-14", last="1999-10-15")
)
state("usage_download", "customer", "days without readings")(
    usage_page("usage_download", type="daily", first="2026-10-20", last="2026-10-20")
)


@state("meter_usage", "customer", "no readings yet")
def _no_readings(client: Client, world: World) -> Any:
    UsageDay.objects.all().delete()
    return client.get(reverse("meter_usage", args=[world["claim"]]))


@state("meter_usage", "customer", "a service that began inside the month")
def _moved_in(client: Client, world: World) -> Any:
    premise = EsiidClaim.objects.get(pk=world["claim"]).premise
    premise.service_since = date(2026, 10, 10)
    premise.save()
    return client.get(reverse("meter_usage", args=[world["claim"]]), {"view": "month", "day": "2026-10-14"})


def _as(what: str, **fields: Any) -> Open:
    """The claim with these `fields`, or disputed."""

    def open_page(client: Client, world: World) -> Any:
        if what == "disputed":
            ClaimDisputeFactory(claim_id=world["claim"])
        undecided = {"decision": "", "decided_at": None, "provider_matches": True}
        EsiidClaim.objects.filter(pk=world["claim"]).update(**undecided | fields)
        return client.get(reverse("meter_usage", args=[world["claim"]]))

    return open_page


for _what, _fields in {
    "waiting 72 hours": {},
    "without a provider on record": {"provider_matches": False, "since": datetime(2026, 10, 20, tzinfo=UTC)},
    "under suspicion": {"signals": ["network"]},
    "disputed": {},
}.items():
    state("meter_usage", "customer", _what)(_as(_what, **_fields))


@state("my_meters", "customer", "of every kind")
def _meters_of_every_kind(client: Client, world: World) -> Any:
    customer = world["customer"].customer
    EsiidClaimFactory(customer=customer, waiting=True)
    EsiidClaimFactory(customer=customer, waiting=True, signals=["mailbox"])
    EsiidClaimFactory(customer=customer, waiting=True, provider_matches=False)
    ClaimDisputeFactory(claim__customer=customer)
    ClaimDisputeFactory(customer=customer)
    return client.get(reverse("my_meters"))


@state("home", "customer", "with a meter that is disputed")
def _home_of_a_disputed_meter(client: Client, world: World) -> Any:
    ClaimDisputeFactory(claim_id=world["claim"])
    return client.get(reverse("home"))

"""Claims as customers make them, and everything that a claim lets its customer read (X7)."""

from __future__ import annotations

import gzip
from datetime import date, datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import EsiidClaim
from meters.models import Meter
from tests.factories import ElectricityProviderFactory, MeterFactory
from tests.support.registration import confirmation_link, log_in, register
from tests.support.usage import CONSUMPTION, every_day, store

TODAY = timezone.localdate()
LONG_AGO, YESTERDAY = TODAY - timedelta(days=40), TODAY - timedelta(days=1)


def metered(name: str = "Bright Star Energy, LLC") -> Meter:
    """A meter with readings until yesterday, whose premise's provider is on record."""
    provider = ElectricityProviderFactory(name=name)
    meter = MeterFactory(premise__provider_number=provider.certificate_number, premise__address="77 Secret Lane")
    store(meter.premise, *every_day(LONG_AGO, YESTERDAY, CONSUMPTION))
    return meter


def current(meter: Meter) -> EsiidClaim:
    return EsiidClaim.objects.with_state().with_former_end().get(premise=meter.premise, until=None)


def make_old(claim: EsiidClaim, **age: int) -> None:
    EsiidClaim.objects.filter(pk=claim.pk).update(since=timezone.now() - timedelta(**age))


def claim_by_form(client: Client, meter: Meter, provider: str = "bright star energy") -> EsiidClaim:
    """Register as Rosa, confirm, and sign in."""
    assert register(client, meter, provider=provider).status_code == 302
    assert client.post(confirmation_link()).status_code == 200
    log_in(client, "rosa.delgado")
    return current(meter)


def rows_of(client: Client, claim: EsiidClaim, first: Any = LONG_AGO, last: Any = TODAY) -> list[str]:
    """The lines of the 15-minute file of the days that are typed into the address."""
    query = {"type": "interval", "first": str(first), "last": str(last)}
    answer = client.get(reverse("usage_download", args=[claim.pk]), query)
    is_file = answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/csv")
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if is_file and answer.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    return content.decode().splitlines()[1:] if is_file else []


def days_of(rows: list[str]) -> set[date]:
    return {datetime.strptime(row.split(",")[1], "%m/%d/%Y").date() for row in rows}


def pages_of(client: Client, claim: EsiidClaim) -> str:
    """Everything that the customer's pages of usage say, also of spans typed by hand."""
    addresses = [reverse(name) for name in ("home", "my_meters", "usage", "customer_profile")]
    page = reverse("meter_usage", args=[claim.pk])
    addresses += [page] + [f"{page}?view={view}&day={LONG_AGO}" for view in ("day", "week", "month", "year")]
    return " ".join(client.get(address).content.decode() for address in addresses)

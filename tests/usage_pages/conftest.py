"""A customer with a meter, and the page of its usage."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from tests.factories import EsiidClaimFactory, MeterFactory, PremiseFactory


@pytest.fixture
def claim():
    premise = PremiseFactory()
    MeterFactory(premise=premise, number="142606737LG")
    return EsiidClaimFactory(premise=premise)


@pytest.fixture
def see(client, claim):
    """The page of usage of `claim` for its customer: `see(view, day)`, or the query itself."""
    client.force_login(claim.customer.user)

    def get(view: str = "", day: date | str = "", **query: str):
        asked = {"view": view, "day": str(day)} if view or day else query
        return client.get(reverse("meter_usage", args=[claim.pk]), asked)

    return get

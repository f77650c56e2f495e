"""The demo's claims of ESIIDs: one that waits for the TDSP, and one that is disputed (X7)."""

from __future__ import annotations

from datetime import datetime, timedelta

from agreements import sign_up
from agreements.sign_up import EsiidTaken
from customers.esiid_claims import ClaimedMeter
from demo.neighborhood import DemoPremise
from demo.people import DALE, LINH, VIVIAN, People, Resident
from demo.providers import OF_RESIDENTS

NETWORK = "203.0.113.50"  # reserved for documentation


def play_claims(people: People, places: dict[str, DemoPremise], now: datetime) -> None:
    """Make the claims and the dispute, oldest first. Their emails go to the development inbox."""
    _claim(DALE, people, places, now - timedelta(days=4))
    _claim(LINH, people, places, now - timedelta(days=2))
    _claim(VIVIAN, people, places, now - timedelta(days=1))


def _claim(resident: Resident, people: People, places: dict[str, DemoPremise], at: datetime) -> None:
    """Claim the resident's premises; dispute the claim of another account that has one."""
    customer = people.customers[resident.profile.username]
    for key in resident.claims:
        meter = ClaimedMeter(places[key].esiid, places[key].meter, OF_RESIDENTS)
        try:
            sign_up.add_meter(customer, meter, network=NETWORK, at=at)
        except EsiidTaken as taken:
            sign_up.dispute_claim(customer, taken.matched, at=at)

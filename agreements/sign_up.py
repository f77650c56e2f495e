"""A customer signs up or adds a meter, and gets the agreements that were sent to the customer (rules 6 and 15)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from agreements.models import Agreement
from customers import esiid_claims, registration
from customers.esiid_claims import ClaimedMeter
from customers.models import Customer


@transaction.atomic
def confirm_registration(token: str, *, at: datetime | None = None) -> None:
    """Open the account of a confirmation link, with its agreements. Raises NotConfirmed (C3)."""
    reference = registration.find_registration(token, at=at).reference
    if customer := registration.confirm(token, at=at):
        _assign_agreements(customer, link_hash=reference)


def add_meter(customer: Customer, meter: ClaimedMeter, *, network: str, at: datetime | None = None) -> None:
    """Claim another meter for `customer`, with its agreements. Raises Refused (C3)."""
    premise_id = esiid_claims.require_free(meter, network=network, at=at)
    with transaction.atomic():
        esiid_claims.claim_premise(customer, premise_id, at=at)
        _assign_agreements(customer)


def _assign_agreements(customer: Customer, *, link_hash: str = "") -> None:
    """Give `customer` the agreements about the customer's ESIIDs that were sent to the customer's address.

    Also the agreement of the decision link with `link_hash`, which the customer came from. The address is confirmed.
    """
    sent_to_customer = Q(email__iexact=customer.user.email)
    if link_hash:
        sent_to_customer |= Q(link_hash=link_hash)
    premises = customer.claims.filter(until=None).values("premise")
    Agreement.objects.filter(sent_to_customer, premise__in=premises, customer=None).update(customer=customer)

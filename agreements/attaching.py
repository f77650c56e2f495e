"""Agreements find the customer who registers after them (functional rules 6 and 15)."""

from __future__ import annotations

from django.db.models import Q

from agreements.models import Agreement
from customers.models import Customer


def attach(customer: Customer, reference: str) -> None:
    """Give `customer` the agreements about the ESIIDs held that were sent to the customer's address, or that the link
    with the hash `reference` led to. Call it in the transaction in which the address is known to be the customer's.
    """
    held = customer.holdings.filter(until=None).values("premise")
    sent = Q(email__iexact=customer.user.email)
    if reference:
        sent |= Q(link_hash=reference)
    Agreement.objects.filter(sent, premise__in=held, customer=None).update(customer=customer)

"""A customer's own changes: the profile, and another meter (C3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from customers.esiid_claims import Pair, Refused, find_free, mismatch
from customers.models import Customer, CustomerKind, Holding
from customers.registration import Attach


@dataclass(frozen=True)
class Profile:
    """What a customer may change without anybody's leave; `phone` as E.164 or empty."""

    first_name: str
    middle_initial: str
    last_name: str
    suffix: str
    title: str
    phone: str
    phone_extension: str
    language: str
    company_name: str = ""


@transaction.atomic
def change_profile(customer: Customer, profile: Profile) -> None:
    """Agreements keep what they said on the day of their initiation."""
    user = customer.user
    user.first_name, user.last_name = profile.first_name, profile.last_name
    user.phone, user.phone_extension, user.language = profile.phone, profile.phone_extension, profile.language
    user.save(update_fields=["first_name", "last_name", "phone", "phone_extension", "language"])
    customer.middle_initial, customer.suffix, customer.title = profile.middle_initial, profile.suffix, profile.title
    if customer.kind == CustomerKind.BUSINESS:
        customer.company_name = profile.company_name
    customer.save(update_fields=["middle_initial", "suffix", "title", "company_name"])


def add_meter(
    customer: Customer, pair: Pair, *, network_address: str, attach: Attach, at: datetime | None = None
) -> None:
    """The customer holds the ESIID of `pair` from now on. Raises claiming.Refused, in the same words for every cause.

    The customer's email is confirmed already, so `attach` may bring what waits for it.
    """
    try:
        with transaction.atomic():
            premise = find_free(pair, network_address=network_address, at=at)
            if not isinstance(premise, Refused):
                Holding.objects.create(customer=customer, premise_id=premise, since=at or Now())
                attach(customer, "")
    except IntegrityError as error:  # somebody else took it at the same moment
        raise mismatch() from error
    if isinstance(premise, Refused):
        raise premise

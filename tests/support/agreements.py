"""Agreements made as a third party makes them, by the two actions behind its form."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from accounts.models import User
from agreements import creation
from agreements.models import Agreement, Draft, ReportLength, ReportType
from agreements.request import AgreementRequest, Contact, MeterRow, Person
from customers.models import CustomerKind, EsiidClaim
from meters.models import Meter
from tests.factories import EsiidClaimFactory, MeterFactory, PremiseFactory

CONTACT = Contact(name="James Wilson", phone="+15125550101", email="james@green-energy.example")
ROSA = Person(
    email="rosa@example.net",
    first_name="Rosa",
    last_name="Delgado",
    street="206 Boxwood Drive",
    city="Baytown",
    state="TX",
    zip_code="77520",
    phone="+15125550102",
)


def agreement_request(
    *meters: Meter,
    person: Person = ROSA,
    registered: bool = False,
    kind: CustomerKind = CustomerKind.RESIDENTIAL,
    report_type: str = ReportType.INTERVAL,
    report_length: str = ReportLength.THREE_MONTHS,
) -> AgreementRequest:
    """Return the request about `meters`, one row each."""
    rows = tuple(
        MeterRow(row=number, esiid=meter.premise.esiid, meter_number=meter.number)
        for number, meter in enumerate(meters, 1)
    )
    return AgreementRequest(registered, kind, person, rows, report_type, report_length)


def submit_draft(
    draft: Draft, *, by: User, at: datetime | None = None, attested: bool = True, contact: Contact = CONTACT
) -> list[Agreement]:
    return creation.initiate(draft.pk, by=by, contact=contact, comments="", attested=attested, at=at)


def initiate(
    by: User, *meters: Meter, at: datetime | None = None, contact: Contact = CONTACT, **details
) -> list[Agreement]:
    """Initiate agreements about `meters`, by default one new meter, and return them."""
    request = agreement_request(*(meters or [MeterFactory()]), **details)
    return submit_draft(creation.start_draft(request, by=by, at=at), by=by, at=at, contact=contact)


def initiate_as_contact(user: User, *meters: Meter, **details) -> list[Agreement]:
    """Initiate agreements of which the user is the contact, as page 2 suggests."""
    return initiate(user, *meters, contact=replace(CONTACT, email=user.email), **details)


def registered_customer() -> tuple[EsiidClaim, Meter]:
    """Return the claim of a customer with an account, and the meter at that premise."""
    claim = EsiidClaimFactory()
    return claim, MeterFactory(premise=claim.premise)


def meters_of_homes(count: int, **premise: str) -> list[Meter]:
    """Return a meter for each of `count` residential premises at different addresses; `premise` are their columns."""
    return [
        MeterFactory(premise=PremiseFactory(**{"address": f"{n} Elm St", "premise_type": "Residential"} | premise))
        for n in range(count)
    ]

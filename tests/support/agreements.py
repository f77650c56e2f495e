"""Asking as a third party does, through the same two actions as its form."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from agreements import creation
from agreements.models import Agreement, Draft, ReportLength, ReportType
from agreements.request_data import AgreementRequest, Contact, MeterRow, Person
from customers.models import CustomerKind, EsiidClaim
from meters.models import Meter
from tests.factories import EsiidClaimFactory, MeterFactory

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


def question(
    *meters: Meter,
    person: Person = ROSA,
    registered: bool = False,
    kind: CustomerKind = CustomerKind.RESIDENTIAL,
    report_type: str = ReportType.INTERVAL,
    report_length: str = ReportLength.THREE_MONTHS,
) -> AgreementRequest:
    """What the form gives for `meters`, a row each."""
    rows = tuple(
        MeterRow(row=number, esiid=meter.premise.esiid, meter_number=meter.number)
        for number, meter in enumerate(meters, 1)
    )
    return AgreementRequest(registered, kind, person, rows, report_type, report_length)


def submit(draft: Draft, *, by: User, at: datetime | None = None, attested: bool = True) -> list[Agreement]:
    return creation.initiate(draft.pk, by=by, contact=CONTACT, comments="", attested=attested, at=at).agreements


def ask(by: User, *meters: Meter, at: datetime | None = None, **details) -> list[Agreement]:
    """The agreements that `by` initiates about `meters` (one new meter if none is named)."""
    asked = question(*(meters or [MeterFactory()]), **details)
    return submit(creation.start_draft(asked, by=by, at=at), by=by, at=at)


def registered_customer() -> tuple[EsiidClaim, Meter]:
    """A customer with an account, and the meter at the premise held."""
    claim = EsiidClaimFactory()
    return claim, MeterFactory(premise=claim.premise)

"""What a third party enters on the form: the customer, the meters and the report (T4 to T8)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from agreements.models import Agreement
from customers.models import Customer, CustomerKind
from meters.models import Premise


@dataclass(frozen=True)
class MeterRow:
    """One meter of the form: the row's number on the page (from 1), ESIID and meter number normalized."""

    row: int
    esiid: str
    meter_number: str


@dataclass(frozen=True)
class Person:
    """A customer's name, address and contact data. The form of a registered customer has only `email` (T6)."""

    email: str
    first_name: str = ""
    middle_initial: str = ""
    last_name: str = ""
    title: str = ""
    language: str = "en"
    company_name: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    phone: str = ""  # E.164 or empty

    @classmethod
    def of_customer(cls, customer: Customer, premise: Premise) -> Person:
        """Return a registered customer as recorded, at the address of `premise`."""
        user = customer.user
        return cls(
            first_name=user.first_name, middle_initial=customer.middle_initial, last_name=user.last_name,
            title=customer.title, company_name=customer.company_name,
            language=user.language, email=user.email, phone=str(user.phone or ""),
            street=f"{premise.address} {premise.address_overflow}".strip(),
            city=premise.city, state=premise.state, zip_code=premise.zip_code,
        )  # fmt: skip

    @classmethod
    def of_agreement(cls, agreement: Agreement) -> Person:
        """Return the customer as copied into `agreement`; reverses `columns`."""
        values = {each.name: str(getattr(agreement, each.name, "") or "") for each in fields(cls)}
        return cls(**values | {"company_name": agreement.customer_company_name})

    def columns(self) -> dict[str, str]:
        """Return the columns of an agreement about this customer."""
        columns = asdict(self)
        columns["customer_company_name"] = columns.pop("company_name")
        return columns


@dataclass(frozen=True)
class AgreementRequest:
    """Page 1 of the form, cleaned (T4). A draft stores it as JSON."""

    registered: bool
    kind: CustomerKind
    person: Person
    rows: tuple[MeterRow, ...]
    report_type: str
    report_length: str
    with_utc: bool = False  # the 15-minute CSV also with UTC columns

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, answers: dict[str, Any]) -> AgreementRequest:
        kind, person = CustomerKind(answers["kind"]), Person(**answers["person"])
        rows = tuple(MeterRow(**row) for row in answers["rows"])
        return cls(**answers | {"kind": kind, "person": person, "rows": rows})


@dataclass(frozen=True)
class Contact:
    """The person at the third party who answers the customer's questions (T8); `phone` in E.164."""

    name: str
    phone: str
    email: str

    def columns(self) -> dict[str, str]:
        """Return the columns of an agreement with this contact."""
        return {f"contact_{name}": value for name, value in asdict(self).items()}

"""What a third party sees of a registered customer before the customer has said yes (T6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agreements.models import Agreement
from agreements.request_data import Person
from agreements.states import Status

_WORD = re.compile(r"\S+")
DOTS = "•••"


@dataclass(frozen=True)
class CustomerView:
    """A customer's particulars as one reader may see them."""

    name: str
    company_name: str
    title: str
    address: str
    phone: str
    email: str
    is_masked: bool


def masked(text: str) -> str:
    """The first character of each word and three dots, whatever the word's length: `Jane Akin` is `J••• A•••`."""
    return _WORD.sub(lambda word: word[0][0] + DOTS, text)


def _address(street: str, city: str, state: str, zip_code: str) -> str:
    return f"{street}, {city}, {state} {zip_code}"


def masked_person(person: Person) -> CustomerView:
    """A registered customer as page 2 reads it back: the email is what the third party typed itself."""
    return CustomerView(
        name=masked(f"{person.first_name} {person.last_name}"),
        company_name=masked(person.company_name),
        title="",
        address=f"{masked(person.street)}, {person.zip_code[:5]}",
        phone="",
        email=person.email,
        is_masked=True,
    )


def plain_person(person: Person) -> CustomerView:
    """A customer as the third party typed it."""
    return CustomerView(
        name=" ".join(part for part in (person.first_name, person.middle_initial, person.last_name) if part),
        company_name=person.company_name,
        title=person.title,
        address=_address(person.street, person.city, person.state, person.zip_code),
        phone=person.phone,
        email=person.email,
        is_masked=False,
    )


def customer_for_third_party(agreement: Agreement) -> CustomerView:
    """The agreement's customer as its third party may see it now."""
    person = Person(
        email=agreement.email,
        first_name=agreement.first_name,
        middle_initial=agreement.middle_initial,
        last_name=agreement.last_name,
        title=agreement.title,
        company_name=agreement.customer_company_name,
        street=agreement.street,
        city=agreement.city,
        state=agreement.state,
        zip_code=agreement.zip_code,
        phone=str(agreement.phone or ""),
    )
    if agreement.was_registered and agreement.status != Status.COMPLETE:
        return masked_person(person)
    return plain_person(person)

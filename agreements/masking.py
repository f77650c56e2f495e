"""What a third party sees of a customer: of a registered one only a masked name before the acceptance (T6)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agreements.models import Agreement
from agreements.request import AgreementRequest, Person, match_meters
from agreements.states import Status
from customers.models import Customer
from lib.phone_numbers import format_phone
from meters.models import Premise

DOTS = "•••"


@dataclass(frozen=True)
class VisibleCustomer:
    """A customer's name, address and contact data as a third party may see them."""

    name: str | Promise
    company_name: str
    title: str
    address: str | Promise
    phone: str
    email: str
    is_masked: bool
    kind: str = ""  # on record, of a registered customer
    is_deleted: bool = False  # after settings.PERSONAL_DATA_RETENTION


def mask_words(text: str) -> str:
    """Return the first character of each word and three dots: `Jane Akin` becomes `J••• A•••`."""
    return re.sub(r"\S+", lambda word: word[0][0] + DOTS, text)


def mask_address(address: str) -> str:
    """Return an email address with the first character of its local part: `rosa@example.net`, `r•••@example.net`."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}{DOTS}@{domain}"


def mask_person(person: Person) -> VisibleCustomer:
    """Mask a registered customer; the email was entered by the third party itself."""
    return VisibleCustomer(
        name=mask_words(f"{person.first_name} {person.last_name}"),
        company_name=mask_words(person.company_name),
        address=f"{mask_words(person.street)}, {person.zip_code[:5]}",
        email=person.email, title="", phone="", is_masked=True,
    )  # fmt: skip


def unmasked_person(person: Person) -> VisibleCustomer:
    return VisibleCustomer(
        name=" ".join(filter(None, (person.first_name, person.middle_initial, person.last_name, person.suffix))),
        address=f"{person.street}, {person.city}, {person.state} {person.zip_code}",
        phone=format_phone(person.phone),
        company_name=person.company_name, title=person.title, email=person.email, is_masked=False,
    )  # fmt: skip


DELETED_CUSTOMER = VisibleCustomer(
    name=_("Name deleted"), company_name="", title="", address=_("Address deleted"), phone="", email="",
    is_masked=False, is_deleted=True,
)  # fmt: skip


def customer_for_third_party(agreement: Agreement) -> VisibleCustomer:
    """Return the agreement's customer as its third party may see them now."""
    if agreement.person_forgotten_at:
        return DELETED_CUSTOMER
    is_masked = agreement.was_registered and agreement.status != Status.COMPLETE
    person = Person.of_agreement(agreement)
    return mask_person(person) if is_masked else unmasked_person(person)


def customer_of_request(request: AgreementRequest) -> VisibleCustomer | None:
    """Return the customer for page 2: as entered, or masked from the record; None if no meter matches any more."""
    if not request.registered:
        return unmasked_person(request.person)
    match = next(iter(match_meters(request).values()), None)
    if match is None:
        return None
    customer = Customer.objects.select_related("user").get(pk=match.customer_id or 0)
    person = Person.of_customer(customer, Premise.objects.get(pk=match.premise_id))
    return replace(mask_person(person), kind=customer.get_kind_display())

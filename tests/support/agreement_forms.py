"""The data that a browser posts for page 1 and page 2 of the form."""

from __future__ import annotations

from meters.models import Meter
from tests.support.third_party_pages import page_text

NEW = "/agreements/new/"

UNREGISTERED = {
    "registered": "no",
    "kind": "residential",
    "first_name": "Rosa",
    "middle_initial": "M.",
    "last_name": "Delgado",
    "title": "Ms.",
    "language": "es",
    "company_name": "",
    "street": "206 Boxwood Drive",
    "city": "Baytown",
    "state": "TX",
    "zip_code": "77520",
    "phone": "512-555-0102",
    "email": "rosa@example.net",
    "report_type": "interval",
    "report_length": "3m",
}
EMPTY = dict.fromkeys(UNREGISTERED, "") | {"state": "TX", "language": "en"}
PAGE_2 = {
    "contact_name": "James Wilson",
    "contact_phone": "512-555-0101",
    "contact_email": "james@green-energy.example",
    "comments": "We spoke on the phone.",
    "attested": "on",
}


def rows(*pairs: tuple[str, str], total: int = 3) -> dict[str, str]:
    """The rows of meters: (ESIID, meter number) each as typed; `total` rows are on the form."""
    total = max(total, len(pairs))
    filled = [*pairs, *[("", "")] * (total - len(pairs))]
    data = {"meters-TOTAL_FORMS": str(total), "meters-INITIAL_FORMS": "0"}
    for row, (esiid, meter_number) in enumerate(filled):
        data |= {f"meters-{row}-esiid": esiid, f"meters-{row}-meter_number": meter_number}
    return data


def page_1(*meters: Meter, **changes: str) -> dict[str, str]:
    """Page 1 for an unregistered residential customer with `meters`, except for `changes`."""
    pairs = [(meter.premise.esiid, meter.number) for meter in meters]
    return UNREGISTERED | rows(*pairs) | changes


def page_1_registered(email: str, *meters: Meter, **changes: str) -> dict[str, str]:
    """Page 1 for a registered customer: only the email and the meters."""
    answers = {"registered": "yes", "kind": "residential", "email": email, "report_type": "interval"}
    return page_1(*meters) | EMPTY | answers | {"report_length": "3m"} | changes


def review_of(client, *meters) -> str:
    """The address of page 2 after page 1 about `meters` was right."""
    response = client.post(NEW, page_1(*meters))
    assert response.status_code == 302, page_text(response)
    return response["Location"]


def submit(client, *meters) -> str:
    """The address of the confirmation of agreements about `meters`."""
    response = client.post(review_of(client, *meters), PAGE_2)
    assert response.status_code == 302, page_text(response)
    return response["Location"]

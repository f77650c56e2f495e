"""Several premises in few words."""

from __future__ import annotations

from collections.abc import Iterable

from meters.models import Premise


def group_by_street(premises: Iterable[Premise]) -> list[str]:
    """Return where `premises` are, a line for each street: "12, 14 Main St" (C10).

    Lines and numbers are in the order of `premises`, each address once. What does not begin with a number is alone on
    its line.
    """
    numbers: dict[str, list[str]] = {}
    for premise in premises:
        address = f"{premise.address} {premise.address_overflow}".strip()
        number, _space, street = address.partition(" ")
        if not (number[:1].isdigit() and street):
            number, street = "", address
        listed = numbers.setdefault(street, [])
        if number not in listed:
            listed.append(number)
    return [f"{', '.join(listed)} {street}".strip() for street, listed in numbers.items()]

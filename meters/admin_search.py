"""What staff type to find a premise: its ESIID, its meter's number, or its address (D1)."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from lib.admin_search import SearchKind, find_by
from lib.digits import bare_digits
from meters.identifiers import VISIBLE_DIGITS, normalize_meter_number
from meters.models import Meter, Premise

# Fewer digits can be a meter number, which may begin like an ESIID.
_BEGINNING_OF_ESIID = re.compile(r"10[0-9]{10,20}")
# A house number and at least three characters of the street: an index finds few premises by less than that, too many.
_ADDRESS = re.compile(r"\d[\w/-]* (?=.*[a-z]).{3,}")
# People spell them out, extracts abbreviate them.
_STREET_TYPE = re.compile(r" (avenue|ave|boulevard|blvd|circle|cir|court|ct|drive|dr|lane|ln|road|rd|street|st)\.?$")


def parse_esiid(typed: str) -> str | None:
    """Return the digits of an ESIID, or of its beginning, as people type or paste it."""
    digits = bare_digits(typed)
    return digits if digits and _BEGINNING_OF_ESIID.fullmatch(digits) else None


def parse_esiid_tail(typed: str) -> str | None:
    """Return the last digits of an ESIID as lists show it."""
    digits = bare_digits(typed.lstrip("…•"))
    return digits if digits and len(digits) == VISIBLE_DIGITS else None


def parse_meter_number(typed: str) -> str | None:
    """Return a meter number in the form on record. Words and digits with a space between them are an address."""
    if not typed.isascii() or (" " in typed and re.search(r"[A-Za-z]", typed)):
        return None
    number = normalize_meter_number(typed)
    return number if number and any(map(str.isdigit, number)) else None


def parse_address(typed: str) -> str | None:
    """Return the beginning of a service address in lower case: house number and street, without its type and city."""
    address = " ".join(typed.lower().partition(",")[0].split())
    beginning = _STREET_TYPE.sub("", address)
    return next((each for each in (beginning, address) if _ADDRESS.fullmatch(each)), None)


def by_esiid(lookup: str) -> SearchKind:
    return SearchKind(_("an ESIID"), parse_esiid, find_by(f"{lookup}__startswith"))


def by_address(premise: str) -> SearchKind:
    """Return the search by the beginning of a service address; `premise` leads to the key of the premise."""
    return SearchKind(
        _("a house number and street"),
        parse_address,
        lambda request, records, value: records.filter(
            **{f"{premise}__in": Premise.objects.at_address(value).values("pk")}
        ),
    )


def by_meter_number(premise: str) -> SearchKind:
    """Return the search by a meter's number; `premise` leads to the key of the premise."""
    return SearchKind(
        _("a meter number"),
        parse_meter_number,
        lambda request, records, value: records.filter(
            **{f"{premise}__in": Meter.objects.filter(number=value).values("premise")}
        ),
    )

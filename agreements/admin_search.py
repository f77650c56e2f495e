"""What staff type to find agreements, and emails and reports about them (D1)."""

from __future__ import annotations

import re
from typing import Any

from django.db.models.functions import Lower, Right
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agreements.search import parse_number
from lib.admin_search import SearchKind, find_by, parse_email
from meters.admin_search import by_address, by_meter_number, parse_esiid_tail
from meters.identifiers import VISIBLE_DIGITS, normalize_esiid

_NAME = re.compile(r"[^\W\d_][^\d@]*")


def parse_numbers(typed: str) -> str | None:
    """Return agreement numbers with a space between them."""
    numbers = [parse_number(word) for word in re.split(r"[\s,;]+", typed)]
    return " ".join(filter(None, numbers)) if all(numbers) else None


def parse_name(typed: str) -> str | None:
    """Return a name in lower case: letters, spaces and signs, and no digit."""
    return " ".join(typed.lower().split()) if _NAME.fullmatch(typed) else None


def by_agreement_number(column: str) -> SearchKind:
    return SearchKind(_("an agreement number"), parse_number, find_by(column))


def _find_by_tail(request: HttpRequest, agreements: Any, tail: str) -> Any:
    return agreements.alias(esiid_tail=Right("esiid", VISIBLE_DIGITS)).filter(esiid_tail=tail)


def _find_by_esiid(request: HttpRequest, agreements: Any, esiid: str) -> Any:
    """Ask for the tail first: the indexes of whole ESIIDs are of a company."""
    return _find_by_tail(request, agreements, esiid[-VISIBLE_DIGITS:]).filter(esiid=esiid)


def _find_by_email(request: HttpRequest, agreements: Any, email: str) -> Any:
    return agreements.to_mailbox(email)


def _find_by_name(request: HttpRequest, agreements: Any, name: str) -> Any:
    return agreements.alias(lower_name=Lower("last_name")).filter(lower_name__startswith=name)


BY_NUMBERS = SearchKind(
    _("one or more agreement numbers"),
    parse_numbers,
    lambda request, emails, numbers: emails.filter(about__overlap=numbers.split()),
)
OF_AGREEMENTS = (
    by_agreement_number("number"),
    SearchKind(_("an ESIID"), normalize_esiid, _find_by_esiid),
    SearchKind(_("the last 7 digits of an ESIID"), parse_esiid_tail, _find_by_tail),
    by_meter_number("premise"),
    by_address("premise"),
    SearchKind(_("a full email address"), parse_email, _find_by_email),
    SearchKind(_("a customer's last name or its first letters"), parse_name, _find_by_name),
)

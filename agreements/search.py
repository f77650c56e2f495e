"""The search of a company's agreements: parsing of the entered items and their conditions (T1)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from agreements.models.agreement import NameKey
from lib.digits import bare_digits
from meters.identifiers import normalize_esiid, normalize_meter_number

MOST_ITEMS = 100
WILDCARD = "*"
NUMBER_DIGITS = 12
LONGEST_ESIID = 22
LONGEST_NAME = 60

# Commas separate; so do line ends and what a spreadsheet puts between cells.
_SEPARATORS = re.compile(r"[,;\t\r\n\v\f\x85\u2028\u2029、，；]+")
# What a spreadsheet or a CSV puts around a value: ="104..." and the like.
_WRAPPING = "=\"'“”„‘’`´ "
_INVISIBLE_CATEGORIES = {"Cc", "Cf", "Cs"}


class SearchBy(models.TextChoices):
    NUMBER = "number", _("Agreement number(s)")
    LAST_NAME = "name", _("Customer last name(s)")
    ESIID = "esiid", _("ESIID(s)")
    METER = "meter", _("Meter number(s)")


# Headers of pasted columns, without spaces and punctuation.
_HEADERS = {
    SearchBy.NUMBER: {"agreement", "agreementnumber", "number"},
    SearchBy.LAST_NAME: {"lastname", "customerlastname", "name"},
    SearchBy.ESIID: {"esiid"},
    SearchBy.METER: {"meter", "meternumber"},
}
# `name_key` is null while the third party sees a masked name (T6).
FIELDS = {
    SearchBy.NUMBER: "number",
    SearchBy.LAST_NAME: "name_key",
    SearchBy.ESIID: "esiid",
    SearchBy.METER: "meter_number",
}


@dataclass(frozen=True)
class Item:
    """One value to search for, or the beginning of values."""

    key: str
    is_beginning: bool = False

    def __str__(self) -> str:
        return self.key + WILDCARD * self.is_beginning


@dataclass(frozen=True)
class ParsedItems:
    """The items in a person's text and, as entered, those with a misplaced `*` and those that are no such number."""

    items: tuple[Item, ...]
    misplaced: tuple[str, ...]
    impossible: tuple[str, ...]


@dataclass(frozen=True)
class Search:
    by: SearchBy
    items: tuple[Item, ...]

    @property
    def text(self) -> str:
        return ", ".join(map(str, self.items))

    @property
    def query_string(self) -> str:
        """The search as a URL's query string, as short as possible: a request's first line has a limit."""
        return urlencode({"by": self.by.value, "items": ",".join(map(str, self.items))}, safe=",*")

    def condition(self) -> Q:
        """Return the condition of agreements that match any item. Each part of it has an index."""
        field = FIELDS[self.by]
        values = {item: NameKey(Value(item.key)) if self.by == SearchBy.LAST_NAME else item.key for item in self.items}
        exact = [value for item, value in values.items() if not item.is_beginning]
        condition = Q(**{f"{field}__in": exact}) if exact else Q()
        for item, value in values.items():
            if item.is_beginning:
                condition |= Q(**{f"{field}__startswith": value})
        return condition

    def conditions(self) -> dict[Item, Q]:
        """Return the condition of each item alone."""
        return {item: Search(self.by, (item,)).condition() for item in self.items}


def parse_items(by: SearchBy, text: str) -> ParsedItems:
    """Return the distinct items of `text` in their order, without the header of a pasted column."""
    visible = "".join(
        char for char in text if unicodedata.category(char) not in _INVISIBLE_CATEGORIES or _SEPARATORS.match(char)
    )
    pieces = [" ".join(piece.split()).strip(_WRAPPING) for piece in _SEPARATORS.split(visible)]
    pieces = [piece for piece in pieces if piece]
    if len(pieces) > 1 and re.sub(r"[\W_]", "", pieces[0]).casefold() in _HEADERS[by]:
        del pieces[0]
    items: list[Item] = []
    misplaced: list[str] = []
    impossible: list[str] = []
    for piece in pieces:
        if WILDCARD in piece.removesuffix(WILDCARD) or piece == WILDCARD:
            misplaced.append(piece)
        elif item := parse_item(by, piece):
            items.append(item)
        else:
            # Only spaces may separate several numbers.
            words = piece.split() if by in (SearchBy.NUMBER, SearchBy.ESIID) else []
            parsed = [item for word in words if (item := parse_item(by, word))]
            if words and len(parsed) == len(words):
                items += parsed
            else:
                impossible.append(piece)
    return ParsedItems(tuple(dict.fromkeys(items)), tuple(dict.fromkeys(misplaced)), tuple(dict.fromkeys(impossible)))


def parse_item(by: SearchBy, piece: str) -> Item | None:
    """Return the item that `piece` is, or None if it cannot be one."""
    is_beginning = piece.endswith(WILDCARD)
    text = piece.removesuffix(WILDCARD).strip(_WRAPPING)
    key: str | None = None
    if by == SearchBy.METER:
        key = normalize_meter_number(text)
    elif by == SearchBy.LAST_NAME:
        key = text if len(text) <= LONGEST_NAME and any(map(str.isalpha, text)) else None
    elif by == SearchBy.ESIID and not is_beginning:
        key = normalize_esiid(text)
    elif digits := bare_digits(text):
        longest = NUMBER_DIGITS if by == SearchBy.NUMBER else LONGEST_ESIID
        is_possible = len(digits) <= longest if is_beginning else len(digits) == longest
        key = digits if is_possible else None
    return Item(key, is_beginning) if key else None

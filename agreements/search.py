"""Searching a company's agreements for typed items: what they say, whether they can be meant, what they match (T1)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from agreements.models.name_key import NameKey
from lib.digits import bare_digits
from meters.identifiers import normal_esiid, normal_meter_number

MOST_ITEMS = 100
ANYTHING_AFTER = "*"
NUMBER_DIGITS = 12
LONGEST_ESIID = 22
LONGEST_NAME = 60

# Commas separate; so do the ends of lines and what a spreadsheet puts between cells.
_SEPARATORS = re.compile(r"[,;\t\r\n\v\f\x85\u2028\u2029、，；]+")
# What a spreadsheet or a CSV puts around a value: ="104..." and the like.
_WRAPPING = "=\"'“”„‘’`´ "
_UNSEEN = {"Cc", "Cf", "Cs"}


class SearchBy(models.TextChoices):
    NUMBER = "number", _("Agreement number(s)")
    LAST_NAME = "name", _("Customer last name(s)")
    ESIID = "esiid", _("ESIID(s)")
    METER = "meter", _("Meter number(s)")


# Titles of the columns people paste from, without spaces and signs.
_TITLES = {
    SearchBy.NUMBER: {"agreement", "agreementnumber", "number"},
    SearchBy.LAST_NAME: {"lastname", "customerlastname", "name"},
    SearchBy.ESIID: {"esiid"},
    SearchBy.METER: {"meter", "meternumber"},
}


@dataclass(frozen=True)
class Item:
    """One thing to look for; `is_beginning`: everything that begins with it."""

    key: str
    is_beginning: bool = False

    def __str__(self) -> str:
        return self.key + ANYTHING_AFTER * self.is_beginning


@dataclass(frozen=True)
class Typed:
    """What a person's text holds: the items, and as typed what stands wrong around a `*` and what cannot be meant."""

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
        """The search as an address's query string, without a byte to spare: a request's first line has a limit."""
        return urlencode({"by": self.by.value, "items": ",".join(map(str, self.items))}, safe=",*")

    def condition(self) -> Q:
        """What agreements that match any item have in common. Each part of it has an index."""
        field = FIELDS[self.by]
        whole = [self._value(item) for item in self.items if not item.is_beginning]
        found = Q(**{f"{field}__in": whole}) if whole else Q()
        for item in self.items:
            if item.is_beginning:
                found |= Q(**{f"{field}__startswith": self._value(item)})
        return found

    def conditions(self) -> dict[Item, Q]:
        """The condition of each item alone."""
        return {item: Search(self.by, (item,)).condition() for item in self.items}

    def _value(self, item: Item) -> str | NameKey:
        return NameKey(Value(item.key)) if self.by == SearchBy.LAST_NAME else item.key


# By a name only where the third party may read it (T6): `name_key` has no other.
FIELDS = {
    SearchBy.NUMBER: "number",
    SearchBy.LAST_NAME: "name_key",
    SearchBy.ESIID: "esiid",
    SearchBy.METER: "meter_number",
}


def read(by: SearchBy, typed: str) -> Typed:
    """The items of `typed`, each once, in their order. A column's title at the top of a pasted column is left out."""
    pieces = [piece for piece in map(_bare, _SEPARATORS.split(_seen(typed))) if piece]
    if pieces and re.sub(r"[\W_]", "", pieces[0]).casefold() in _TITLES[by] and len(pieces) > 1:
        del pieces[0]
    items: list[Item] = []
    misplaced: list[str] = []
    impossible: list[str] = []
    for piece in pieces:
        if ANYTHING_AFTER in piece.removesuffix(ANYTHING_AFTER) or piece == ANYTHING_AFTER:
            misplaced.append(piece)
        elif found := _items(by, piece):
            items += found
        else:
            impossible.append(piece)
    return Typed(tuple(dict.fromkeys(items)), tuple(dict.fromkeys(misplaced)), tuple(dict.fromkeys(impossible)))


def _seen(typed: str) -> str:
    """Without characters that nobody sees, such as the mark at the beginning of a CSV."""
    return "".join(one for one in typed if unicodedata.category(one) not in _UNSEEN or _SEPARATORS.match(one))


def _bare(piece: str) -> str:
    return " ".join(piece.split()).strip(_WRAPPING)


def _items(by: SearchBy, piece: str) -> list[Item]:
    """The item that `piece` is, or the items where only spaces separate several; none if it cannot be one."""
    if item := _item(by, piece):
        return [item]
    words = [_item(by, word) for word in piece.split()] if by in (SearchBy.NUMBER, SearchBy.ESIID) else []
    return [] if None in words else [word for word in words if word]


def _item(by: SearchBy, piece: str) -> Item | None:
    is_beginning = piece.endswith(ANYTHING_AFTER)
    key = _key(by, piece.removesuffix(ANYTHING_AFTER).strip(_WRAPPING), is_beginning)
    return Item(key, is_beginning) if key else None


def _key(by: SearchBy, piece: str, is_beginning: bool) -> str | None:
    match by:
        case SearchBy.NUMBER:
            return _digits(piece, 1 if is_beginning else NUMBER_DIGITS, NUMBER_DIGITS)
        case SearchBy.ESIID:
            return _digits(piece, 1, LONGEST_ESIID) if is_beginning else normal_esiid(piece)
        case SearchBy.METER:
            return normal_meter_number(piece)
        case SearchBy.LAST_NAME:
            return piece if len(piece) <= LONGEST_NAME and any(map(str.isalpha, piece)) else None


def _digits(piece: str, least: int, most: int) -> str | None:
    digits = bare_digits(piece)
    return digits if digits and least <= len(digits) <= most else None

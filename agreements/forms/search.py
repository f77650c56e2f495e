"""The search for agreements: the form, parsing of the entered items, and their conditions (T1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, Value
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.models.name_key import NameKey
from lib.action_forms import ShowsRefusals
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
    NUMBER = "number", gettext_lazy("Agreement number(s)")
    LAST_NAME = "name", gettext_lazy("Customer last name(s)")
    ESIID = "esiid", gettext_lazy("ESIID(s)")
    METER = "meter", gettext_lazy("Meter number(s)")


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


# Web servers refuse a request whose first line has 4,094 characters or more.
LONGEST_QUERY = 3600
NAMED_AT_MOST = 10

_RULES: dict[SearchBy, Promise] = {
    SearchBy.NUMBER: gettext_lazy(
        "Enter agreement numbers with 12 digits, such as 102512000233, or the first digits "
        "followed by *, such as 102*. Check: %(items)s."
    ),
    SearchBy.LAST_NAME: gettext_lazy(
        "Enter last names only, with up to 60 characters, separated by commas. Check: %(items)s."
    ),
    SearchBy.ESIID: gettext_lazy(
        "Enter ESIIDs with 17 or 22 digits, or the first digits followed by *, such as 10443*. Check: %(items)s."
    ),
    SearchBy.METER: gettext_lazy(
        "Enter meter numbers with up to 20 letters and numbers, or the first characters followed "
        "by *, such as 1040*. Check: %(items)s."
    ),
}


class SearchForm(ShowsRefusals):
    required_messages = {
        "by": gettext_lazy("Choose what to search by."),
        "items": gettext_lazy("Enter what to search for, such as 102*."),
    }

    by = forms.ChoiceField(
        label=gettext_lazy("Select type of agreement search criteria"),
        choices=SearchBy.choices,
        initial=SearchBy.NUMBER,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("Choose what to search by from the list.")},
    )
    items = forms.CharField(
        label=gettext_lazy("Enter one or more search items"),
        help_text=gettext_lazy(
            "Up to 100 items, separated by commas. To search by the first characters, add *, such as 102*."
        ),
        widget=forms.Textarea({"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        # No check of invisible characters: parsing drops them.
        self.fields["items"].validators = []
        self.parsed = ParsedItems((), (), ())

    def search(self) -> Search:
        """Return the search of a valid form."""
        return Search(SearchBy(self.cleaned_data["by"]), self.parsed.items)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "by" not in data or not data.get("items"):
            return data
        by = SearchBy(data["by"])
        parsed = self.parsed = parse_items(by, data["items"])
        problems = []
        if parsed.misplaced:
            message = _("Put * only at the end of an item, after at least one character. Check: %(items)s.")
            problems.append(message % {"items": list_items(parsed.misplaced)})
        if parsed.impossible:
            problems.append(str(_RULES[by]) % {"items": list_items(parsed.impossible)})
        count = len(parsed.items) + len(parsed.misplaced) + len(parsed.impossible)
        if count > MOST_ITEMS:
            message = _("Enter %(most)d items or fewer. You entered %(count)d.")
            problems.append(message % {"count": count, "most": MOST_ITEMS})
        elif not count:
            problems.append(str(self.fields["items"].error_messages["required"]))
        elif len(Search(by, parsed.items).query_string) > LONGEST_QUERY:
            problems.append(_("Enter fewer items. Together, these are too long."))
        for problem in problems:
            self.add_error("items", ValidationError(problem, code="items"))
        return data


def list_items(items: Sequence[str]) -> str:
    """Return the first items, long ones shortened, and the number of the others."""
    text = ", ".join(item if len(item) <= 40 else f"{item[:40]}…" for item in items[:NAMED_AT_MOST])
    more = len(items) - NAMED_AT_MOST
    return _("%(items)s and %(count)d more") % {"items": text, "count": more} if more > 0 else text

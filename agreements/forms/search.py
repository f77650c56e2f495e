"""The form of the search for agreements, and the parsing of the entered items (T1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.models.search_key import PART_LENGTH
from agreements.search import NUMBER_DIGITS, WILDCARD, Item, Search, SearchBy, count_letters
from lib.action_forms import ShowsRefusals
from lib.digits import bare_digits
from meters.identifiers import normalize_esiid, normalize_meter_number

MOST_ITEMS = 100
LONGEST_ESIID = 22
LONGEST_TEXT = 60
LONGEST_EMAIL = 254

# Commas separate; so do line ends and what a spreadsheet puts between cells.
_SEPARATORS = re.compile(r"[,;\t\r\n\v\f\x85\u2028\u2029、，；]+")
_SEPARATORS_OF_ADDRESSES = re.compile(r"[;\t\r\n\v\f\x85\u2028\u2029；]+")  # an address has commas
# What a spreadsheet or a CSV puts around a value: ="104..." and the like.
_WRAPPING = "=\"'“”„‘’`´ "
_INVISIBLE_CATEGORIES = {"Cc", "Cf", "Cs"}


# Headers of pasted columns, without spaces and punctuation.
_HEADERS = {
    SearchBy.NUMBER: {"agreement", "agreementnumber", "number"},
    SearchBy.LAST_NAME: {"lastname", "customerlastname", "name", "customer", "customername"},
    SearchBy.ESIID: {"esiid"},
    SearchBy.METER: {"meter", "meternumber"},
    SearchBy.EMAIL: {"email", "emailaddress"},
    SearchBy.ADDRESS: {"address", "serviceaddress"},
}


@dataclass(frozen=True)
class ParsedItems:
    """The items in a person's text and, as entered, those with a misplaced `*` and those that are no such number."""

    items: tuple[Item, ...]
    misplaced: tuple[str, ...]
    impossible: tuple[str, ...]


def parse_items(by: SearchBy, text: str) -> ParsedItems:
    """Return the distinct items of `text` in their order, without the header of a pasted column."""
    separators = _SEPARATORS_OF_ADDRESSES if by == SearchBy.ADDRESS else _SEPARATORS
    visible = "".join(
        char for char in text if unicodedata.category(char) not in _INVISIBLE_CATEGORIES or separators.match(char)
    )
    pieces = [" ".join(piece.split()).strip(_WRAPPING) for piece in separators.split(visible)]
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
        key = text if len(text) <= LONGEST_TEXT and any(map(str.isalpha, text)) else None
    elif by == SearchBy.ADDRESS:
        key = text if len(text) <= LONGEST_TEXT and count_letters(text) >= PART_LENGTH else None
    elif by == SearchBy.EMAIL:
        is_possible = len(text) <= LONGEST_EMAIL and (is_beginning or "@" in text.strip("@")) and " " not in text
        key = text.lower() if is_possible else None
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
        "Enter names with letters, up to 60 characters each, separated by commas. Check: %(items)s."
    ),
    SearchBy.ESIID: gettext_lazy(
        "Enter ESIIDs with 17 or 22 digits, or the first digits followed by *, such as 10443*. Check: %(items)s."
    ),
    SearchBy.METER: gettext_lazy(
        "Enter meter numbers with up to 20 letters and numbers, or the first characters followed "
        "by *, such as 1040*. Check: %(items)s."
    ),
    SearchBy.EMAIL: gettext_lazy(
        "Enter whole email addresses, or the first characters followed by *, such as rosa.d*. Check: %(items)s."
    ),
    SearchBy.ADDRESS: gettext_lazy(
        "Enter at least 3 and at most 60 characters of each address, separated by semicolons. Check: %(items)s."
    ),
}


class SearchForm(ShowsRefusals):
    required_messages = {
        "by": gettext_lazy("Choose what to search by."),
        "items": gettext_lazy("Enter what to search for, such as 102*."),
    }

    by = forms.ChoiceField(
        label=gettext_lazy("Search by"),
        choices=SearchBy.choices,
        initial=SearchBy.LAST_NAME,
        error_messages={"invalid_choice": gettext_lazy("Choose what to search by from the list.")},
    )
    items = forms.CharField(
        label=gettext_lazy("Search for"),
        help_text=gettext_lazy(
            "Up to 100, separated by commas. End with * to search by the first characters, for example 1128*."
        ),
        widget=forms.Textarea({"rows": 1, "autocomplete": "off", "spellcheck": "false"}),
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

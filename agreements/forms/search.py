"""The search for agreements (T1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.search import MOST_ITEMS, ParsedItems, Search, SearchBy, parse_items
from lib.action_forms import ShowsRefusals

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

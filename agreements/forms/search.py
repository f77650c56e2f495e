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

from agreements.search import MOST_ITEMS, Search, SearchBy, Typed, read
from lib.error_summary import ErrorLink, error_links

# A server refuses a first line of 4,094 characters or more in words that are not ours.
LONGEST_QUERY = 3600
NAMED_AT_MOST = 10

_RULES: dict[SearchBy, Promise] = {
    SearchBy.NUMBER: gettext_lazy(
        "Not an agreement number: %(items)s. It has 12 digits, such as 102512000233. "
        "To search by its beginning, put * after it, such as 102*."
    ),
    SearchBy.LAST_NAME: gettext_lazy(
        "Not a last name: %(items)s. It has letters, and 60 characters at most. "
        "Commas separate names, so type the last name only."
    ),
    SearchBy.ESIID: gettext_lazy(
        "Not an ESIID: %(items)s. It has 17 or 22 digits. To search by its beginning, put * after it, such as 10443*."
    ),
    SearchBy.METER: gettext_lazy(
        "Not a meter number: %(items)s. It has up to 20 letters and digits. "
        "To search by its beginning, put * after it, such as 1040*."
    ),
}


class SearchForm(forms.Form):
    """What to look for. A valid one gives a `search()`."""

    use_required_attribute = False

    by = forms.ChoiceField(
        label=gettext_lazy("Select type of agreement search criteria"),
        choices=SearchBy.choices,
        initial=SearchBy.NUMBER,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose what you search by."),
            "invalid_choice": gettext_lazy("Choose what you search by from the list."),
        },
    )
    items = forms.CharField(
        label=gettext_lazy("Type one or more search items"),
        help_text=gettext_lazy(
            "Separated by commas, 100 at most. Put * after the beginning of an item to find all that begin with it, "
            "such as 102*."
        ),
        error_messages={
            "required": gettext_lazy("Type what you search for, such as 102*.")
        },
        widget=forms.Textarea({"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        # Its own checks leave nothing of what nobody sees, and say in plain words what they refuse.
        self.fields["items"].validators = []
        self._items: Typed | None = None

    def search(self) -> Search:
        """Of a valid form."""
        assert self._items is not None
        return Search(SearchBy(self.cleaned_data["by"]), self._items.items)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "by" in data and data.get("items"):
            self._items = read(SearchBy(data["by"]), data["items"])
            for problem in self._problems(SearchBy(data["by"]), self._items):
                self.add_error("items", ValidationError(problem, code="items"))
        return data

    def _problems(self, by: SearchBy, typed: Typed) -> list[str]:
        problems = []
        if typed.misplaced:
            problems.append(
                _("Put * only at the end of an item, after at least one character. This cannot be: %(items)s.")
                % {"items": _named(typed.misplaced)}
            )
        if typed.impossible:
            problems.append(str(_RULES[by]) % {"items": _named(typed.impossible)})
        count = sum(map(len, (typed.items, typed.misplaced, typed.impossible)))
        if count > MOST_ITEMS:
            problems.append(
                _("You typed %(count)d items. Search for %(most)d at most at a time.")
                % {"count": count, "most": MOST_ITEMS}
            )
        elif not count:
            problems.append(str(self.fields["items"].error_messages["required"]))
        elif len(Search(by, typed.items).query_string) > LONGEST_QUERY:
            problems.append(_("These items are too long together. Search for fewer of them at a time."))
        return problems

    def problems(self) -> list[ErrorLink]:
        return error_links(self) if self.is_bound else []


def _named(items: Sequence[str]) -> str:
    """The first items, each not too long to be read."""
    named = ", ".join(item if len(item) <= 40 else f"{item[:40]}…" for item in items[:NAMED_AT_MOST])
    more = len(items) - NAMED_AT_MOST
    return _("%(items)s and %(count)d more") % {"items": named, "count": more} if more > 0 else named

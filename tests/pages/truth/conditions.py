"""Whether a condition of table.toml holds, and whether a sentence names the days and times that it has to name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.utils import formats, timezone, translation

from lib.central_time import CENTRAL
from tests.pages.truth.facts import AgreementFacts, Fact

FORMATS = ("DATE_FORMAT", "SHORT_DATE_FORMAT", "DATETIME_FORMAT", "SHORT_DATETIME_FORMAT")


def spellings(value: object, language: str) -> set[str]:
    """Return how `value` may be written in `language`: a day or a moment in each of the portal's formats."""
    if not isinstance(value, date):
        return {str(value)}
    with translation.override(language), timezone.override(CENTRAL):
        is_moment = isinstance(value, datetime)
        local = timezone.localtime(value) if isinstance(value, datetime) else value
        names = FORMATS if is_moment else FORMATS[:2]
        return {" ".join(formats.date_format(local, name).split()) for name in names}


def holds(facts: AgreementFacts, condition: str, values: Mapping[str, str], language: str) -> bool:
    """Return whether each fact of `condition`, such as "ready, not suspended", holds and `values` are what it says."""
    for name in condition.split(", "):
        fact: Fact = getattr(facts, name.removeprefix("not "))
        if name.startswith("not "):
            if fact:
                return False
        elif not fact:
            return False
        elif isinstance(fact, Mapping):
            said = {key: value for key, value in fact.items() if key in values}
            if any(values[key] not in spellings(value, language) for key, value in said.items()):
                return False
    return True

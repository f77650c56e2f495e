"""Searches of the administration's lists: the form of what was typed decides which indexed column is asked (D1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class SearchKind:
    """Something that a list can be searched for.

    `name` has its article, for a sentence. `parse` returns the value to ask for, or None if the text is something
    else. `find` asks one question that an index answers.
    """

    name: str | Promise
    parse: Callable[[str], str | None]
    find: Callable[[HttpRequest, QuerySet[Any], str], QuerySet[Any]]


def list_kinds(kinds: tuple[SearchKind, ...]) -> str:
    """Return "an agreement number, an ESIID, or an email address"."""
    names = [str(kind.name) for kind in kinds]
    if len(names) < 3:
        return gettext(" or ").join(names)
    return gettext("%(names)s, or %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}


def find_by(lookup: str) -> Callable[[HttpRequest, QuerySet[Any], str], QuerySet[Any]]:
    """Return the `find` of a kind that is one lookup."""
    return lambda request, records, value: records.filter(**{lookup: value})


def parse_email(typed: str) -> str | None:
    """Return a whole email address in lower case."""
    return typed.lower() if _EMAIL.fullmatch(typed) else None


def by_email(column: str) -> SearchKind:
    """Return the search by an email address; its index is on the column in lower case."""
    return SearchKind(
        _("a full email address"),
        parse_email,
        lambda request, records, value: records.alias(lower_email=Lower(column)).filter(lower_email=value),
    )

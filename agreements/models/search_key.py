"""What the third party's search by name and service address reads: parts of three letters, in one index (T1, T6).

PostgreSQL's extension for this is not in the embedded server, and its index would not know the company.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from agreements.models.name_key import NAME_IS_VISIBLE, NameKey

PART_LENGTH = 3


class SearchParts(models.Func):
    """The parts of PART_LENGTH characters of a text, each with the company's id; an SQL function of migration 0005."""

    function = "search_parts"
    arity = 2
    output_field = ArrayField(models.TextField())


class JoinedText(models.Func):
    """Texts with a space between them."""

    template = "(%(expressions)s)"
    arg_joiner = " || ' ' || "
    output_field = models.TextField()


NAME_TEXT = JoinedText(NameKey(JoinedText("first_name", "last_name")), NameKey("customer_company_name"))
ADDRESS_TEXT = JoinedText(NameKey("street"), NameKey("city"), "zip_code")


def search_index(text: JoinedText, name: str) -> GinIndex:
    """Return the index of the parts of `text`, without customers whose particulars are masked (T6)."""
    return GinIndex(SearchParts("company_id", text), name=name, condition=NAME_IS_VISIBLE)

"""The search of a company's agreements: one indexed query, whatever is entered (T1, T6)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db import models
from django.db.models import BooleanField, ExpressionWrapper, Q, Value
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy

from agreements.models import AgreementQuerySet, AgreementStage
from agreements.models.name_key import NAME_IS_VISIBLE, NameKey
from agreements.models.search_key import ADDRESS_TEXT, NAME_TEXT, PART_LENGTH, SearchParts
from lib.digits import bare_digits
from lib.planner import without_scans

WILDCARD = "*"
MOST_FOUND = 1000
NUMBER_DIGITS = 12


class SearchBy(models.TextChoices):
    LAST_NAME = "name", gettext_lazy("Customer name")
    NUMBER = "number", gettext_lazy("Agreement number")
    ESIID = "esiid", gettext_lazy("ESIID")
    METER = "meter", gettext_lazy("Meter number")
    EMAIL = "email", gettext_lazy("Email")
    ADDRESS = "address", gettext_lazy("Service address")


# What else is searched as it is on record, each by an index that begins with the company.
COLUMNS = {
    SearchBy.NUMBER: "number",
    SearchBy.ESIID: "esiid",
    SearchBy.METER: "meter_number",
    SearchBy.EMAIL: "email_key",
}
TEXTS = {SearchBy.LAST_NAME: NAME_TEXT, SearchBy.ADDRESS: ADDRESS_TEXT}


def parse_number(typed: str) -> str | None:
    """Return the agreement number that `typed` is, without spaces and signs, or None."""
    digits = bare_digits(typed)
    return digits if digits and len(digits) == NUMBER_DIGITS else None


@dataclass(frozen=True)
class Item:
    """One value to search for, or the beginning of values."""

    key: str
    is_beginning: bool = False

    def __str__(self) -> str:
        return self.key + WILDCARD * self.is_beginning

    @property
    def words(self) -> list[str]:
        """The words that are found anywhere in a text; the item as one word if all of them are too short for that."""
        words = self.key.split()
        return words if any(count_letters(word) >= PART_LENGTH for word in words) else ["".join(words)]


@dataclass(frozen=True)
class FoundAgreement:
    """What filters, orders and counts need of an agreement that was found."""

    pk: int
    number: str
    initiated_at: datetime
    expires_at: datetime
    name_key: str | None
    stage: AgreementStage
    is_overdue: bool


FOUND_FIELDS = ("pk", "number", "initiated_at", "expires_at", "name_key", "stage", "overdue")
OVERDUE = ExpressionWrapper(Q(stage=AgreementStage.WAITING, expires_at__lt=Now()), output_field=BooleanField())


def found_agreements(agreements: AgreementQuerySet, most: int) -> list[FoundAgreement]:
    """Return at most `most` of `agreements` as FoundAgreement."""
    rows = agreements.annotate(overdue=OVERDUE).values_list(*FOUND_FIELDS)[:most]
    return [FoundAgreement(*row) for row in rows]


@dataclass(frozen=True)
class SearchResult:
    """The agreements that match, at most MOST_FOUND, and the items that match none."""

    agreements: list[FoundAgreement]
    missing_items: list[Item]
    is_cut: bool


@dataclass(frozen=True)
class Search:
    by: SearchBy
    items: tuple[Item, ...]

    @property
    def text(self) -> str:
        return ("; " if self.by == SearchBy.ADDRESS else ", ").join(map(str, self.items))

    @property
    def query_string(self) -> str:
        """The search as a URL's query string, as short as possible: a request's first line has a limit."""
        separator = ";" if self.by == SearchBy.ADDRESS else ","
        return urlencode({"by": self.by.value, "items": separator.join(map(str, self.items))}, safe=",*")

    def run(self, agreements: AgreementQuerySet, company_id: int) -> SearchResult:
        """Search the company's `agreements`; each part of the one query reads at most MOST_FOUND + 1 of its index."""
        queries = [query[: MOST_FOUND + 1] for query in self.queries(agreements, company_id)]
        first, *others = queries
        query = first.union(*others, all=True)[: MOST_FOUND + 1] if others else first
        with self.by_its_index():
            rows = list(query)
        found = {row[0]: FoundAgreement(*row[:-1]) for row in rows}
        is_cut = len(rows) > MOST_FOUND
        matched = {row[-1] for row in rows}
        missing = [] if is_cut else [item for item in self.items if item.key.lower() not in matched]
        return SearchResult(list(found.values())[:MOST_FOUND], missing, is_cut)

    def by_its_index(self) -> AbstractContextManager[None]:
        """Make the planner use the index: one for beginnings is read in order, one for parts only as a bitmap."""
        return without_scans("seqscan", "bitmapscan" if self.by in COLUMNS else "indexscan")

    def queries(self, agreements: AgreementQuerySet, company_id: int) -> Iterator[models.QuerySet]:
        """Yield queries that together find all, of rows as FoundAgreement has them and the key of the item."""
        agreements = agreements.order_by().annotate(email_key=Lower("email"), overdue=OVERDUE)
        fields = (*FOUND_FIELDS, "item")
        whole = [item.key for item in self.items if not item.is_beginning]
        if self.by in COLUMNS and whole:
            column = COLUMNS[self.by]
            yield agreements.filter(**{f"{column}__in": whole}).annotate(item=Lower(column)).values_list(*fields)
        for item in self.items:
            if self.by not in COLUMNS or item.is_beginning:
                matching = self._matching(agreements, item, company_id)
                yield matching.annotate(item=Value(item.key.lower())).values_list(*fields)

    def _matching(self, agreements: AgreementQuerySet, item: Item, company_id: int) -> AgreementQuerySet:
        """Return those that match an item which is a beginning, or a part of a name or address."""
        if self.by in COLUMNS:
            return agreements.filter(**{f"{COLUMNS[self.by]}__startswith": item.key})
        words = item.words
        is_short = max(map(count_letters, words)) < PART_LENGTH
        if self.by == SearchBy.LAST_NAME and (item.is_beginning or is_short):
            return agreements.filter(name_key__startswith=NameKey(Value(item.key)))
        text = TEXTS[self.by]
        agreements = agreements.filter(NAME_IS_VISIBLE).alias(text=text, parts=SearchParts("company_id", text))
        for word in words:
            key = NameKey(Value(word))
            agreements = agreements.filter(text__contains=key)
            if count_letters(word) >= PART_LENGTH:
                agreements = agreements.filter(parts__contains=SearchParts(Value(company_id), key))
        return agreements


def count_letters(text: str) -> int:
    """Return how many letters and digits are left of `text` in a key, as the SQL function name_key leaves them."""
    return sum(map(str.isalnum, unicodedata.normalize("NFKD", text).casefold()))

"""Pages of a long list that begin beyond a row, not at a number: an index reads each, however far it is (O9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models
from django.db.models import F, Func, Value


class RowComparison(Func):
    """`ROW(a, b) > ROW(1, 2)`, which one index on these columns answers."""

    template = "%(expressions)s"
    output_field = models.BooleanField()
    conditional = True

    def __init__(self, fields: Sequence[str], values: Sequence[Any], operator: str) -> None:
        columns, constants = Func(*map(F, fields), function="ROW"), Func(*map(Value, values), function="ROW")
        for row in (columns, constants):
            row.output_field = models.TextField()  # of a row there is none; nothing reads it
        super().__init__(columns, constants, arg_joiner=f" {operator} ")


@dataclass(frozen=True)
class Span:
    """Rows in the order of `fields`, all in one direction; if `null_field` is given, those in which it is null or not.

    The last field is unique. An index begins with what the querysets filter and goes on with `fields`.
    """

    fields: tuple[str, ...]
    is_descending: bool = False
    null_field: str = ""
    is_null: bool = False

    def contains(self, row: Any) -> bool:
        return not self.null_field or (getattr(row, self.null_field) is None) == self.is_null

    def key(self, row: Any) -> tuple[Any, ...]:
        """Return the values by which `row` of this span is sorted."""
        return tuple(getattr(row, field) for field in self.compared)

    @property
    def compared(self) -> tuple[str, ...]:
        return tuple(field for field in self.fields if not (self.is_null and field == self.null_field))


Order = tuple[Span, ...]


class Part(Protocol):
    """Some of the rows of a list."""

    def read(self, span: Span, beyond: Any, limit: int, *, is_descending: bool) -> list[Any]:
        """Return at most `limit` rows of `span`, those beyond a row if there is one."""


class QueriedPart:
    """The rows of a queryset, read by an index."""

    def __init__(self, queryset: models.QuerySet[Any]) -> None:
        self.queryset = queryset

    def read(self, span: Span, beyond: Any, limit: int, *, is_descending: bool) -> list[Any]:
        rows = self.queryset
        if span.null_field:
            rows = rows.filter(**{f"{span.null_field}__isnull": span.is_null})
        if beyond is not None:
            rows = rows.filter(RowComparison(span.compared, span.key(beyond), "<" if is_descending else ">"))
        # A null field is sorted by, too: otherwise PostgreSQL does not see that the index has this order.
        return list(rows.order_by(*(f"-{field}" if is_descending else field for field in span.fields))[:limit])


class ListedPart:
    """A few rows that were read already."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self.rows = list(rows)

    def read(self, span: Span, beyond: Any, limit: int, *, is_descending: bool) -> list[Any]:
        rows = sorted(filter(span.contains, self.rows), key=span.key, reverse=is_descending)
        if beyond is not None:
            key = span.key(beyond)
            rows = [row for row in rows if (span.key(row) < key if is_descending else span.key(row) > key)]
        return rows[:limit]


def read_rows(parts: Sequence[Part], order: Order, beyond: Any, limit: int, *, backwards: bool = False) -> list[Any]:
    """Return at most `limit` rows of `parts`, which have none in common, beyond a row or from the beginning.

    `backwards`: those before it, the nearest first.
    """
    spans = order[::-1] if backwards else order
    first = next(place for place, span in enumerate(spans) if beyond is None or span.contains(beyond))
    rows: list[Any] = []
    for place, span in enumerate(spans[first:]):
        is_descending, wanted = span.is_descending != backwards, limit - len(rows)
        start = beyond if place == 0 else None
        found = [row for part in parts for row in part.read(span, start, wanted, is_descending=is_descending)]
        if len(parts) > 1:
            found.sort(key=span.key, reverse=is_descending)
        rows += found[:wanted]
        if len(rows) == limit:
            break
    return rows


@dataclass(frozen=True)
class KeysetPage:
    """Rows of a list; the next page begins after the last row, the previous one ends before the first."""

    rows: list[Any]
    has_previous: bool
    has_next: bool


def read_page(parts: Sequence[Part], order: Order, size: int, *, after: Any = None, before: Any = None) -> KeysetPage:
    """Return the page after or before a row, or the first one; a page before is never shorter than the first one."""
    if before is not None:
        rows = read_rows(parts, order, before, size + 1, backwards=True)
        if len(rows) > size:
            return KeysetPage(rows[:size][::-1], has_previous=True, has_next=True)
        after = None
    rows = read_rows(parts, order, after, size + 1)
    return KeysetPage(rows[:size], has_previous=after is not None, has_next=len(rows) > size)

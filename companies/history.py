"""The history of a company and its users (T13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.db.models.functions import Now

from accounts.models import User
from companies.models import Company, CompanyEvent, CompanyEventKind


def record_event(
    company: Company,
    kind: CompanyEventKind,
    *,
    by: User | None,
    about: User | None = None,
    changes: Mapping[str, list[Any]] | None = None,
    at: datetime | None = None,
) -> None:
    """Write one line of the company's history; `changes` maps a field to [before, after]."""
    CompanyEvent.objects.create(company=company, kind=kind, by=by, about=about, changes=changes or {}, at=at or Now())


def compare_fields(row: Model, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return those of `values` that differ from the row's, as field -> [before, after] for JSON."""
    changes = {}
    for field, value in values.items():
        both = [item if isinstance(item, bool) else str(item or "") for item in (getattr(row, field), value)]
        if both[0] != both[1]:
            changes[field] = both
    return changes

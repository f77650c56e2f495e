"""Tables whose rows are never changed: a database trigger refuses UPDATE, and DELETE outside retention (L8, D3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pgtrigger
from django.db import connection, transaction


def append_only(name: str) -> pgtrigger.Trigger:
    """Return the trigger for a model's `Meta.triggers`; it raises restrict_violation (SQLSTATE 23001)."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func="""
            IF TG_OP = 'DELETE' AND current_setting('smt.retention', true) = 'on' THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'Rows of % are never changed or deleted.', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        """,
    )


@contextmanager
def retention() -> Iterator[None]:
    """Run one transaction in which rows of append-only tables may be deleted, because their time is over (X6)."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL smt.retention = 'on'")
        yield

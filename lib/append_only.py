"""Tables whose rows are never changed: a database trigger refuses UPDATE, and DELETE outside retention (L8, D3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pgtrigger
from django.db import connection, transaction

# Whatever a process of the portal does, it deletes no younger row: only the tables' owner could. Shorter than every
# retention time, counted from the last thing that can happen to what ended (X6).
KEPT_DAYS = 1000


def append_only(name: str) -> pgtrigger.Trigger:
    """Return the trigger for `Meta.triggers` of a model with `at`; it raises restrict_violation (SQLSTATE 23001)."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            IF TG_OP = 'DELETE' AND current_setting('smt.retention', true) = 'on' AND (
                OLD.at < now() - interval '{KEPT_DAYS} days'
                OR pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
            ) THEN
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

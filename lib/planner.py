"""Queries of which PostgreSQL's planner must not guess that the first rows it reads will do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from django.db import connection, transaction


@contextmanager
def without_scans(*kinds: Literal["seqscan", "indexscan", "bitmapscan"]) -> Iterator[None]:
    """Let the planner use these kinds of scans only if there is no other way.

    For a query with a limit whose condition many rows meet, it may read the table from its beginning, although those
    rows may all be at its end.
    """
    switch = "SELECT " + ", ".join(f"set_config('enable_{kind}', %s, true)" for kind in kinds)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(switch, ["off"] * len(kinds))
        yield
        cursor.execute(switch, ["on"] * len(kinds))

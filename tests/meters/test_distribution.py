"""Usage can be distributed over machines by premise: by its keys and its queries (docs/scale.md)."""

from __future__ import annotations

import pytest
from django.db import connection

from meters.imports import usage_merge
from meters.usage import reader
from tests.factories import UsageDayFactory
from tests.meters.usage_files import import_rows, rows

pytestmark = pytest.mark.django_db

_UNIQUE = """
    SELECT (SELECT array_agg(a.attname ORDER BY k.nth) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (number, nth)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number)
    FROM pg_index i WHERE i.indrelid = %s::regclass AND i.indisunique
"""


@pytest.mark.parametrize("table", ["usage_day", "meters_carriedslots"])
def test_unique_keys_start_with_the_premise_and_there_is_no_foreign_key(table):
    """R6: each node can enforce both."""
    with connection.cursor() as cursor:
        cursor.execute(_UNIQUE, [table])
        assert cursor.fetchall() == [(["premise_id", "day", "channel"],)]
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'", [table])
        assert cursor.fetchone() == (0,)


def test_a_report_query_uses_the_key_of_one_premise(premise):
    """R6: one index look-up on one node."""
    UsageDayFactory(premise_id=premise.pk)
    question = reader._USAGE.replace("%b", "%s")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + question, [premise.pk, "2026-01-01", "2026-12-31"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan and f"premise_id = {premise.pk}" in plan


def test_the_stage_of_an_import_can_be_distributed_and_keeps_nothing(tmp_path, premise):
    """R6, ADR 31: it is a table of its own, not logged, with the premise to distribute it by, and empty afterwards."""
    import_rows(tmp_path, *rows())
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE oid = 'usage_stage_0'::regclass")
        assert cursor.fetchone() == ("u",)
        cursor.execute("SELECT count(premise_id) FROM usage_stage_0")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("statement", [usage_merge._INSERT, usage_merge._REPLACE, usage_merge._DIFFERENT])
def test_the_merge_has_no_statement_that_citus_refuses(statement):
    """ADR 31: no row locks beside those of an insert, and no subquery in a condition."""
    assert "FOR UPDATE" not in statement and statement.count("SELECT") <= 1

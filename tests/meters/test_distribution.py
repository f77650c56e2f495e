"""Usage can be distributed over machines by premise: the keys and the question of a report are such (docs/scale.md)."""

from __future__ import annotations

import pytest
from django.db import connection

from meters.usage import reader
from tests.factories import UsageDayFactory

pytestmark = pytest.mark.django_db

_UNIQUE = """
    SELECT (SELECT array_agg(a.attname ORDER BY k.nth) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (number, nth)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number)
    FROM pg_index i WHERE i.indrelid = %s::regclass AND i.indisunique
"""


@pytest.mark.parametrize("table", ["usage_day", "meters_carriedslots"])
def test_the_premise_leads_every_unique_key_and_no_other_table_is_pointed_to(table):
    """R6: a machine can keep both promises alone."""
    with connection.cursor() as cursor:
        cursor.execute(_UNIQUE, [table])
        assert cursor.fetchall() == [(["premise_id", "day", "channel"],)]
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'", [table])
        assert cursor.fetchone() == (0,)


def test_a_report_asks_for_one_premise(premise):
    """R6: by its key, so that neither meters nor machines are searched."""
    UsageDayFactory(premise_id=premise.pk)
    question = reader._USAGE.replace("%b", "%s")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + question, [premise.pk, "2026-01-01", "2026-12-31"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan and f"premise_id = {premise.pk}" in plan

"""An import reads only its own days of what is stored (D2, R6)."""

from __future__ import annotations

import pytest
from django.db import connection

from meters.imports import usage_merge
from tests.factories import PremiseFactory
from tests.meters.usage_files import DAY, import_rows, rows

pytestmark = pytest.mark.django_db

OTHERS = 5_000

_FILL = """
    INSERT INTO usage_day (premise_id, day, channel, revision_at, wh)
    SELECT n + 1000000, %s, 0, now(), array_fill(1, ARRAY[96]) FROM generate_series(1, %s) n
"""
_READ = "SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_xact_user_tables WHERE relname LIKE 'usage_day_y%%'"


@pytest.fixture
def count_rows_read_again(tmp_path, premise):
    """Count the rows read without an index while a file is imported again."""
    others = PremiseFactory.create_batch(19)
    lines = [line for one in [premise, *others] for line in rows(esiid=one.esiid)]
    import_rows(tmp_path, *lines)
    with connection.cursor() as cursor:
        cursor.execute(_FILL, [DAY, OTHERS])
        cursor.execute("ANALYZE usage_day")
        # An import's settings end with its transaction, but here it is inside the test's.
        cursor.execute("SET LOCAL enable_hashjoin TO DEFAULT; SET LOCAL enable_mergejoin TO DEFAULT")

    def import_again() -> int:
        with connection.cursor() as cursor:
            cursor.execute(_READ)
            (before,) = cursor.fetchone()
            result, _rejected = import_rows(tmp_path, *lines)
            assert (result.new, result.changed, result.unchanged) == (0, 0, 20)
            cursor.execute(_READ)
            return int(cursor.fetchone()[0]) - before

    return import_again


def test_a_file_imported_again_looks_up_only_its_own_days(count_rows_read_again):
    assert count_rows_read_again() == 0


@pytest.mark.control
def test_without_planner_settings_postgresql_reads_the_whole_month(count_rows_read_again, monkeypatch):
    monkeypatch.setattr(usage_merge, "LOOK_UP_EACH_DAY", "SELECT 1")
    assert count_rows_read_again() >= OTHERS

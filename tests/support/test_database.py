"""The tests' database can be dropped whatever a test left behind."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection, connections

from tests.support.database import end_other_sessions


@pytest.mark.django_db(transaction=True)
def test_other_sessions_in_the_tests_database_are_ended():
    left = connections.create_connection("default")
    with left.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE meters_tdsp")
    end_other_sessions(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        assert cursor.fetchone() == (1,)
    with pytest.raises(OperationalError), left.cursor() as cursor:
        cursor.execute("SELECT 1")
    left.close()

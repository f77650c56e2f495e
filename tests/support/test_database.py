"""The tests' database is empty after each test and can be dropped whatever a test left behind."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import OperationalError, connection, connections

from accounts.models import AccessLogEntry, User
from tests.factories import AccessLogEntryFactory
from tests.support.database import delete_every_row, end_other_sessions


@pytest.mark.django_db(transaction=True)
def test_no_row_stays_not_even_one_that_is_never_deleted():
    AccessLogEntryFactory()
    delete_every_row()
    assert not AccessLogEntry.objects.exists() and not User.objects.exists()
    assert Permission.objects.exists()


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

"""Connections that tests leave behind: PostgreSQL drops no database in which somebody still is.

Threads and processes of tests close theirs, but a server's thread may still answer a browser that is gone, and what a
killed process asked for is done to its end before PostgreSQL sees that nobody listens.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from tests.support.servers import TEMPLATE

PATIENCE = 30  # seconds

_OTHERS = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Copy the migrated template instead of running every migration once more."""
    connection.settings_dict["TEST"] |= {"TEMPLATE": os.environ[TEMPLATE], "MIGRATE": False}


@pytest.fixture(scope="module")
def module_transaction(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One transaction around the tests of a module, for rows that all of them read; each test is a savepoint in it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


# Django fills them by itself, with what is the same for every test.
FIXED_TABLES = {"django_content_type", "auth_permission"}


def delete_every_row(*_test_case: TransactionTestCase) -> None:
    """After a test with transactions of its own; Django would truncate every table, which takes 20 times as long."""
    tables = set(connection.introspection.django_table_names(include_views=False)) - FIXED_TABLES
    names = sorted(map(connection.ops.quote_name, tables))
    with transaction.atomic(), connection.cursor() as cursor:
        # Whoever still writes is waited for.
        cursor.execute(f"LOCK TABLE {', '.join(names)} IN EXCLUSIVE MODE")
        cursor.execute("SET LOCAL session_replication_role = replica")  # no foreign key asks, no trigger refuses
        cursor.execute(" UNION ALL ".join(f"(SELECT '{name}' FROM {name} LIMIT 1)" for name in names))
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {name}")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """pytest-django's, but before it drops the tests' database everybody else is out of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", delete_every_row)
        yield
    with django_db_blocker.unblock():
        end_other_sessions(connection.settings_dict["NAME"])


def end_other_sessions(database: str) -> None:
    """End every session in `database` and wait until PostgreSQL has; the caller's connection is closed, too."""
    connection.close()
    with connection._nodb_cursor() as cursor:
        deadline = time.monotonic() + PATIENCE
        while cursor.execute(f"SELECT pg_terminate_backend(pid) FROM ({_OTHERS}) AS others", [database]).fetchone():
            assert time.monotonic() < deadline, f"Somebody is still connected to {database}."
            time.sleep(0.05)


OWN_TRANSACTIONS = {"transactional_db", "live_server"}


@pytest.fixture(autouse=True)
def no_usage_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whichever test comes next on this worker finds no usage of another one."""
    marker = request.node.get_closest_marker("django_db")
    if not (marker and marker.kwargs.get("transaction")) and not OWN_TRANSACTIONS & set(request.fixturenames):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    from meters.models import UsageDay  # when this module is read, Django is not ready

    UsageDay.objects.all().delete()

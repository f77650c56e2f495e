"""A development database of another version is recognized, and only our own one is ever deleted."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from local.addresses import ROOT
from local.database import Origin
from tests.notifications.conftest import address_of_the_test_database


@pytest.fixture
def origin():
    return Origin.of_this_version()


def test_every_app_with_tables_is_recorded(origin):
    assert "agreements/migrations/0001_initial.py" in origin.migrations


def test_this_versions_database_is_recognized(origin, tmp_path):
    origin.write(tmp_path / "database.json")
    recorded = Origin.read(tmp_path / "database.json")
    assert recorded == origin
    assert recorded.can_be_migrated() and not recorded.has_another_demo()


def test_a_migration_added_since_is_no_obstacle(origin):
    origin.migrations.popitem()
    assert origin.can_be_migrated()


def test_a_migration_that_is_gone_is_another_versions(origin):
    origin.migrations["notifications/migrations/0003_sealed_secret.py"] = "x"
    assert not origin.can_be_migrated()


def test_a_migration_that_was_changed_is_another_versions(origin):
    origin.migrations["notifications/migrations/0001_initial.py"] = "x"
    assert not origin.can_be_migrated()


def test_a_database_without_a_record_has_no_known_origin(tmp_path):
    assert Origin.read(tmp_path / "database.json") is None


@pytest.mark.parametrize("path", ["demo/stories.py", "demo/a_file_that_is_gone.py"])
def test_a_changed_demo_is_recognized_and_the_database_kept(origin, path):
    origin.demo[path] = "x"
    assert origin.has_another_demo() and origin.can_be_migrated()


def test_a_file_added_to_the_demo_is_recognized(origin):
    origin.demo.popitem()
    assert origin.has_another_demo()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_another_versions_database_behind_database_url_is_refused_and_left_alone(tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations VALUES (DEFAULT, 'notifications', '0003_sealed_secret', now())")
    try:
        outcome = subprocess.run(
            [sys.executable, "-m", "local.database", str(tmp_path / "sign-ins")],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": address_of_the_test_database()},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE name = '0003_sealed_secret'")
    assert outcome.returncode == 1
    assert "the migration notifications.0003_sealed_secret, which this version does not have" in outcome.stderr
    assert not (tmp_path / "sign-ins").exists()

"""A development database of another version is recognized, and only our own one is ever deleted."""

import json
import os
import subprocess
import sys

import pytest
from django.db import connection

from local import database
from local.addresses import ROOT
from tests.notifications.conftest import address_of_the_test_database


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "migrations.json"
    path.write_text(json.dumps(database.migration_hashes()))
    return path


def test_every_app_with_tables_is_recorded():
    assert "agreements/migrations/0001_initial.py" in database.migration_hashes()


def test_this_versions_record_is_recognized(record):
    assert database.is_of_this_version(record)


def test_a_migration_added_since_is_no_obstacle(record):
    record.write_text(json.dumps(dict(list(database.migration_hashes().items())[1:])))
    assert database.is_of_this_version(record)


def test_a_record_of_a_migration_that_is_gone_is_another_versions(record):
    record.write_text(json.dumps(database.migration_hashes() | {"notifications/migrations/0003_sealed_secret.py": "x"}))
    assert not database.is_of_this_version(record)


def test_a_record_of_a_migration_that_was_changed_is_another_versions(record):
    record.write_text(json.dumps(database.migration_hashes() | {"notifications/migrations/0001_initial.py": "x"}))
    assert not database.is_of_this_version(record)


def test_a_database_without_a_record_is_another_versions(tmp_path):
    assert not database.is_of_this_version(tmp_path / "migrations.json")


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

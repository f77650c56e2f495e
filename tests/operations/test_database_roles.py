"""The roles of web, workers and owner: their time limits, and that none but the owner can delete history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql
from psycopg.conninfo import make_conninfo

from accounts.models import AccessLogEntry
from agreements.models import AgreementEvent
from companies.models import CompanyEvent, CompanyEventKind
from lib.append_only import KEPT_DAYS
from meters.usage.partitions import drop_expired_partitions, ensure_partitions, first_kept_day
from tests.factories import MembershipFactory, PremiseFactory, UserFactory
from tests.meters.usage_files import ESIID, import_rows, rows
from tests.support.agreements import initiate

HISTORY = ["agreements_agreementevent", "accounts_accesslogentry", "companies_companyevent"]


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """Statements of this transaction have only the rights of `role`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        yield
        cursor.execute("RESET ROLE")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("role", "lock", "statement", "idle"),
    [
        ("portal_web", "2s", "10s", "30s"),
        ("portal_worker", "1min", "15min", "15min"),
        ("portal_owner", "5s", "2h", "15min"),
    ],
)
def test_a_role_has_its_limits_and_logs_no_values(role, lock, statement, idle):
    """O1, X4: given with the role, so that nothing in front of the database can lose them."""
    parameters = connection.get_connection_params() | {"user": role}
    names = ("host", "port", "dbname", "user")
    with psycopg.connect(make_conninfo(**{name: parameters[name] for name in names if parameters.get(name)})) as login:

        def show(name: str) -> str:
            return login.execute(sql.SQL("SHOW {}").format(sql.Identifier(name))).fetchone()[0]

        limits = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        assert [show(name) for name in limits] == [lock, statement, idle]
        assert show("log_min_error_statement") == "panic" and show("log_error_verbosity") == "terse"
        assert show("log_min_messages") == "log" and show("log_parameter_max_length_on_error") == "0"


@pytest.fixture
def history(db) -> None:
    """A row in every table of history."""
    membership = MembershipFactory()
    initiate(membership.user)
    membership.company.record_event(CompanyEventKind.REGISTERED, by=membership.user, about=membership.user)
    AccessLogEntry.objects.create(user=membership.user, action="view", model="agreements.agreement", object_id="1")
    assert AgreementEvent.objects.exists() and CompanyEvent.objects.exists()


@pytest.mark.slow
@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("role", ["portal_web", "portal_worker"])
@pytest.mark.parametrize("action", ["DELETE FROM {}", "UPDATE {} SET at = now()", "TRUNCATE {} CASCADE"])
def test_no_process_of_the_portal_can_change_or_delete_history(action, role, table, history):
    """L8, D3, X6, O1: whatever it says about retention."""
    with pytest.raises(Exception, match="never changed or deleted|permission denied"), acting_as(role):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL smt.retention = 'on'")
            cursor.execute(action.format(table))


@pytest.mark.control
@pytest.mark.parametrize("table", HISTORY)
def test_its_owner_can_delete_history(table, history):
    """X6, O1: the control of the test above; the restore of a backup needs it."""
    with acting_as("portal_owner"), connection.cursor() as cursor:
        cursor.execute("SET LOCAL smt.retention = 'on'")
        cursor.execute(f"DELETE FROM {table}")
        assert cursor.rowcount > 0


def test_a_worker_deletes_history_whose_time_is_over(db):
    """X6: retention is a worker's task."""
    at = timezone.now() - timedelta(days=KEPT_DAYS + 1)
    AccessLogEntry.objects.create(user=UserFactory(), action="view", model="agreements.agreement", at=at)
    with acting_as("portal_worker"), connection.cursor() as cursor:
        cursor.execute("SET LOCAL smt.retention = 'on'")
        cursor.execute("DELETE FROM accounts_accesslogentry")
        assert cursor.rowcount == 1


def test_every_retention_time_is_longer_than_what_no_process_can_delete(settings):
    """X6: a report is downloaded until 60 days after its agreement ended."""
    shortest = min(settings.ACCESS_LOG_RETENTION, settings.AGREEMENT_RETENTION - settings.REPORT_RETENTION)
    assert timedelta(days=KEPT_DAYS) < shortest


def test_a_worker_makes_and_drops_partitions_of_usage(db, settings):
    """O1: although it owns no table."""
    month = first_kept_day().replace(year=2010, month=2, day=1)
    with acting_as("portal_worker"):
        assert ensure_partitions(month, month) == 1
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO usage_day VALUES (now(), 1, %s, 0, NULL, array_fill(1, ARRAY[96]))", [month])
            cursor.execute("SELECT count(*) FROM usage_day WHERE day = %s", [month])
            assert cursor.fetchone() == (1,)
    settings.OLD_USAGE_KEPT = timedelta(0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE meters_oldmonth SET kept_until = now() - interval '1 day'")
    with acting_as("portal_worker"):
        assert drop_expired_partitions() >= 1


def test_a_worker_loads_usage(db, tmp_path):
    """O1, D2: with a stage that is not its own, as it may not make tables."""
    PremiseFactory(esiid=ESIID)
    with acting_as("portal_worker"):
        result, rejected = import_rows(tmp_path, *rows())
        assert (result.new, rejected) == (1, [])
        assert import_rows(tmp_path, *rows())[0].unchanged == 1


def test_the_web_server_cannot_make_tables(db):
    """O1."""
    with pytest.raises(Exception, match="permission denied"), acting_as("portal_web"), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE mine (id int)")

"""Which errors pass by themselves, and the pages that say so."""

from __future__ import annotations

import errno

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import path

from smt_portal import error_pages, urls
from tests.support.races import together

handler500 = urls.handler500
urlpatterns = list(urls.urlpatterns)
STATEMENTS = {
    "a lock": "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'lock_not_available'; END $$",
    "a full disk": "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'disk_full'; END $$",
    "too many connections": "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'too_many_connections'; END $$",
    "a deadlock": "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'deadlock_detected'; END $$",
    "a restart": "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'admin_shutdown'; END $$",
    "a slow statement": "SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(2)",
}
MISTAKES = {
    "a missing column": "SELECT nothing FROM accounts_user",
    "a number that is none": "SELECT 'x'::int",
    "a duplicate": "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'unique_violation'; END $$",
}


def fail(request):
    statement = request.GET["statement"]
    if statement.isdecimal():
        raise OSError(int(statement), "No space left on device", "/scratch/a name")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


urlpatterns += [path("fail/", fail)]


@pytest.fixture
def visitor(client: Client, settings) -> Client:
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("statement", [*STATEMENTS.values(), str(errno.ENOSPC)], ids=[*STATEMENTS, "our own disk"])
def test_what_passes_by_itself_is_a_503_with_retry_after(statement, visitor):
    """O1."""
    answer = visitor.get("/fail/", {"statement": statement})
    assert answer.status_code == 503 and int(answer["Retry-After"]) > 0
    assert "The portal is busy" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.control
@pytest.mark.parametrize("statement", [*MISTAKES.values(), str(errno.ENOENT)], ids=[*MISTAKES, "a missing file"])
def test_a_mistake_of_ours_is_a_500(statement, visitor):
    """O1."""
    answer = visitor.get("/fail/", {"statement": statement})
    assert answer.status_code == 500 and "Retry-After" not in answer
    assert "Something went wrong on our side" in answer.content.decode()


def test_an_error_that_a_temporary_one_caused_is_temporary():
    """O1."""
    try:
        try:
            raise OSError(errno.ENOSPC, "full")
        except OSError as error:
            raise ValueError("unreadable") from error
    except ValueError as error:
        assert error_pages.is_temporary(error)
    assert not error_pages.is_temporary(ValueError("unreadable"))


@pytest.mark.django_db(transaction=True)
def test_a_closed_connection_is_temporary(visitor):
    """O1: the database ended it, and the next request opens another."""

    def end_own_connection():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    (error,) = together([end_own_connection])
    assert isinstance(error, DatabaseError) and error_pages.is_temporary(error)

"""Requests that wait and clients that are slow hold nobody else up; an outage is a page of ours (O1)."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from lib import link_tokens
from tests.factories import AgreementFactory
from tests.journey.processes import eventually
from tests.operations.client import BEHIND_PROXY
from tests.operations.conftest import WebServer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.fault,
    pytest.mark.timeout(180),
]

PROMPT = 2.0  # seconds for a page, whatever others wait for
TOKEN = "aB3" * 14 + "x"


def own_link() -> str:
    agreement = AgreementFactory()
    agreement.submission.link_hash = link_tokens.hash_token(TOKEN)
    agreement.submission.save(update_fields=["link_hash"])
    return f"/invitation/{TOKEN}/"


@contextmanager
def held_row(table: str) -> Iterator[None]:
    """Every row of `table` locked by somebody else."""
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute(f"SELECT 1 FROM {table} FOR UPDATE")
        yield
        other.rollback()


@contextmanager
def half_open(port: int, count: int) -> Iterator[None]:
    """`count` clients that have sent half a request and fall silent."""
    clients = [socket.create_connection(("127.0.0.1", port)) for _each in range(count)]
    for client in clients:
        client.sendall(b"POST /accounts/login/ HTTP/1.1\r\nHost: portal.example\r\nX-Slow: ")
    try:
        yield
    finally:
        for client in clients:
            client.close()


def assert_try_again(answer) -> None:
    assert answer.status == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0 and answer.headers["X-Request-ID"]
    assert "The portal is busy" in answer.text and "El portal está saturado" in answer.text


def test_while_requests_wait_for_a_lock_and_clients_for_nothing_others_get_their_pages(web_server: WebServer):
    """O1: the two that wait get a page within seconds."""
    link = own_link()
    browsers = [web_server.browser(), web_server.browser()]
    for browser in browsers:
        assert browser.get(link).status == 200
    with held_row("agreements_agreement"), half_open(web_server.port, 4), ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(browser.post, link, decision="accept") for browser in browsers]
        time.sleep(0.5)
        for path in ("/health/", "/", "/help/", "/accounts/login/"):
            answer = web_server.browser().get(path)
            assert answer.status == 200 and answer.seconds < PROMPT, (path, answer.seconds)
        for answer in [future.result() for future in waiting]:
            assert_try_again(answer)
            assert answer.seconds < 5
    accepted = browsers[0].post(link, decision="accept")
    assert accepted.status in (200, 302), accepted.text


@pytest.mark.control
def test_without_a_limit_the_request_waits_as_long_as_the_lock(own_database, built_image, tmp_path):
    """O1: signed in as the superuser, who has no time limits."""
    from tests.notifications.conftest import address_of_the_test_database

    server = WebServer(built_image, tmp_path, DATABASE_URL=address_of_the_test_database())
    try:
        server.wait()
        link, browser = own_link(), server.browser()
        browser.get(link)
        with ThreadPoolExecutor(1) as pool:
            with held_row("agreements_agreement"):
                waiting = pool.submit(browser.post, link, decision="accept")
                time.sleep(4)
                assert not waiting.done()
            assert waiting.result().status in (200, 302)
    finally:
        server.end()


def test_silent_clients_are_given_up(web_server: WebServer):
    """O1: more of them than there are threads hold the server for some seconds, not for ever."""
    with half_open(web_server.port, 30):
        eventually(lambda: answers(web_server), seconds=60, what="an answer while 30 clients are silent")
    assert "Traceback" not in web_server.log


def answers(server: WebServer) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=2) as client:
            lines = [b"GET /health/ HTTP/1.1", *(f"{name}: {value}".encode() for name, value in BEHIND_PROXY.items())]
            client.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
            return client.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


@contextmanager
def no_connections() -> Iterator[None]:
    """The database ends every connection and takes no new one, as while it restarts."""
    name = connection.settings_dict["NAME"]
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_while_the_database_restarts_every_page_says_when_to_try_again(web_server: WebServer):
    """O1: then everything is as before, without a restart of ours."""
    link = own_link()
    browser = web_server.browser()
    assert browser.get(link).status == 200
    browser.cookies["__Host-sessionid"] = "x" * 32  # whoever is signed in needs the database on every page
    with no_connections():
        for path in (link, "/", "/agreements/", "/admin/", "/my/usage/", "/third-party/users/", "/notices/"):
            answer = browser.get(path)
            assert_try_again(answer)
            assert answer.seconds < PROMPT
        assert_try_again(browser.post(link, decision="accept"))
        assert browser.get("/health/").status == 503
        assert web_server.browser().get("/static/css/tokens.css").status in (200, 404)
    assert browser.get("/health/").status == 200
    assert browser.get(link).status == 200


def test_a_request_during_a_restart_of_the_database_gets_a_page(web_server: WebServer):
    """O1: the connection ends in the middle of the request."""
    link, browser = own_link(), web_server.browser()
    browser.get(link)
    with held_row("agreements_agreement"), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(browser.post, link, decision="accept")
        time.sleep(0.7)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'portal_web'")
        assert_try_again(waiting.result())


def test_a_full_disk_of_the_database_is_a_page(web_server: WebServer):
    """O1: PostgreSQL reports disk_full; the trigger reports it as a full disk would."""
    link, browser = own_link(), web_server.browser()
    browser.get(link)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER full_disk BEFORE UPDATE ON agreements_agreement FOR EACH ROW EXECUTE FUNCTION no_space()"
        )
    assert_try_again(browser.post(link, decision="accept"))

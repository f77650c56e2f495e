"""What the logs never say."""

from __future__ import annotations

import json
import logging
import re

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.urls import URLResolver, get_resolver

from agreements.models import Agreement
from lib import link_tokens
from smt_portal import logs
from tests.factories import MembershipFactory, UserFactory
from tests.support.agreements import ROSA, initiate
from tests.support.decisions import decision_form

TOKEN = "x" * 20 + "-_" + "Y7" * 10 + "z"
TASK_FAILED = "Task %(name)s[%(id)s] %(description)s: %(exc)s"


def line(message: str, *arguments: object, error: Exception | None = None, as_json: bool = False) -> str:
    record = logging.LogRecord("portal", logging.ERROR, __file__, 1, message, arguments, None)
    if error:
        record.exc_info = (type(error), error, error.__traceback__)
    assert logs.PrivateDataFilter().filter(record)
    return logs.build_formatter(as_json).format(record)


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    ("written", "never"),
    [
        (f"Not Found: /invitation/{TOKEN}/", TOKEN),
        ("Sent to rosa.delgado+bills@mail.example.net", "rosa.delgado"),
        ("Premise 10443720009000017 not found", "10443720009"),
        ("Premise 1008901000000000000102 not found", "1008901000000000"),
    ],
)
def test_a_log_line_has_no_token_or_address_and_only_seven_digits_of_an_esiid(written, never, as_json):
    """X4."""
    for text in (line(written, as_json=as_json), line("%s", written, as_json=as_json)):
        assert never not in text
    for kind in (ValueError, TypeError):
        try:
            raise kind(written)
        except kind as error:
            text = line("It failed: %s", error, error=error, as_json=as_json)
            assert never not in text + line("It failed: %s", error, as_json=as_json)
        assert never not in text
        assert "It failed" in text


def test_production_writes_one_json_object_a_line():
    """X4: for machines that read it."""
    entry = json.loads(line("Report %s made", "112326000001", as_json=True))
    assert (entry["event"], entry["level"]) == ("Report 112326000001 made", "error")


def test_an_unhandled_error_is_logged_with_its_traceback():
    """O2: file, line and type; the message only where it cannot name anybody."""

    def divide(number: int) -> float:
        try:
            return 1 / number
        except ZeroDivisionError as error:
            raise ValueError("Rosa Delgado, 206 Boxwood Drive") from error

    with pytest.raises(ValueError, match="Rosa") as raised:
        divide(0)
    entry = json.loads(line("Internal Server Error: %s", "/", error=raised.value, as_json=True))
    assert entry["event"] == "Internal Server Error: /"
    for part in ("ZeroDivisionError", "ValueError: [message withheld]", __file__, "in divide", "return 1 / number"):
        assert part in entry["error"]
    try:
        len(None)
    except TypeError as error:
        entry = json.loads(line("x", error=error, as_json=True))
    assert "TypeError: object of type 'NoneType' has no len()" in entry["error"]


@pytest.mark.django_db
def test_an_error_of_the_database_is_logged_without_the_row():
    """X4, O2: the constraint, not the values that broke it."""
    user = UserFactory(username="-".join(["w", "private"]), first_name="Wilhelmina")
    with pytest.raises(IntegrityError, match=user.username) as raised, transaction.atomic():
        UserFactory(username=user.username)
    text = line("Internal Server Error: %s", raised.value, error=raised.value, as_json=True)
    assert user.username not in text and "accounts_user" in text and "23505" in text
    with pytest.raises(DataError, match=user.first_name) as raised, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s::text::int", [user.first_name])
    assert "Wilhelmina" not in line("It failed", error=raised.value, as_json=True)


def test_celery_prints_no_exception_into_its_line():
    """X4, O2: it formats the exception itself."""
    error = ValueError("Rosa Delgado")
    args = {
        "name": "a.task",
        "id": "1",
        "description": "raised unexpected",
        "exc": repr(error),
        "traceback": str(error),
    }
    record = logging.LogRecord("celery.app.trace", logging.ERROR, __file__, 1, TASK_FAILED, (args,), None)
    record.exc_info = (type(error), error, None)
    assert logs.PrivateDataFilter().filter(record)
    text = logs.build_formatter(True).format(record)
    assert "Rosa" not in text and "a.task" in text and "ValueError" in text


def test_no_address_with_a_token_is_logged_as_it_is():
    """X4, X5: every URL of the portal that takes one."""
    names = {"token", "key", "uidb36"}
    paths = set()

    def walk(patterns, prefix="/"):
        for pattern in patterns:
            path = prefix + str(pattern.pattern).lstrip("^").rstrip("$")
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            elif names & set(re.findall(r"(\w+)>", path)):
                paths.add(re.sub(r"<\w+:\w+>|\(\?P<\w+>[^)]*\)", "{}", path))

    walk(get_resolver().url_patterns)
    assert len(paths) >= 7
    for path in paths:
        address = path.replace("{}", TOKEN)
        assert TOKEN not in line("Not Found: %s", address) and TOKEN not in line(f"GET {address}?next=/ 404")


def test_what_people_search_for_is_not_logged():
    """X4: a query can be a name."""
    assert "Delgado" not in line("Error handling request %s", "/agreements/?search=Delgado&type=name")


def test_a_response_names_its_request(client, settings):
    """O2: a client cannot choose the id; a proxy can."""
    ids = {client.get("/help/", headers={"X-Request-ID": "chosen-by-client"})["X-Request-ID"] for _each in range(2)}
    assert len(ids) == 2 and "chosen-by-client" not in ids
    settings.TRUSTED_PROXY_COUNT = 1
    assert client.get("/help/", headers={"X-Request-ID": "from-the-proxy-1"})["X-Request-ID"] == "from-the-proxy-1"
    for invalid in ("", "short", "a" * 65, "rosa@example.net", "two words"):
        assert client.get("/help/", headers={"X-Request-ID": invalid})["X-Request-ID"] != invalid


@pytest.mark.django_db
def test_a_line_has_the_id_of_its_request(client, caplog):
    """O2."""
    caplog.handler.addFilter(logs.PrivateDataFilter())
    answer = client.get("/nowhere/")
    (record,) = [record for record in caplog.records if "Not Found" in record.getMessage()]
    assert json.loads(logs.build_formatter(True).format(record))["request_id"] == answer["X-Request-ID"]


@pytest.mark.django_db
def test_a_whole_journey_logs_nothing_private(client, caplog):
    """X4, X5: requests, refusals and errors included."""
    caplog.set_level(logging.DEBUG)
    for handler in logging.getLogger().handlers:
        handler.addFilter(logs.PrivateDataFilter())
    (agreement,) = initiate(MembershipFactory().user)
    token = link_tokens.derive_token(bytes(Agreement.objects.get().submission.link_nonce))
    client.get(f"/invitation/{token}/")
    client.post(f"/invitation/{token}/", {"decision": "nonsense"})
    client.get(f"/invitation/{token}/nowhere/")
    client.post(f"/invitation/{token}/", decision_form(agreement))
    for private in (token, ROSA.email, ROSA.last_name, ROSA.street, agreement.esiid):
        assert private not in caplog.text

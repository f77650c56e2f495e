"""What the logs never say."""

from __future__ import annotations

import json
import logging

import pytest

from agreements.models import Agreement
from lib import link_tokens
from smt_portal import logs
from tests.factories import MembershipFactory
from tests.support.agreements import ROSA, initiate

TOKEN = "x" * 20 + "-_" + "Y7" * 10 + "z"


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
    try:
        raise ValueError(written)
    except ValueError as error:
        text = line("It failed", error=error, as_json=as_json)
    assert never not in text
    assert "It failed" in text


def test_production_writes_one_json_object_a_line():
    """X4: for machines that read it."""
    entry = json.loads(line("Report %s made", "112326000001", as_json=True))
    assert (entry["event"], entry["level"]) == ("Report 112326000001 made", "error")


@pytest.mark.django_db
def test_a_whole_journey_logs_nothing_private(client, caplog):
    """X4, X5: requests, refusals and errors included."""
    caplog.set_level(logging.DEBUG)
    for handler in logging.getLogger().handlers:
        handler.addFilter(logs.PrivateDataFilter())
    (agreement,) = initiate(MembershipFactory().user)
    token = link_tokens.derive_token(bytes(Agreement.objects.get().link_nonce))
    client.get(f"/invitation/{token}/")
    client.post(f"/invitation/{token}/", {"decision": "nonsense"})
    client.get(f"/invitation/{token}/nowhere/")
    client.post(f"/invitation/{token}/", {"decision": "accept"})
    for private in (token, ROSA.email, ROSA.last_name, ROSA.street, agreement.esiid):
        assert private not in caplog.text

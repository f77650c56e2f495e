"""Every refusal below the prefix is a problem; every answer has an id and no cookie (V2, V13)."""

from __future__ import annotations

import uuid
from html import unescape

import psycopg
import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from api.problem_kinds import KINDS
from api.v1 import account

pytestmark = pytest.mark.django_db


def check(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["status"], body["title"]) == (code, status, KINDS[code].title)
    assert body["instance"] == f"urn:uuid:{answer['Request-Id']}" and uuid.UUID(answer["Request-Id"])
    assert set(body) >= {"type", "detail", "errors", "agreement_number", "retry_at"}
    assert answer["Cache-Control"] == "no-store" and not answer.cookies
    return body


def test_unknown_addresses_and_methods(program):
    """V2, V13: also without a key, and with a slash too many."""
    for path in ("/nothing", "/me/", "/", "/me/rotate-key/x"):
        check(program.get(path), 404, "not-found")
    answer = program.post("/me", {})
    check(answer, 405, "method-not-allowed")
    assert answer["Allow"] == "GET"
    check(Client().delete("/api/v1/openapi.json"), 405, "method-not-allowed")
    check(Client().post("/api/v1/nothing", b"x", content_type="text/plain"), 404, "not-found")


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b"[1]", b'"x"', b'{"old_key_ends_in_hours": NaN}', b'{"a": 1, "a": 2}', b"[" * 100_000],
)
def test_a_body_that_is_no_json(program, body):
    """V13."""
    answer = program.browser.post(
        "/api/v1/me/rotate-key", body, content_type="application/json", headers=program.headers()
    )
    check(answer, 400, "invalid-json")


def test_a_body_of_another_type_and_a_large_one(program):
    """V1, V13."""
    answer = program.browser.post("/api/v1/me/rotate-key", b"a=1", content_type="text/plain", headers=program.headers())
    check(answer, 415, "unsupported-media-type")
    check(program.post("/me/rotate-key", {"x": "x" * 300_000}), 413, "body-too-large")


def test_mistakes_are_pointed_to_and_not_quoted(program):
    """V1, V13: unknown fields are refused, numbers are no texts."""
    body = check(program.post("/me/rotate-key", {"old_key": "mockingbird"}), 422, "unknown-field")
    (error,) = body["errors"]
    assert (error["pointer"], error["code"]) == ("#/old_key", "unknown-field")
    body = check(program.post("/me/rotate-key", {"old_key_ends_in_hours": "24"}), 422, "invalid-request")
    assert body["errors"][0]["pointer"] == "#/old_key_ends_in_hours"
    body = check(program.post("/me/rotate-key", {"old_key_ends_in_hours": 100_000}), 422, "invalid-request")
    assert body["errors"][0]["detail"] == "Send at most 720."
    assert "100000" not in str(body)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(ValueError("Rosa Delgado"), 500, "internal-error"), (OperationalError("away"), 503, "unavailable")],
)
def test_our_own_failures_are_problems_too(program, monkeypatch, error, status, code):
    """V13: without the words of the error."""
    if isinstance(error, OperationalError):
        error.__cause__ = psycopg.OperationalError("away")

    def fail(*_args):
        raise error

    monkeypatch.setattr(account, "used_now", fail)
    answer = program.get("/me")
    body = check(answer, status, code)
    assert "Delgado" not in str(body) and ("Retry-After" in answer) == (status == 503)


@pytest.mark.parametrize("code", KINDS)
def test_each_problem_has_a_page(client, code):
    """V13: its address is the problem's type."""
    page = client.get(reverse("api_problem", args=[code]))
    assert page.status_code == 200 and KINDS[code].title in page.content.decode()
    assert client.get("/api/v1/problems/nothing").status_code == 404


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("company-suspended", "or download reports"),
        ("report-held", "The utility or the operator of this portal"),
        ("report-no-data", "or the customer's service has no complete day"),
        ("report-not-ready", "If it is failed, the operator"),
        ("no-report", "unless a review refuses it"),
        ("reminders-stopped", "or wants no emails from the company"),
    ],
)
def test_a_problems_page_names_every_cause(client, code, words):
    """V13: the pages of the third party say the same."""
    assert words in unescape(client.get(reverse("api_problem", args=[code])).content.decode())


def test_the_language_of_a_browser_changes_nothing(program):
    """V13: details are in English."""
    answer = program.get("/nothing", headers={"accept-language": "es", "cookie": "django_language=es"})
    assert check(answer, 404, "not-found")["detail"] == "There is nothing at this URL."
    assert "Content-Language" not in answer and "Vary" not in answer


def test_the_rate_limit_and_its_headers(program, settings):
    """V14: per client and policy, with the moment when it ends."""
    settings.API_READS_A_MINUTE = 2
    first = program.get("/me")
    if first["RateLimit"] != '"read";r=1;t=60':  # any second of the minute
        assert first["RateLimit"].startswith('"read";r=1;t=')
    assert first["RateLimit-Policy"] == '"read";q=2;w=60'
    answers = [program.get("/me") for _ in range(3)]
    # A new minute may have begun in between.
    refused = [answer for answer in answers if answer.status_code == 429] or [program.get("/me")]
    if refused[0].status_code == 429:
        body = check(refused[0], 429, "rate-limited")
        assert body["retry_at"].endswith(":00Z") and 1 <= int(refused[0]["Retry-After"]) <= 60
        assert refused[0]["RateLimit"].startswith('"read";r=0;t=')
    assert program.post("/me/rotate-key", {}).status_code == 201, "another policy"

"""Every operation, asked for by every kind of key: nothing but what its company may see (P1, P2, P7).

The operations come from the description, so that a new one is asked for, too. Every answer must be one that the
description names.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator

from agreements.states import Channel, Status
from api.models import ApiClient, ApiKey, Environment, WebhookEndpoint
from api.publisher import publish_events
from api.scopes import SCOPES
from api.v1.description import describe
from api.v1.examples import AGREEMENT_REQUEST, BULK_REQUEST
from companies.models import CompanyStanding, Membership
from tests.factories import AgreementEventFactory, AgreementFactory, ReportFileFactory
from tests.support.agreements import initiate
from tests.support.api import ApiProgram, make_program
from tests.support.bulk import bulk_row, upload_and_send

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PUBLIC = {"getToken"}
# They need agreements:write, and go on for a company that waits or is suspended: they read, or stop something.
ALWAYS = {"getBulkInvitation", "downloadBulkResults", "cancelBulkInvitation"}
BODIES = {
    "rotateKey": {"old_key_ends_in_hours": 1},
    "createAgreements": AGREEMENT_REQUEST,
    "createBulkInvitation": BULK_REQUEST,
    "searchAgreements": {"by": "name", "items": ["Del"]},
    "createWebhookEndpoint": {"url": "https://93.184.215.14:1/"},  # is refused before anything is sent
    "changeWebhookEndpoint": {"description": "CRM"},
    "replayDeliveries": {"from": "2026-11-28T00:00:00Z"},
}


@cache
def description() -> dict[str, Any]:
    return describe()


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, each) for path, methods in description()["paths"].items() for method, each in methods.items()
    ]


PROTECTED = [each for each in operations() if each[2]["operationId"] not in PUBLIC]
OF_SOMETHING = [each for each in PROTECTED if "{" in each[0]]
by_name = pytest.mark.parametrize(
    ("path", "method", "operation"),
    PROTECTED,
    ids=[operation["operationId"] for _path, _method, operation in PROTECTED],
)


@pytest.fixture
def agreement(program) -> Any:
    """A complete agreement of the program's company with a report and a pending one's place in the list."""
    initiate(program.administrator.user)
    made = AgreementFactory(
        company=program.company, submission__initiated_by=program.administrator.user, status=Status.COMPLETE
    )
    made.ids = add_something(made, program)
    return made


def add_something(made: Any, program: ApiProgram) -> dict[str, str]:
    """The ids of the program's agreement, and of an endpoint with a delivery about it."""
    ReportFileFactory(report__agreement=made)
    endpoint = WebhookEndpoint.objects.create(client=program.client, url="https://127.0.0.1/", types=["*"])
    AgreementEventFactory(agreement=made)
    publish_events()
    delivery_id = endpoint.deliveries.latest("pk").delivery_id
    bulk = upload_and_send(program.user, [bulk_row()])
    return {
        "number": made.number,
        "endpoint_id": endpoint.endpoint_id,
        "delivery_id": delivery_id,
        "bulk_id": str(bulk.pk),
    }


def environment_of(operation: dict[str, Any]) -> Environment:
    return Environment.TEST if operation.get("x-test-keys-only") else Environment.LIVE


def send(program: ApiProgram | None, path: str, method: str, operation: dict[str, Any], ids: dict[str, str]) -> Any:
    """The answer of the operation to the program's key, or to none; it is one that the description names."""
    browser = program.browser if program else Client(raise_request_exception=False)
    headers = {"idempotency-key": "a-key-of-a-test"} | (program.headers() if program else {})
    body = BODIES.get(operation["operationId"])
    options = {"data": body or {}, "content_type": "application/json"} if method in ("post", "patch") else {}
    answer = getattr(browser, method)("/api/v1" + path.format(**ids), headers=headers, **options)
    check_described(operation, answer)
    return answer


def check_described(operation: dict[str, Any], answer: Any) -> None:
    status, kind = str(answer.status_code), answer.headers.get("Content-Type", "").partition(";")[0]
    described = operation["responses"]
    assert status in described, (operation["operationId"], status, sorted(described))
    content = described[status].get("content", {})
    if status == "204":
        assert not content and not answer.content
        return
    assert kind in content, (operation["operationId"], status, kind)
    if kind == "application/problem+json":
        code = answer.json()["code"]
        assert code in content[kind]["examples"], (operation["operationId"], code)
    if kind.endswith("json"):
        schema = content[kind]["schema"] | {"components": description()["components"]}
        body = json.loads(b"".join(answer))  # a file is a stream
        assert not [error.message for error in Draft202012Validator(schema).iter_errors(body)]


@by_name
def test_without_a_key_that_works_there_is_nothing(agreement, program, path, method, operation):
    """P5: none, a wrong one, an expired one, a revoked one, of a client that is off."""
    programs: list[ApiProgram | None] = [None]
    for changes in ({"expires_at": timezone.now()}, {"revoked_at": timezone.now()}, {"key_hash": "0" * 64}):
        other = make_program(administrator=program.administrator, name=f"with other {next(iter(changes))}")
        ApiKey.objects.filter(pk=other.key.pk).update(**changes)
        programs.append(other)
    off = make_program(administrator=program.administrator, name="off")
    ApiClient.objects.filter(pk=off.client.pk).update(disabled_at=timezone.now())
    for each in [*programs, off]:
        answer = send(each, path, method, operation, agreement.ids)
        assert (answer.status_code, answer.json()["code"]) == (401, "not-authenticated")


@by_name
def test_each_operation_needs_its_scopes_and_no_others(agreement, program, path, method, operation):
    """P2: with all but one of them it is refused, with exactly them it is not."""
    needed = operation["security"][1]["oauth2ClientCredentials"]
    details: dict[str, Any] = {"administrator": program.administrator, "environment": environment_of(operation)}
    exact = make_program(*(needed or ["reports:read"]), name="exact", **details)
    assert send(exact, path, method, operation, agreement.ids).status_code in (200, 201, 202, 204, 404, 409, 422)
    for scope in needed:
        others = [each for each in SCOPES if each != scope]
        lacking = make_program(*others, name=f"without {scope}", **details)
        answer = send(lacking, path, method, operation, agreement.ids)
        assert (answer.status_code, answer.json()["code"]) == (403, "missing-scope") and scope in answer.json()[
            "detail"
        ]


@pytest.mark.parametrize(
    ("path", "method", "operation"), OF_SOMETHING, ids=[each[2]["operationId"] for each in OF_SOMETHING]
)
def test_what_is_another_companys_does_not_exist(agreement, program, path, method, operation):
    """P1: nor does a number that there is not; both answers are alike."""
    other = make_program()
    answers = [
        send(other, path, method, operation, agreement.ids),
        send(program, path, method, operation, dict.fromkeys(agreement.ids, "999999999999")),
        send(program, path, method, operation, dict.fromkeys(agreement.ids, "1")),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["code"] for answer in answers} == {"not-found"}
    assert other.get("/agreements").json()["data"] == []


@pytest.mark.parametrize(
    ("path", "method", "operation"), OF_SOMETHING, ids=[each[2]["operationId"] for each in OF_SOMETHING]
)
def test_a_test_key_and_a_live_key_see_nothing_of_each_other(agreement, program, path, method, operation):
    """V15: of one company."""
    tester = make_program(administrator=program.administrator, name="Test", environment=Environment.TEST)
    ids = add_something(AgreementFactory(company=tester.client.company, status=Status.COMPLETE), tester)
    for each, of_other in ((tester, agreement.ids), (program, ids)):
        answer = send(each, path, method, operation, of_other)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    for each, own in ((tester, ids), (program, agreement.ids)):
        numbers = {row["number"] for row in each.get("/agreements").json()["data"]}
        assert own["number"] in numbers and not numbers & ({ids["number"], agreement.number} - {own["number"]})


@pytest.mark.parametrize("standing", CompanyStanding.values)
@by_name
def test_each_standing_of_a_company(agreement, program, path, method, operation, standing):
    """P3: reading goes on; the rest says why not."""
    program.company.standing = standing
    program.company.save()
    if operation.get("x-test-keys-only"):
        assert send(program, path, method, operation, agreement.ids).json()["code"] == "test-key-only"
        return
    answer = send(program, path, method, operation, agreement.ids)
    needed = set(operation["security"][1]["oauth2ClientCredentials"])
    is_reading = needed <= {"agreements:read"} or (method in ("get", "delete") and needed == {"webhooks:manage"})
    may_prepare = needed == {"webhooks:manage"} and standing == CompanyStanding.PENDING
    is_possible = is_reading or may_prepare or operation["operationId"] in ALWAYS
    if is_possible or standing == CompanyStanding.APPROVED:
        assert answer.status_code in (200, 201, 202, 204, 404, 409, 422)
    else:
        assert answer.json()["code"] == f"company-{standing}"


@by_name
def test_a_member_who_was_removed_opens_nothing(agreement, program, path, method, operation):
    """P1."""
    Membership.objects.filter(user=program.user).update(ended_at=timezone.now())
    assert send(program, path, method, operation, agreement.ids).status_code == 401


@by_name
def test_each_operation_within_its_limit(agreement, program, settings, path, method, operation):
    """V14."""
    for policy in ("READS", "WRITES", "DOWNLOADS", "PINGS"):
        setattr(settings, f"API_{policy}_A_MINUTE", 0)
    answer = send(program, path, method, operation, agreement.ids)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate-limited")


def test_the_channel_of_a_program_has_a_name():
    """L8."""
    assert Channel.API.label == "Third party's program"

"""How SMT messages arrive: paths, bodies, tokens and failures, as public programs need them (M1 to M6, M21, M22)."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from api.models import ApiClient, ApiKey
from api.smt.views import OPERATIONS
from companies.models import CompanyStanding
from lib.central_time import CENTRAL
from tests.factories import AgreementFactory
from tests.support.api import make_program
from tests.support.smt import FORM_TYPE, SmtProgram, make_smt_program

pytestmark = pytest.mark.django_db
TOKEN_TEXT = "The access token is missing, invalid or expired."


@pytest.fixture
def smt(program) -> SmtProgram:
    return SmtProgram(program)


def error_of(answer) -> tuple[int, dict]:
    assert answer["Content-Type"] == "application/json" and not answer.cookies
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    "path", ["/smt/v2/myagreements/", "/smt/v2/MyAgreements", "/SMT/V2/MYAGREEMENTS/", "/smt//v2/myagreements"]
)
def test_paths_in_any_letter_case_and_never_a_redirect(smt, path):
    """M1: a redirected POST would lose its body."""
    headers = {"authorization": f"Bearer {smt.program.issued.text}"}
    answer = smt.post(path, smt.message(), headers=headers)
    assert answer.status_code == 200 and answer.json() == {"trans_id": "20261130-1", "agreementStatusList": []}
    assert answer["Cache-Control"] == "no-store" and "Set-Cookie" not in answer and "Vary" not in answer


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("name", ["token", "myagreements"])
def test_only_by_post(smt, method, name):
    """M1."""
    answer = getattr(smt.browser, method)(f"/smt/v2/{name}/")
    assert answer.status_code == 405 and answer["Allow"] == "POST" and set(answer.json()) == {"error"}


def test_addresses_that_do_not_exist(smt):
    """M3, M21: with the names that do; SOAP's token is a 404 of JSON; paths without the version say so."""
    for path in ("/smt", "/smt/", "/smt/v2/", "/smt/v2/access/token/", "/smt/v2/unknown/", "/smt/v3/token/"):
        status, body = error_of(smt.post(path, {}))
        assert status == 404 and "NewAgreement" in body["error"], path
    status, body = error_of(smt.post("/smt/dailyreads/", {}))
    assert status == 410 and "/smt/v2/" in body["error"]


@pytest.mark.parametrize("path", ["/commonapi/user/authenticate", "/api/user/authenticate/"])
def test_programs_with_a_customers_password_are_not_served(path):
    """M22: not 400, 401 or 403, which they take for something else."""
    answer = Client(enforce_csrf_checks=True).post(path, "{}", content_type="application/json")
    assert answer.status_code == 404 and answer.json()["message"].startswith("This URL does not exist.")


def test_a_token_for_the_clients_id_and_key(smt):
    """M3: the number 200, texts for the rest, Central times without a zone."""
    answer = smt.token(username=smt.id.lower())
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"statusCode", "accessToken", "tokenType", "expiresIn", "issuedAt", "expiresAt"}
    assert (body["statusCode"], body["tokenType"], body["expiresIn"]) == (200, "Bearer", "3600")
    issued, expires = (datetime.strptime(body[name], "%m/%d/%Y %H:%M:%S") for name in ("issuedAt", "expiresAt"))
    assert abs(datetime.now(CENTRAL).replace(tzinfo=None) - issued) < timedelta(minutes=1)
    assert expires - issued in (timedelta(hours=1), timedelta(0), timedelta(hours=2))  # clocks may change in between
    smt.program.token = body["accessToken"]
    assert smt.send("myagreements").status_code == 200


def test_a_basic_header_beside_the_token_request_is_ignored(smt):
    """M3: one client sends both."""
    body = {"username": smt.id, "password": smt.program.issued.text}
    answer = smt.post("/smt/v2/token/", body, headers={"authorization": "Basic eDp5"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"username": ""}, 400, "Please provide username."),
        ({"password": None}, 400, "Please provide password."),
        ({"password": "wrong"}, 401, "Incorrect username or password."),
        ({"username": "SOMEONE"}, 401, "Incorrect username or password."),
    ],
)
def test_refused_tokens(smt, changes, status, text):
    """M3."""
    assert error_of(smt.token(**changes)) == (status, {"error": text})


def test_tokens_are_limited_a_minute_and_failures_by_network(smt, settings):
    """M3, P9, V14."""
    settings.API_TOKENS_A_MINUTE = 2
    answers = [smt.token() for _each in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["errorCode"] == "1008" and int(answers[-1]["Retry-After"]) > 0
    settings.API_FAILURES_PER_NETWORK = 1
    answers = [smt.token(password="wrong") for _each in range(2)]
    assert [answer.status_code for answer in answers] == [401, 429] and set(answers[1].json()) == {"error"}


def test_a_missing_and_an_unknown_authorization(smt):
    """M4."""
    assert error_of(smt.post("/smt/v2/myagreements/", smt.message())) == (
        403,
        {"error": "Authorization header is missing."},
    )
    for text in ("Bearer nothing", "Basic eDp5", f"Basic {smt.program.issued.text}"):
        answer = smt.send("myagreements", headers={"authorization": text})
        assert error_of(answer) == (401, {"error": TOKEN_TEXT})
    ApiKey.objects.update(expires_at=timezone.now())
    assert error_of(smt.send("myagreements")) == (401, {"error": TOKEN_TEXT})


def test_headers_that_name_the_client(smt):
    """M4."""
    assert smt.send("myagreements", headers={"username": smt.id.lower(), "serviceid": smt.id}).status_code == 200
    for name in ("username", "serviceid"):
        status, body = error_of(smt.send("myagreements", headers={name: "SOMEONE"}))
        assert status == 403 and set(body) == {"error"}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"\xff", b'{"trans_id":"a\\u0000"}', b'{"trans_id":"\\ud800"}', b"[" * 100_000,
        b'{"trans_id":' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_bodies_that_cannot_be_read(smt, body):
    """M6."""
    headers = {"authorization": f"Bearer {smt.program.issued.text}"}
    status, answer = error_of(smt.post("/smt/v2/myagreements/", body, headers=headers))
    assert (status, answer["errorCode"], answer["trans_id"]) == (400, "1001", "")


def test_json_whatever_its_type_is_called(smt):
    """M2: names in any letter case, unknown fields, numbers, a byte order mark."""
    smt.content_type = FORM_TYPE
    body = {"TRANS_ID": 77, "RequestorId": smt.id.lower(), "requestorType": "res", "smttermsandconditions": "y", "x": 1}
    headers = {"authorization": f"Bearer {smt.program.issued.text}"}
    for content_type in (FORM_TYPE, "text/plain", "application/json; charset=utf-8", "multipart/form-data; boundary=x"):
        smt.content_type = content_type
        answer = smt.post("/smt/v2/myagreements/", b"\xef\xbb\xbf" + json.dumps(body).encode(), headers=headers)
        assert answer.status_code == 200 and answer.json()["trans_id"] == "77"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trans_id", None), ("trans_id", "x" * 65), ("trans_id", ["a"]), ("trans_id", True), ("requestorID", None),
        ("requestorID", "SOMEONE"), ("requesterAuthenticationID", "999"), ("SMTTermsandConditions", None),
        ("SMTTermsandConditions", "N"),
    ],
)  # fmt: skip
def test_common_fields(smt, field, value):
    """M5: the failure names the field and does not quote it."""
    status, body = error_of(smt.send("myagreements", **{field: value}))
    assert (status, body["errorCode"]) == (400, "1001") and body["errorMessage"].startswith(f"{field}: ")
    assert "SOMEONE" not in body["errorMessage"]


def test_the_companys_duns_with_and_without_zeros(smt):
    """M5."""
    company = smt.program.company
    for duns in (company.duns, company.duns.lstrip("0"), int(company.duns)):
        assert smt.send("myagreements", requesterAuthenticationID=duns).status_code == 200


def test_no_successful_answer_has_the_word_that_means_failure(smt):
    """M2: also not in an email, a trans_id or their letter cases; JSON reads as it was."""
    AgreementFactory(company=smt.program.company, email="Terror.ERROR@example.net")
    answer = smt.send("myagreements", trans_id="mirror-error")
    assert answer.status_code == 200 and not re.search("error", answer.content.decode(), re.IGNORECASE)
    body = answer.json()
    assert body["trans_id"] == "mirror-error"
    assert body["agreementStatusList"][0]["retailCustomerEmail"] == "Terror.ERROR@example.net"


@pytest.mark.parametrize("name", ["NewSubscription", "Subscription", "UnSubscription", "odr", "odrstatus"])
def test_what_one_time_agreements_do_not_have(smt, name):
    """M21."""
    status, body = error_of(smt.send(name))
    assert (status, body["errorCode"], body["statusCode"]) == (400, "1002", "0001")
    assert body["errorMessage"].startswith("This service has one-time agreements only: ")
    assert body["statusReason"] == body["errorMessage"]
    assert smt.send("Mysubscriptions").json()["subscriptionList"] == []


@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS.values()])
def test_each_message_needs_its_scopes_and_a_client_that_is_on(name):
    """M4, M6, P2: without a scope 1004 and its name; another network, a client that is off, within the limit."""
    operation = OPERATIONS[name.lower()]
    smt = make_smt_program("webhooks:manage")
    status, body = error_of(smt.send(name))
    assert (status, body["errorCode"], body["trans_id"]) == (403, "1004", "20261130-1")
    assert operation.scopes[0] in body["errorMessage"]
    elsewhere = make_smt_program(networks=("203.0.113.0/24",))
    assert elsewhere.send(name).status_code == 403 and set(elsewhere.send(name).json()) == {"error"}
    ApiClient.objects.update(disabled_at=timezone.now())
    assert error_of(smt.send(name)) == (401, {"error": TOKEN_TEXT})


@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS.values()])
def test_each_message_within_its_limit(smt, settings, name):
    """M6, V14."""
    for policy in ("READS", "WRITES", "DOWNLOADS"):
        setattr(settings, f"API_{policy}_A_MINUTE", 0)
    answer = smt.send(name)
    assert (answer.status_code, answer.json()["errorCode"]) == (429, "1008") and int(answer["Retry-After"]) > 0
    assert answer["RateLimit-Policy"]


def test_a_secret_in_an_address_is_refused_and_revoked(smt):
    """P8."""
    answer = smt.post(f"/smt/v2/token/?key={smt.program.issued.text}", {})
    assert answer.status_code == 400 and set(answer.json()) == {"error"} and ApiKey.objects.get().revoked_at


def test_a_body_that_is_too_large(smt, settings):
    """M6."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = smt.send("myagreements", padding="x" * 200)
    assert answer.status_code == 413 and set(answer.json()) == {"error"}


def test_a_failure_of_the_portal_is_json_without_details(smt, monkeypatch):
    """M6."""
    from api.smt import views

    monkeypatch.setattr(views, "count_request", lambda *_args: 1 / 0)
    assert error_of(smt.send("myagreements")) == (500, {"error": "Something went wrong. Please try again later."})


@pytest.mark.parametrize("standing", CompanyStanding.values)
def test_reading_goes_on_in_each_standing_of_the_company(smt, standing):
    """P3."""
    smt.program.company.standing = standing
    smt.program.company.save()
    assert smt.send("myagreements").status_code == 200


def test_a_key_of_the_sandbox_sees_only_the_sandbox(smt):
    """V15: and the other way round."""
    tester = SmtProgram(make_program(administrator=smt.program.administrator, environment="test", name="Tests"))
    live = AgreementFactory(company=smt.program.company)
    test = AgreementFactory(company=tester.program.client.company)
    for each, own, other in ((smt, live, test), (tester, test, live)):
        rows = each.send("myagreements").json()["agreementStatusList"]
        assert [row["agreementNumber"] for row in rows] == [own.number]
        status, body = error_of(each.send("AgreementESIIDs", agreementNumber=other.number))
        assert (status, body["errorCode"]) == (404, "1005")

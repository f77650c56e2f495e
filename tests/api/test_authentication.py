"""Keys and tokens: who is let in, who is not, and that nothing tells them apart (P5, P7 to P10)."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from api import key_text
from api.models import ApiClient, ApiKey, ApiToken
from api.scopes import SCOPES
from companies.models import CompanyFingerprint, CompanyStanding, Membership
from companies.trust.fingerprints import match_fingerprints
from notifications.models import Email
from tests.support.api import make_program
from tests.support.races import together

pytestmark = pytest.mark.django_db
TOKEN = "/api/v1/oauth/token"


def bearer(text: str, **options):
    client = Client(raise_request_exception=False)
    return client.get("/api/v1/me", headers={"authorization": text}, **options)


def ask_for_token(program, key: str = "", client_id: str = "", **form):
    credentials = f"{client_id or program.client.client_id}:{key or program.issued.text}"
    headers = {"authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}
    return Client().post(TOKEN, {"grant_type": "client_credentials"} | form, headers=headers)


def test_a_key_says_who_the_client_is(program):
    """P5, P2: its company, scopes and limits."""
    answer = program.get("/me")
    assert answer.status_code == 200
    me = answer.json()
    assert me["client"] == {"id": program.client.client_id, "name": "CRM"}
    assert me["company"] == {"name": program.company.legal_name, "standing": "approved"}
    assert me["scopes"] == list(SCOPES)
    assert me["key"]["prefix"] == program.key.prefix
    assert {limit["policy"]: limit["used"] for limit in me["limits"]} == {
        "read": 1, "write": 0, "download": 0, "token": 0, "ping": 0
    }  # fmt: skip


def test_a_key_is_kept_as_a_hash_only(program):
    """P5: what the database has of it opens nothing."""
    text = program.issued.text
    assert re.fullmatch(r"smtp_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}", text)
    key = ApiKey.objects.get()
    assert key.key_hash == key_text.hash_secret(text)
    assert text not in str(ApiKey.objects.values().get()) and bearer(f"Bearer {key.key_hash}").status_code == 401


def test_a_mistyped_key_asks_the_database_nothing_about_keys(program, django_assert_max_num_queries):
    """P5: the last characters check the others."""
    text = program.issued.text
    assert key_text.key_prefix(text) == program.key.prefix
    for place in (12, 25, 60, len(text) - 1):
        changed = "A" if text[place] != "A" else "B"
        assert key_text.key_prefix(text[:place] + changed + text[place + 1 :]) == ""


def test_every_key_that_does_not_work_gets_the_same_answer(program):
    """P9: unknown, wrong, expired, revoked, of a client that is off; the same words and the same size."""
    answers = [bearer("Bearer " + "x" * 60), bearer(""), bearer("Basic abc"), bearer("Bearer ")]
    unknown, _prefix = key_text.new_key("live")
    answers.append(bearer(f"Bearer {unknown}"))
    forged = make_program(name="second").issued
    ApiKey.objects.filter(pk=forged.key.pk).update(key_hash="0" * 64)
    answers.append(bearer(f"Bearer {forged.text}"))
    for change in ({"expires_at": timezone.now()}, {"revoked_at": timezone.now()}):
        other = make_program()
        ApiKey.objects.filter(pk=other.key.pk).update(**change)
        answers.append(other.get("/me"))
    off = make_program()
    ApiClient.objects.filter(pk=off.client.pk).update(disabled_at=timezone.now())
    answers.append(off.get("/me"))
    removed = make_program()
    Membership.objects.filter(pk=removed.client.membership_id).update(ended_at=timezone.now())
    answers.append(removed.get("/me"))
    bodies = {re.sub(r"urn:uuid:[0-9a-f-]+", "", answer.content.decode()) for answer in answers}
    assert len(bodies) == 1 and {answer.status_code for answer in answers} == {401}
    assert all(answer["WWW-Authenticate"].startswith("Bearer") for answer in answers)


def test_authentication_is_one_query(program, django_assert_num_queries):
    """V14: and one counts the request."""
    program.get("/me")
    with django_assert_num_queries(3):  # the key, the count, what was used of the limits
        assert program.get("/me").status_code == 200
    program.token = ask_for_token(program).json()["access_token"]
    with django_assert_num_queries(3):
        assert program.get("/me").status_code == 200


def test_scopes_are_read_at_each_request(program):
    """P2: also those of a token that was issued before."""
    program.token = ask_for_token(program).json()["access_token"]
    Membership.objects.filter(pk=program.client.membership_id).update(may_initiate=False)
    assert "agreements:write" not in program.get("/me").json()["scopes"]


def test_a_token_is_issued_by_basic_and_by_form(program):
    """P7: as RFC 6749 says."""
    answer = ask_for_token(program, scope="agreements:read reports:read")
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 3600, "agreements:read reports:read")
    form = {"client_id": program.client.client_id.lower(), "client_secret": program.issued.text}
    by_form = Client().post(TOKEN, {"grant_type": "client_credentials"} | form)
    assert by_form.status_code == 200
    program.token = body["access_token"]
    assert program.get("/me").json()["scopes"] == ["agreements:read", "reports:read"]
    assert body["access_token"] not in str(list(ApiToken.objects.values()))


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"scope": "agreements:read all"}, 400, "invalid_scope"),
        ({"key": "nothing"}, 401, "invalid_client"),
        ({"client_id": "SOMEONE"}, 401, "invalid_client"),
    ],
)
def test_errors_of_tokens_are_those_of_oauth(program, change, status, error):
    """P7."""
    answer = ask_for_token(program, **change)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert set(answer.json()) == {"error", "error_description"}
    assert ("WWW-Authenticate" in answer) == (status == 401)


@pytest.mark.parametrize("what", ["key", "client", "time", "membership"])
def test_a_token_ends_with_what_it_came_from(program, what):
    """P7: with its key, its client, its hour."""
    program.token = ask_for_token(program).json()["access_token"]
    assert program.get("/me").status_code == 200
    now = timezone.now()
    if what == "key":
        ApiKey.objects.update(revoked_at=now)
    elif what == "client":
        ApiClient.objects.update(disabled_at=now)
    elif what == "membership":
        Membership.objects.filter(user=program.user).update(ended_at=now)
    else:
        ApiToken.objects.update(expires_at=now)
    assert program.get("/me").status_code == 401


def test_a_key_in_an_address_is_revoked_and_mailed(program):
    """P8: it is in logs already; the administrators are told."""
    answer = program.get("/me", {"page": program.issued.text})
    assert (answer.status_code, answer.json()["code"]) == (400, "secret-in-url")
    assert ApiKey.objects.get().revoked_at and program.get("/me").status_code == 401
    (email,) = Email.objects.filter(kind="API_KEY_REVOKED")
    assert email.to_address == program.administrator.user.email
    assert program.key.prefix in email.text and program.issued.text not in email.text + email.html
    assert program.get("/me", {"page": program.issued.text}).status_code == 400
    assert Email.objects.filter(kind="API_KEY_REVOKED").count() == 1


@pytest.mark.parametrize("name", ["access_token", "api_key", "KEY", "client_secret"])
def test_a_parameter_for_a_secret_is_refused(program, name):
    """P8: whatever is in it; a key that works is not hurt."""
    answer = program.get("/me", {name: "anything"})
    assert (answer.status_code, answer.json()["code"]) == (400, "secret-in-url")
    assert "anything" not in answer.content.decode() and program.get("/me").status_code == 200


def test_failures_of_a_network_are_limited_and_a_key_that_works_is_not(program, settings):
    """P9: 20 in ten minutes; another address, and a good key at this one, go on."""
    settings.API_FAILURES_PER_NETWORK = 3
    wrong, here = "Bearer wrong", {"REMOTE_ADDR": "203.0.113.9"}
    assert [bearer(wrong, **here).status_code for _ in range(4)] == [401, 401, 401, 429]
    refused = bearer(wrong, **here)
    assert refused.json()["code"] == "authentication-limit"
    assert refused.json()["retry_at"].endswith("Z") and 0 < int(refused["Retry-After"]) <= 601
    assert bearer(wrong, REMOTE_ADDR="203.0.113.10").status_code == 401
    assert program.get("/me", REMOTE_ADDR="203.0.113.9").status_code == 200
    assert [bearer(wrong, REMOTE_ADDR=f"2001:db8::{n}").status_code for n in range(1, 5)] == [401, 401, 401, 429]


@pytest.mark.django_db(transaction=True)
def test_failures_at_once_are_each_counted(settings):
    """P9."""
    settings.API_FAILURES_PER_NETWORK = 3
    answers = together([lambda: bearer("Bearer wrong", REMOTE_ADDR="203.0.113.9").status_code] * 8)
    assert sorted(answers) == [401] * 3 + [429] * 5


def test_a_client_may_be_allowed_from_some_networks(db):
    """P1."""
    program = make_program(networks=("203.0.113.0/24", "2001:db8::/48"))
    assert program.get("/me", REMOTE_ADDR="203.0.113.77").status_code == 200
    assert program.get("/me", REMOTE_ADDR="2001:db8::7").status_code == 200
    refused = program.get("/me", REMOTE_ADDR="198.51.100.7")
    assert (refused.status_code, refused.json()["code"]) == (403, "network-not-allowed")


def test_the_use_of_a_key_is_recorded_once_a_minute(program):
    """P5."""
    program.get("/me")
    first = ApiKey.objects.get().last_used_at
    program.get("/me")
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    program.get("/me")
    assert ApiKey.objects.get().last_used_at > first - timedelta(seconds=1)


def test_the_network_of_a_program_is_its_companys(program):
    """P10, X1: an acceptance from the server that asked is a signal."""
    program.get("/me", REMOTE_ADDR="8.8.8.8")
    assert CompanyFingerprint.objects.filter(company=program.company, kind="network").count() == 1
    program.get("/me", REMOTE_ADDR="8.8.4.4")
    assert CompanyFingerprint.objects.filter(company=program.company, kind="network").count() == 2
    from django.test import RequestFactory

    from companies.trust.fingerprints import fingerprint_request

    seen = fingerprint_request(RequestFactory().get("/", REMOTE_ADDR="8.8.8.8"))
    assert match_fingerprints(program.company, seen) == {"network"}


@pytest.mark.parametrize("standing", CompanyStanding.values)
def test_a_client_says_who_it_is_in_every_standing_of_its_company(program, standing):
    """P3."""
    program.company.standing = standing
    program.company.save()
    assert program.get("/me").json()["company"]["standing"] == standing


def test_a_session_opens_nothing(client, program):
    """P8: no cookie is read, and none is set."""
    client.force_login(program.administrator.user)
    answer = client.get("/api/v1/me")
    assert answer.status_code == 401 and not answer.cookies
    assert not program.get("/me").cookies


def test_a_new_key_by_the_old_one(program):
    """P6: the old one ends when asked; both work until then."""
    answer = program.post("/me/rotate-key", {"old_key_ends_in_hours": 2})
    assert answer.status_code == 201
    body = answer.json()
    old = ApiKey.objects.get(pk=program.key.pk)
    assert timedelta(hours=1, minutes=59) < old.expires_at - timezone.now() <= timedelta(hours=2)
    assert bearer(f"Bearer {body['key']}").json()["key"]["prefix"] == body["prefix"]
    assert program.get("/me").status_code == 200
    again = program.post("/me/rotate-key", {})
    assert (again.status_code, again.json()["code"]) == (409, "too-many-keys")
    new = ApiKey.objects.get(prefix=body["prefix"])
    assert timedelta(days=364) < new.expires_at - timezone.now() <= timedelta(days=365)


@pytest.mark.django_db(transaction=True)
def test_of_two_rotations_at_once_one_makes_a_key():
    """P6."""
    program = make_program()
    answers = together([lambda: program.post("/me/rotate-key", {}).status_code] * 4)
    assert sorted(answers) == [201, 409, 409, 409]
    assert ApiKey.objects.live().count() == 2

"""Creating agreements through the API: the form's rules and words, once for each key (V6, V7, V12, P11)."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements import actions, creation
from agreements.models import Agreement, AgreementEvent, Draft, FailedMatch
from agreements.states import Channel
from api import idempotency
from api.models import IdempotencyKey
from companies.models import Company, CompanyStanding
from notifications.models import Email
from tests.factories import MeterFactory
from tests.support.agreements import agreement_request, registered_customer, submit_draft
from tests.support.api import ApiProgram, make_program
from tests.support.races import met, together

pytestmark = pytest.mark.django_db
KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"
ROSA = {
    "kind": "residential",
    "email": "rosa@example.net",
    "first_name": "Rosa",
    "last_name": "Delgado",
    "language": "es",
    "street": "206 Boxwood Drive",
    "city": "Baytown",
    "state": "TX",
    "zip_code": "77520",
}


def asked(*meters: Any, **changes: Any) -> dict[str, Any]:
    rows = [{"esiid": meter.premise.esiid, "meter_number": meter.number} for meter in meters]
    body = {"registered": False, "customer": ROSA, "meters": rows, "report": {"type": "interval", "length": "3m"}}
    return body | {"attestation": {"holds_authorization": True}} | changes


def create(program: ApiProgram, body: dict[str, Any], key: str = KEY) -> Any:
    return program.post("/agreements", body, headers={"idempotency-key": key} if key else {})


def test_agreements_are_created_as_by_the_form(program):
    """V6, V7, P11: one for each meter, one email, and the program's name in the history."""
    first, second = MeterFactory(), MeterFactory()
    answer = create(program, asked(first, second, comments="Call us."))
    assert answer.status_code == 201, answer.content
    made = answer.json()["data"]
    assert [each["esiid"] for each in made] == [first.premise.esiid, second.premise.esiid]
    assert answer["Location"] == made[0]["links"]["self"] and "Idempotency-Replayed" not in answer
    agreement = Agreement.objects.get(number=made[0]["number"])
    assert (agreement.comments, agreement.contact_name) == ("Call us.", program.client.contact_name)
    assert agreement.submission.language == "es" and agreement.submission.initiated_by == program.user
    assert {event.channel for event in AgreementEvent.objects.all()} == {Channel.API}
    assert Email.objects.filter(kind="EM201", to_address=ROSA["email"]).count() == 1
    page = Client()
    page.force_login(program.administrator.user)
    assert "API client CRM" in page.get(reverse("agreement", args=[agreement.number])).content.decode()


def test_a_registered_customer_is_masked_in_the_answer(program):
    """V6, T6."""
    claim, meter = registered_customer()
    body = asked(meter, registered=True, customer={"kind": "residential", "email": claim.customer.user.email})
    answer = create(program, body)
    assert answer.status_code == 201 and answer.json()["data"][0]["customer"]["is_masked"] is True


def test_the_same_request_again_creates_nothing(program):
    """V12: it returns what there is now; another body is refused, another key is another request."""
    body = asked(MeterFactory())
    first = create(program, body).json()["data"]
    again = create(program, body, key=f'"{KEY}"')
    assert (again.status_code, again["Idempotency-Replayed"]) == (201, "true")
    assert again.json()["data"][0]["number"] == first[0]["number"]
    actions.withdraw(Agreement.objects.get(), by=program.user)
    assert create(program, body).json()["data"][0]["status"] == "withdrawn"
    other = create(program, asked(MeterFactory()))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert Agreement.objects.count() == Email.objects.filter(kind="EM201").count() == 1
    sibling = make_program(administrator=program.administrator, name="Other")
    assert create(sibling, body).status_code == 201 and Agreement.objects.count() == 1, "the key is the company's"
    stranger = make_program()
    assert create(stranger, body).status_code == 201 and Agreement.objects.count() == 2
    assert ROSA["email"] not in str(list(IdempotencyKey.objects.values()))


def test_a_key_counts_for_seven_days(program):
    """V12."""
    create(program, asked(MeterFactory()))
    IdempotencyKey.objects.update(created_at=timezone.now() - portal_settings.API_IDEMPOTENCY_PERIOD)
    assert idempotency.delete_old_keys() == 1


@pytest.mark.parametrize(
    ("key", "code"), [("", "idempotency-key-missing"), ("short", "invalid-header"), ('"' + KEY, "invalid-header")]
)
def test_a_key_is_needed_and_has_a_form(program, key, code):
    """V12."""
    answer = create(program, asked(MeterFactory()), key)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_refusal_keeps_no_key_and_counts_what_failed(program):
    """V7, V12, X2: the same answer whatever is wrong; the key may be used again after correcting."""
    meter = MeterFactory()
    unknown = asked(meter)
    unknown["meters"] = [{"esiid": "10443720009999917", "meter_number": meter.number}]
    wrong = asked(meter)
    wrong["meters"] = [{"esiid": meter.premise.esiid, "meter_number": "104051940"}]
    answers = [create(program, body) for body in (unknown, wrong)]
    bodies = [answer.json() | {"instance": ""} for answer in answers]
    assert bodies[0] == bodies[1] and {answer.status_code for answer in answers} == {422}
    (error,) = bodies[0]["errors"]
    assert (error["pointer"], error["code"], len(error["causes"])) == ("#/meters/0", "mismatch", 7)
    assert FailedMatch.objects.filter(user=program.user).count() == 2 and not IdempotencyKey.objects.exists()
    assert create(program, asked(meter)).status_code == 201


def test_guessing_ends_at_the_limit_of_the_pages(program, settings):
    """X2, P12: by several programs of a company, and by dry runs too."""
    settings.FAILED_MATCHES_PER_COMPANY = 4
    other, body = make_program(administrator=program.administrator, name="Other"), asked(MeterFactory())
    for number in range(4):
        body["meters"] = [{"esiid": f"1044372000999990{number}", "meter_number": "104051940"}]
        sender = (program, other)[number % 2]
        answer = create(sender, body | {"dry_run": number < 2})
        assert answer.json()["code"] == "agreement-refused"
    refused = create(program, asked(MeterFactory()))
    assert (refused.status_code, refused.json()["code"]) == (429, "guessing-limit")


def test_waiting_repeated_and_the_yearly_limit_point_to_their_meter(program, settings):
    """L5, L6, V7."""
    settings.AGREEMENT_LIMIT_PER_ESIID = 1
    meter, other = MeterFactory(), MeterFactory()
    (made,) = create(program, asked(meter)).json()["data"]
    repeated = create(program, asked(other, other), "another-key").json()
    assert [(error["pointer"], error["code"]) for error in repeated["errors"]] == [("#/meters/1", "repeated")]
    limit = create(program, asked(other, meter), "another-key").json()
    assert [(error["pointer"], error["code"]) for error in limit["errors"]] == [("#/meters/1", "limit")]
    settings.AGREEMENT_LIMIT_PER_ESIID = 3
    waiting = create(program, asked(meter), "another-key").json()
    assert (waiting["errors"][0]["code"], waiting["agreement_number"]) == ("waiting", made["number"])
    assert Agreement.objects.count() == 1


def test_a_dry_run_creates_nothing(program):
    """V7: it says how much of the yearly limit is used."""
    meter = MeterFactory()
    answer = create(program, asked(meter, dry_run=True), key="")
    assert answer.status_code == 200
    assert answer.json()["data"] == [
        {
            "esiid": meter.premise.esiid,
            "would_create": True,
            "quota": {"used": 0, "limit": 3, "next_free_at": None},
        }
    ]
    assert not Agreement.objects.exists() and not Email.objects.exists() and not Draft.objects.exists()
    assert not IdempotencyKey.objects.exists()
    create(program, asked(meter))
    used = create(program, asked(meter, dry_run=True, report={"type": "daily", "length": "1m"}), key="")
    assert used.json()["data"][0]["quota"]["used"] == 1


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"customer": ROSA | {"email": "rosa"}}, "#/customer/email", "invalid"),
        ({"customer": ROSA | {"first_name": None}}, "#/customer/first_name", "invalid"),
        ({"customer": ROSA | {"state": "ZZ"}}, "#/customer/state", "invalid"),
        ({"customer": ROSA | {"company_name": "Delgado LLC"}}, "#/customer/company_name", "not-applicable"),
        ({"customer": ROSA | {"kind": "business"}}, "#/customer/language", "not-applicable"),
        ({"registered": True}, "#/customer/city", "not-applicable"),
        ({"meters": [{"esiid": "12", "meter_number": "104051941"}]}, "#/meters/0/esiid", "invalid"),
        ({"meters": [{"esiid": " ", "meter_number": "1"}]}, "#/meters/0/esiid", "pattern"),
        ({"meters": []}, "#/meters", "length"),
        ({"report": {"type": "monthly", "length": "1d"}}, "#/report/length", "invalid"),
        ({"report": {"type": "hourly", "length": "1m"}}, "#/report/type", "choice"),
        ({"contact": {"name": "J", "phone": "12", "email": "j@green.example"}}, "#/contact/phone", "invalid"),
        ({"comments": "x" * 1001}, "#/comments", "invalid"),
        ({"comments": "a\u0000b"}, "#/comments", "invalid"),
        ({"registered": "no"}, "#/registered", "type"),
    ],
)
def test_mistakes_point_to_their_field(program, change, pointer, code):
    """V6: in the words of the form."""
    answer = create(program, asked(MeterFactory()) | change)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request"), answer.content
    assert (pointer, code) in [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("attestation", "code"),
    [({"holds_authorization": False}, "attestation-missing"), ({}, "invalid-request")],
)
def test_the_authorization_must_be_attested(program, attestation, code):
    """V6: there is no default."""
    answer = create(program, asked(MeterFactory(), attestation=attestation))
    assert (answer.status_code, answer.json()["code"]) == (422, code) and not Agreement.objects.exists()


@pytest.mark.parametrize("standing", [CompanyStanding.PENDING, CompanyStanding.SUSPENDED])
def test_a_company_that_may_not_ask_creates_nothing(program, standing):
    """P3, D1."""
    Company.objects.update(standing=standing)
    for is_dry in (False, True):
        answer = create(program, asked(MeterFactory(), dry_run=is_dry))
        assert (answer.status_code, answer.json()["code"]) == (403, f"company-{standing}")


def test_a_company_whose_requests_are_paused_creates_nothing(program):
    """C8."""
    Company.objects.update(requests_paused_at=timezone.now())
    answer = create(program, asked(MeterFactory()))
    assert (answer.status_code, answer.json()["code"]) == (403, "requests-paused")


def test_the_daily_limit_of_a_company_holds(program, settings):
    """X2, P12."""
    settings.INITIATIONS_PER_COMPANY = 1
    create(program, asked(MeterFactory()))
    answer = create(program, asked(MeterFactory()), "another-key")
    assert (answer.status_code, answer.json()["code"]) == (429, "initiation-limit")


# --- At the same moment ---------------------------------------------------------------------------------------------


def many_identical() -> list[Any]:
    program, body = make_program(), asked(MeterFactory())
    return together([lambda: create(program, body)] * 20)


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_of_many_identical_requests_one_creates():
    """V12: all others get the same agreements, or are told that the first is running."""
    answers = many_identical()
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"request-in-progress"}
    numbers = {answer.json()["data"][0]["number"] for answer in answers if answer.status_code == 201}
    assert len(numbers) == 1 and Agreement.objects.count() == IdempotencyKey.objects.count() == 1
    assert Email.objects.filter(kind="EM201").count() == 1


@pytest.mark.fault
@pytest.mark.control
@pytest.mark.django_db(transaction=True)
def test_control_without_the_keys_lock_a_repeated_request_is_refused(monkeypatch):
    """V12: it finds its own agreement in the way."""
    program, body = make_program(), asked(MeterFactory())
    monkeypatch.setattr(idempotency, "_lock", met(lambda name: None, by=2))
    answers = together([lambda: create(program, body)] * 2)
    assert sorted(answer.status_code for answer in answers) != [201, 201]
    assert not {answer.json().get("code") for answer in answers} <= {None, "request-in-progress"}


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_three_an_esiid_by_page_and_program_at_once():
    """L5, P12: ten by each."""
    program, meter = make_program(), MeterFactory()
    kinds = [(kind, length) for kind in ("interval", "daily") for length in ("1d", "1m", "3m", "6m", "12m")]
    user = program.administrator.user
    drafts = [
        creation.start_draft(agreement_request(meter, report_type=kind, report_length=length), by=user)
        for kind, length in kinds
    ]
    by_page = [lambda draft=draft: submit_draft(draft, by=user) for draft in drafts]
    by_program = [
        lambda kind=kind, length=length: create(
            program, asked(meter, report={"type": kind, "length": length}), f"key-{kind}-{length}"
        )
        for kind, length in kinds
    ]
    results = together([*by_page, *by_program])
    assert Agreement.objects.count() == 3
    answers = [result for result in results if hasattr(result, "status_code")]
    assert {answer.status_code for answer in answers} <= {201, 422}


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_of_a_withdrawal_by_a_program_and_an_acceptance_one_wins():
    """L8: and the program is told which."""
    for _each in range(5):
        program = make_program()
        (made,) = create(program, asked(MeterFactory())).json()["data"]
        agreement = Agreement.objects.get(number=made["number"])
        withdrawn, accepted = together(
            [
                lambda path=f"/agreements/{made['number']}/withdraw": program.post(path),  # noqa: B023
                lambda row=agreement: actions.accept(row, channel=Channel.INVITATION),
            ]
        )
        status = Agreement.objects.get(pk=agreement.pk).status
        if status == "withdrawn":
            assert withdrawn.status_code == 200 and isinstance(accepted, Exception)
        else:
            assert status == "complete" and not isinstance(accepted, Exception)
            assert (withdrawn.status_code, withdrawn.json()["agreement_status"]) == (409, "complete")

"""Each scenario of the sandbox through the API, until it ends (V16, V17)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from agreements.models import Agreement, AgreementEvent
from agreements.states import Channel
from api.models import Environment, SandboxStep
from api.sandbox.readings import readings
from api.sandbox.scenarios import SCENARIOS, meter_number_of
from api.sandbox.steps import run_due_steps
from lib.central_time import central_day
from meters.usage.days import slots_on
from notifications.models import Email, EmailState
from reports.actions import generate_due_reports
from tests.api.test_creation import ROSA
from tests.support.api import ApiProgram, make_program
from tests.support.usage import days_between

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
_keys = itertools.count()


@pytest.fixture
def tester(db) -> ApiProgram:
    """A program with a test key that may do everything."""
    return make_program(environment=Environment.TEST)


def esiid_of(scenario: str, free: str = "0000001") -> str:
    return f"1099999{free}{scenario}"


def body_of(*scenarios: str, length: str = "1m", free: str = "0000001", **changes: Any) -> dict[str, Any]:
    meters = [
        {"esiid": esiid_of(code, free), "meter_number": meter_number_of(esiid_of(code, free))} for code in scenarios
    ]
    body = {"registered": False, "customer": ROSA, "meters": meters, "report": {"type": "interval", "length": length}}
    return body | {"attestation": {"holds_authorization": True}} | changes


def ask(tester: ApiProgram, body: dict[str, Any]) -> Any:
    return tester.post("/agreements", body, headers={"idempotency-key": f"a-key-of-a-test-{next(_keys)}"})


def create(tester: ApiProgram, *scenarios: str, **details: Any) -> str:
    answer = ask(tester, body_of(*scenarios, **details))
    assert answer.status_code == 201, answer.content
    (made,) = answer.json()["data"]
    assert made["test"] is True and made["links"]["portal"] is None
    return str(made["number"])


def later(seconds: int) -> datetime:
    """Do what is due so many seconds from now, as the workers do."""
    at = timezone.now() + timedelta(seconds=seconds)
    run_due_steps(at=at)
    generate_due_reports(at=at)
    return at


def state(tester: ApiProgram, number: str) -> tuple[str, str]:
    agreement = tester.get(f"/agreements/{number}").json()
    return agreement["status"], agreement["report"]["state"]


def report_of(tester: ApiProgram, number: str) -> dict[str, Any]:
    answer: dict[str, Any] = tester.get(f"/agreements/{number}/report").json()
    return answer


def rows(tester: ApiProgram, number: str) -> Iterator[list[str]]:
    content = tester.get(f"/agreements/{number}/report/usage.csv").getvalue().decode()
    yield from (line.split(",") for line in content.splitlines()[1:])


def expected_sum(esiid: str, first: date, last: date) -> int:
    return sum(sum(readings(esiid, day)) for day in days_between(first, last))


def test_101_accepts_with_every_reading_of_a_year(tester):
    """V16: nothing happens before five seconds; the sum of the file is the documented function's."""
    number = create(tester, "101", length="12m")
    later(4)
    assert state(tester, number) == ("pending", "none")
    later(6)
    assert state(tester, number) == ("complete", "ready")
    report, today = report_of(tester, number), central_day(timezone.now())
    last = date.fromisoformat(report["covered_period"]["last_day"])
    first = date.fromisoformat(report["covered_period"]["first_day"])
    assert last == today - timedelta(days=1) and {slots_on(day) for day in days_between(first, last)} == {92, 96, 100}
    wh = expected_sum(esiid_of("101"), first, last)
    assert report["total_wh"] == {"consumption": wh} and report["intervals"]["missing"] == 0
    assert sum(Decimal(row[5]) for row in rows(tester, number) if row[5]) * 1000 == wh  # one hour of spring is blank
    events = AgreementEvent.objects.filter(agreement__number=number).values_list("channel", flat=True)
    assert set(events) == {Channel.API, Channel.SANDBOX}
    assert tester.get(f"/agreements/{number}/authorization.pdf").status_code == 200
    timeline = tester.get(f"/agreements/{number}").json()["timeline"]
    assert [(each["event"], each["channel"]) for each in timeline][-1] == ("accept", "sandbox")
    assert timeline[-1]["by"] == "the sandbox"


def test_102_has_surplus_generation(tester):
    """V16."""
    number = create(tester, "102")
    later(6)
    totals = report_of(tester, number)["total_wh"]
    assert set(totals) == {"consumption", "surplus_generation"} and all(totals.values())
    report = report_of(tester, number)
    days = [date.fromisoformat(report["covered_period"][name]) for name in ("first_day", "last_day")]
    assert sum(totals.values()) == expected_sum(esiid_of("102"), days[0], days[1])


def test_103_has_gaps(tester):
    """V16: a week, an hour and three readings."""
    number = create(tester, "103")
    later(6)
    report, today = report_of(tester, number), central_day(timezone.now())
    assert state(tester, number) == ("complete", "ready")
    gap = [str(today - timedelta(days=20)), str(today - timedelta(days=14))]
    assert report["missing_days"] == {"consumption": [gap]}
    week = sum(slots_on(today - timedelta(days=days)) for days in range(14, 21))
    assert report["intervals"]["missing"] == week + 4 + 3


def test_104_has_estimated_readings(tester):
    """V16: two blocks of 16 in each month."""
    number = create(tester, "104", length="12m")
    later(6)
    assert report_of(tester, number)["intervals"]["estimated"] == 12 * 32


def test_105_ends_without_data(tester):
    """V16."""
    number = create(tester, "105")
    later(6)
    assert state(tester, number) == ("complete", "no_data")


@pytest.mark.parametrize(("code", "days"), [("106", 40), ("107", 100)])
def test_106_and_107_cover_less_than_a_year(tester, code, days):
    """V16: the service, or the meter, is younger."""
    number = create(tester, code, length="12m")
    later(6)
    report, begun = report_of(tester, number), central_day(timezone.now()) - timedelta(days=days)
    assert report["shortened"] is (code == "106")
    expected = sum(slots_on(day) for day in days_between(begun, central_day(timezone.now()) - timedelta(days=1)))
    assert (report["intervals"]["expected"], report["intervals"]["missing"]) == (expected, 0)


def test_108_waits_for_data(tester):
    """V16, R7."""
    number = create(tester, "108")
    later(6)
    assert state(tester, number) == ("complete", "waiting_for_data")
    later(40)
    assert state(tester, number) == ("complete", "ready")


def test_109_shares_less(tester):
    """V16, C9."""
    number = create(tester, "109", length="12m")
    later(6)
    report = tester.get(f"/agreements/{number}").json()["report"]
    assert (report["granted_type"], report["granted_length"], report["state"]) == ("daily", "1m", "ready")


def test_201_rejects(tester):
    """V16."""
    number = create(tester, "201")
    later(6)
    assert state(tester, number) == ("rejected", "none")


def test_202_expires_after_a_minute(tester):
    """V16: the deadline is moved, and the same clock ends it."""
    number = create(tester, "202")
    answer = tester.get(f"/agreements/{number}").json()
    initiated, expires = (datetime.fromisoformat(answer[name]) for name in ("initiated_at", "expires_at"))
    assert timedelta(seconds=59) <= expires - initiated <= timedelta(seconds=61)
    later(50)
    assert state(tester, number) == ("pending", "none")
    later(70)
    assert state(tester, number) == ("not_accepted", "none")
    assert AgreementEvent.objects.get(agreement__number=number, kind="expire").channel == Channel.CLOCK


def test_203_never_answers(tester):
    """V16."""
    number = create(tester, "203")
    later(3600)
    assert state(tester, number) == ("pending", "none") and not SandboxStep.objects.exists()


def test_204_bounces(tester):
    """V16, E7: such an agreement does not count for the yearly limit."""
    number = create(tester, "204")
    assert tester.get(f"/agreements/{number}").json()["invitation"]["delivery"] == "sent"
    later(6)
    assert tester.get(f"/agreements/{number}").json()["invitation"]["delivery"] == "failed"
    assert Email.objects.get(about=[number], kind="EM201").state == EmailState.BOUNCED
    checked = ask(tester, body_of("204", dry_run=True, report={"type": "daily", "length": "1m"})).json()
    assert checked["data"][0]["quota"]["used"] == 0


@pytest.mark.parametrize(("code", "outcome"), [("205", "ready"), ("206", "refused")])
def test_205_and_206_are_reviewed(tester, code, outcome):
    """V16, X1: no one is told, and the sandbox decides."""
    number = create(tester, code)
    later(6)
    assert state(tester, number) == ("complete", "held")
    at = later(6 + 25)
    assert state(tester, number) == ("complete", "held")
    at = later(6 + 40)
    assert state(tester, number) == ("complete", outcome), at
    assert not Email.objects.filter(kind="REVIEW").exists()
    (reviewed,) = AgreementEvent.objects.filter(agreement__number=number, channel=Channel.REVIEW, by__isnull=False)
    assert reviewed.by and not reviewed.by.is_person


def test_301_is_a_registered_customer(tester):
    """V16, T6: masked until the customer accepts; the ESIID matches no one else."""
    customer = {"kind": "residential", "email": "registered@sandbox.example"}
    answer = ask(tester, body_of("301", registered=True, customer=customer))
    assert answer.status_code == 201, answer.content
    (made,) = answer.json()["data"]
    assert made["customer"]["is_masked"] is True
    later(6)
    assert state(tester, made["number"]) == ("complete", "ready")
    assert tester.get(f"/agreements/{made['number']}").json()["customer"]["name"] == "Robin Sandbox"
    unregistered = ask(tester, body_of("301"))
    assert unregistered.json()["errors"][0]["code"] == "mismatch"
    again = ask(tester, body_of("301", free="0000002", registered=True, customer=customer))
    assert again.status_code == 201


def test_302_has_used_up_its_limit(tester):
    """V16, L5: earlier agreements are there to be read."""
    for _twice in range(2):
        answer = ask(tester, body_of("302"))
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "limit")
    made = tester.get("/agreements").json()["data"]
    assert [each["status"] for each in made] == ["rejected"] * 3


def test_303_is_already_waiting(tester):
    """V16, L6."""
    for _twice in range(2):
        answer = ask(tester, body_of("303"))
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "waiting")
    (made,) = tester.get("/agreements").json()["data"]
    assert (made["status"], made["number"]) == ("pending", answer.json()["agreement_number"])


def test_401_fails_twice(tester):
    """V16, R1."""
    number = create(tester, "401")
    later(6)
    assert state(tester, number) == ("complete", "preparing")
    report = Agreement.objects.get(number=number).report
    assert report.attempts == 2
    later(80)
    assert state(tester, number) == ("complete", "ready")
    report.refresh_from_db()
    assert report.attempts == 3


def test_402_is_purged(tester):
    """V16, R5: the record stays."""
    number = create(tester, "402")
    later(6)
    assert state(tester, number) == ("complete", "ready")
    later(50)
    assert state(tester, number) == ("complete", "ready")
    later(67)
    later(70)
    assert state(tester, number) == ("complete", "purged")
    assert tester.get(f"/agreements/{number}/report/usage.csv").status_code == 410


def test_every_scenario_has_a_test_and_a_text():
    """V16."""
    source = Path(__file__).read_text()
    assert all(f'"{code}"' in source and scenario.text.endswith(".") for code, scenario in SCENARIOS.items())


@pytest.mark.parametrize(
    ("esiid", "meter_number"),
    [
        ("10999990000001999", "900001999"),  # no such scenario
        ("10999990000001101", "900001102"),
        ("1099999000000000001101", "900001102"),
        ("10443720009000101", "909000101"),
    ],
)
def test_other_esiids_match_nothing(tester, esiid, meter_number):
    """V16: the form's words for whatever is wrong."""
    body = body_of("101") | {"meters": [{"esiid": esiid, "meter_number": meter_number}]}
    assert [error["code"] for error in ask(tester, body).json()["errors"]] == ["mismatch"]


def test_an_esiid_with_22_digits_and_several_meters(tester):
    """V16: each meter has its own scenario."""
    long = {"esiid": "1099999000000000001101", "meter_number": "900001101"}
    body = body_of("201")
    body["meters"].append(long)
    answer = ask(tester, body)
    assert answer.status_code == 201, answer.content
    later(6)
    assert [state(tester, each["number"])[0] for each in answer.json()["data"]] == ["rejected", "complete"]


def test_an_esiid_can_be_used_again(tester):
    """V16: the same readings, by the yearly limit of life."""
    for _each in range(3):
        number = create(tester, "101")
        later(6)
    assert state(tester, number) == ("complete", "ready")
    assert ask(tester, body_of("101")).json()["errors"][0]["code"] == "limit"


def test_a_request_that_is_withdrawn_is_not_answered(tester):
    """V17."""
    number = create(tester, "101")
    assert tester.post(f"/agreements/{number}/withdraw").status_code == 200
    later(6)
    assert state(tester, number) == ("withdrawn", "none") and not SandboxStep.objects.exists()

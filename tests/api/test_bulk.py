"""Bulk invitations through the API: rows in, outcomes out (K1, K5, K6)."""

from __future__ import annotations

from typing import Any

import pytest

from agreements.bulk.sending import send_due_bulks
from agreements.models import Agreement, AgreementEvent, BulkInvitation
from agreements.states import Channel
from api.models import Environment, SandboxStep
from api.publisher import publish_events
from api.sandbox.scenarios import meter_number_of
from api.tasks import send_due_test_bulks
from tests.factories import MeterFactory
from tests.support.api import ApiProgram, make_program
from tests.support.bulk import bulk_csv, bulk_row, upload

pytestmark = pytest.mark.django_db
KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"


@pytest.fixture(autouse=True)
def without_a_pause(settings):
    settings.BULK_ROWS_A_MINUTE = 10_000


def body(*rows: dict[str, str], **changes: Any) -> dict[str, Any]:
    asked = {"rows": list(rows), "report_type": "interval", "report_length": "3m"}
    return asked | {"attestation": {"holds_authorization": True}} | changes


def send(program: ApiProgram, asked: dict[str, Any], key: str = KEY) -> Any:
    return program.post("/bulk-invitations", asked, headers={"idempotency-key": key} if key else {})


def test_rows_are_sent_and_their_outcomes_read(program):
    """K1, K6: as objects or as the text of a file; the event and the results say what became of them."""
    good, wrong = bulk_row(MeterFactory(), 1), bulk_row(None, 2, EMAIL="nobody")
    answer = send(program, body(good, wrong))
    assert answer.status_code == 202, answer.content
    made = answer.json()
    assert (made["state"], made["counts"]["not_checked"], made["counts"]["refused"]) == ("sending", 1, 1)
    send_due_bulks()
    read = program.get(f"/bulk-invitations/{made['id']}").json()
    agreement = Agreement.objects.get()
    assert (read["state"], read["counts"]["created"]) == ("finished", 1) and read["ended_at"]
    assert [(row["row"], row["status"], row["agreement_number"], row["column"]) for row in read["rows"]] == [
        (2, "created", agreement.number, None),
        (3, "refused", None, "EMAIL"),
    ]
    assert agreement.contact_name == program.client.contact_name
    assert {event.channel for event in AgreementEvent.objects.all()} == {Channel.API}
    csv = program.get(f"/bulk-invitations/{made['id']}/results.csv")
    assert csv["Content-Type"].startswith("text/csv") and f"created,{agreement.number}" in csv.content.decode()
    publish_events()
    publish_events()
    events = [event for event in program.get("/events").json()["data"] if event["type"] == "bulk.finished"]
    assert [event["data"]["bulk_id"] for event in events] == [made["id"]]


def test_the_text_of_a_file_is_read_as_an_upload(program):
    """K1, K2."""
    asked = body() | {"csv": bulk_csv([bulk_row(MeterFactory(), 1)], delimiter=";").decode()}
    del asked["rows"]
    assert send(program, asked).status_code == 202
    send_due_bulks()
    assert Agreement.objects.count() == 1


def test_a_key_sends_the_rows_once(program):
    """V12, K5: another key with the same rows is refused as long as their results are kept."""
    asked = body(bulk_row(MeterFactory(), 1))
    first, again = send(program, asked), send(program, asked)
    assert again.json()["id"] == first.json()["id"] and again["Idempotency-Replayed"] == "true"
    assert send(program, body(bulk_row(MeterFactory(), 2))).json()["code"] == "idempotency-key-reused"
    other_key = send(program, asked, "another-key")
    assert (other_key.status_code, other_key.json()["code"]) == (422, "bulk-refused")
    assert [error["code"] for error in other_key.json()["errors"]] == ["same-rows"]
    assert BulkInvitation.objects.count() == 1
    assert send(program, asked, "").json()["code"] == "idempotency-key-missing"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"attestation": {"holds_authorization": False}}, "attestation-missing"),
        ({"rows": []}, "bulk-refused"),
        ({"rows": [{"SHOE_SIZE": "9"}]}, "bulk-refused"),
        ({"rows": [bulk_row(SHOE_SIZE="9")]}, "bulk-refused"),
        ({"rows": [bulk_row(EMAIL="nobody")]}, "bulk-refused"),
        ({"csv": "ESIID"}, "invalid-request"),
        ({"contact": {"name": "J", "phone": "12", "email": "j@green.example"}}, "invalid-request"),
        ({"report_type": "hourly"}, "invalid-request"),
    ],
)
def test_what_is_refused_leaves_nothing(program, change, code):
    """K2, V13: no file, no key, no request."""
    answer = send(program, body(bulk_row(MeterFactory(), 1)) | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not BulkInvitation.objects.exists()
    assert send(program, body(bulk_row(MeterFactory(), 1))).status_code == 202


def test_another_companys_bulk_does_not_exist(program):
    """T12: nor one that was only uploaded on the page."""
    made = send(program, body(bulk_row(MeterFactory(), 1))).json()["id"]
    preview = upload(program.administrator.user, [bulk_row(MeterFactory(), 2)])
    stranger = make_program()
    for asking, bulk_id in ((stranger, made), (program, preview.pk), (program, "1")):
        for method, path in (("get", ""), ("get", "/results.csv"), ("post", "/cancel"), ("post", "/continue")):
            answer = getattr(asking, method)(f"/bulk-invitations/{bulk_id}{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert BulkInvitation.objects.get(pk=made).state == "sending"


def test_cancel_and_continue(program, settings):
    """K5, K6."""
    settings.FAILED_MATCHES_PER_USER = 1
    rows = [bulk_row(None, 1), *(bulk_row(MeterFactory(), number) for number in (2, 3))]
    made = send(program, body(*rows)).json()["id"]
    send_due_bulks()
    stopped = program.get(f"/bulk-invitations/{made}").json()
    assert stopped["state"] == "stopped" and stopped["continues_at"] and stopped["stop_reason"]
    early = program.post(f"/bulk-invitations/{made}/continue")
    assert (early.status_code, early.json()["errors"][0]["code"]) == (422, "too-soon")
    for _time in range(2):
        canceled = program.post(f"/bulk-invitations/{made}/cancel").json()
        assert (canceled["state"], canceled["counts"]["canceled"]) == ("canceled", 2)
    assert not Agreement.objects.exists()


def test_test_keys_send_to_the_sandbox(program):
    """V15: scenarios run as for one request, and the live worker leaves them alone."""
    tester = make_program(administrator=program.administrator, environment=Environment.TEST, name="Test")
    esiid = "10999990000001101"
    row = bulk_row(None, 1, ESIID=esiid, METER_NUMBER=meter_number_of(esiid))
    made = send(tester, body(row)).json()
    assert made["test"] is True and send_due_bulks() == 0
    send_due_test_bulks()
    read = tester.get(f"/bulk-invitations/{made['id']}").json()
    assert read["counts"]["created"] == 1, read
    assert SandboxStep.objects.get().agreement.company == tester.client.company
    assert program.get(f"/bulk-invitations/{made['id']}").status_code == 404

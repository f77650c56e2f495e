"""SMT messages that list agreements, say their status and end them (M8 to M11, M20)."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from agreements.models import Agreement, AgreementEvent, Review
from agreements.models.review import REVIEW_REFUSES_REPORT
from agreements.states import Channel, ReportState, Status
from tests.api.test_smt_agreements import failure
from tests.factories import AgreementFactory

pytestmark = pytest.mark.django_db
PENDING, COMPLETE = {"status": Status.PENDING}, {"status": Status.COMPLETE}
EXPIRED = PENDING | {"initiated_at": timezone.now() - timedelta(days=40)}


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        (PENDING, "Pending - Customer Authorization", "PEN"),
        (EXPIRED, "Not Accepted", "NACOM"),
        (COMPLETE | {"report_state": ReportState.DUE}, "Pending - Report In Preparation", "PEN"),
        (COMPLETE | {"review": Review.HELD}, "Pending - Report Under Review", "PEN"),
        (COMPLETE | {"report_state": ReportState.READY}, "Active - Authorization Confirmed", "ACT"),
        (COMPLETE | {"report_state": ReportState.NO_DATA}, "Completed - No Data", "COM"),
        (COMPLETE | {"report_state": ReportState.PURGED}, "Completed", "COM"),
        (
            COMPLETE | {"review": next(iter(REVIEW_REFUSES_REPORT)), "report_state": ReportState.NONE},
            "Non Active - Report Refused",
            "NACOM",
        ),
        ({"status": Status.REJECTED}, "Not Accepted - Rejected by Customer", "NACOM"),
        ({"status": Status.NOT_ACCEPTED}, "Not Accepted", "NACOM"),
        ({"status": Status.WITHDRAWN}, "Non Active - Terminated by CSP", "NACOM"),
    ],
)
def test_each_status_has_the_text_that_programs_compare_with(smt, fields, status, reason):
    """M9, M20: by the clock, and found by its reason."""
    agreement = AgreementFactory(company=smt.program.company, **fields)
    for sent in (None, reason.lower()):
        (row,) = smt.send("myagreements", statusReason=sent).json()["agreementStatusList"]
        assert (row["status"], row["statusReason"]) == (status, reason)
    for other in {"PEN", "ACT", "COM", "NACOM"} - {reason}:
        assert smt.send("myagreements", statusReason=other).json()["agreementStatusList"] == []
    answer = smt.send("reportrequeststatus", correlationId=int(agreement.number), serviceType="X").json()
    assert answer["correlationId"] == agreement.number
    assert answer["statusCode"] == {"PEN": "PEN", "ACT": "0"}.get(reason, "1")


def test_a_row_of_the_list(smt):
    """M9: every field is a text."""
    agreement = AgreementFactory(company=smt.program.company, report_length="6m")
    (row,) = smt.send("myagreements").json()["agreementStatusList"]
    assert set(row) == {
        "agreementNumber", "status", "statusReason", "ESIID", "meterNumber", "retailCustomerEmail", "agreementType",
        "startDate", "endDate", "reportType", "reportLength",
    }  # fmt: skip
    assert all(isinstance(value, str) and value for value in row.values())
    assert (row["ESIID"], row["agreementType"], row["reportLength"]) == (agreement.esiid, "ONE-TIME", "6M")


def test_the_list_is_narrowed_and_cut(smt, monkeypatch):
    """M9."""
    from api.smt import agreements as messages

    made = [AgreementFactory(company=smt.program.company) for _each in range(3)]
    for fields in (
        {"agreementNumber": made[1].number},
        {"esiid": made[1].esiid},
        {"ESIIDList": [made[1].esiid]},
        {"retailCustomerEmail": made[1].email.upper()},
    ):
        (row,) = smt.send("myagreements", **fields).json()["agreementStatusList"]
        assert row["agreementNumber"] == made[1].number
    assert smt.send("myagreements", agreementNumber="1").json()["agreementStatusList"] == []
    assert failure(smt.send("myagreements", agreementNumber="1*")) == (400, "1001")
    assert failure(smt.send("myagreements", retailCustomerEmail="x")) == (400, "1001")
    monkeypatch.setattr(messages, "MOST_LISTED", 2)
    answer = smt.send("myagreements").json()
    assert [row["agreementNumber"] for row in answer["agreementStatusList"]] == [made[2].number, made[1].number]
    assert answer["moreAvailable"] == "Y"


@pytest.mark.parametrize("number", ["012826000001", 12826000001, "12826000001", 12826000001.0])
def test_numbers_of_january_to_september_lose_their_zero_and_are_found(smt, number):
    """M8, M10: programs count with them."""
    agreement = AgreementFactory(company=smt.program.company, number="012826000001")
    (row,) = smt.send("myagreements", agreementNumber=number).json()["agreementStatusList"]
    assert row["agreementNumber"] == "012826000001"
    answer = smt.send("AgreementESIIDs", agreementNumber=number).json()
    assert answer["ESIIDList"] == [
        {"ESIID": agreement.esiid, "meterNumber": agreement.meter_number, "status": "Pending - Customer Authorization"}
    ]
    rows = [{"agreementNumber": number, "retailCustomerEmail": agreement.email}]
    answer = smt.send("Terminateagreement", agreementList=rows)
    assert answer.json()["agreementList"][0]["agreementNumber"] == "012826000001"


def test_termination_is_withdrawal_all_or_none(smt):
    """M11: also a second time; the mailbox must be the agreement's; what is over is not called back."""
    first, second, over = (AgreementFactory(company=smt.program.company) for _each in range(3))

    def row(agreement: Agreement, email: str = "") -> dict[str, str]:
        return {"agreementNumber": agreement.number, "retailCustomerEmail": email or agreement.email}

    def send(*rows: dict[str, str]) -> Any:
        return smt.send("Terminateagreement", agreementList=list(rows))

    assert failure(send(row(first), row(second, "else@example.net"))) == (404, "1005")
    Agreement.objects.filter(pk=over.pk).update(status=Status.REJECTED, ended_at=timezone.now())
    answer = send(row(first), row(over))
    assert failure(answer) == (409, "1006") and "Rejected" in answer.json()["errorMessage"]
    assert set(Agreement.objects.values_list("status", flat=True)) == {Status.PENDING, Status.REJECTED}
    for _each in range(2):
        answer = send(row(first, first.email.upper()), row(second))
        assert answer.status_code == 200, answer.content
        assert [each["statusCode"] for each in answer.json()["agreementList"]] == ["ACK", "ACK"]
    assert AgreementEvent.objects.filter(channel=Channel.API).count() == 2
    assert failure(smt.send("Terminateagreement")) == (400, "1001")


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("AgreementESIIDs", lambda agreement: {"agreementNumber": agreement.number}),
        ("reportrequeststatus", lambda agreement: {"correlationId": agreement.number}),
        (
            "Terminateagreement",
            lambda agreement: {
                "agreementList": [{"agreementNumber": agreement.number, "retailCustomerEmail": agreement.email}]
            },
        ),
    ],
)
def test_another_companys_agreement_does_not_exist(smt, name, fields):
    """M6: the same answer as for a number that was never given."""
    other = AgreementFactory()
    never = SimpleNamespace(number="122599999999", email="a@example.net")
    answers = [smt.send(name, **fields(agreement)) for agreement in (other, never)]
    assert [failure(answer) for answer in answers] == [(404, "1005")] * 2
    assert answers[0].content == answers[1].content
    assert smt.send("myagreements", agreementNumber=other.number).json()["agreementStatusList"] == []

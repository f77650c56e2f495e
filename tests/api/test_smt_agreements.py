"""SMT messages about agreements, as public programs send them (M7 to M11, M20)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from agreements.models import Agreement, AgreementEvent, FailedMatch
from agreements.states import Channel
from api.clients import ATTESTATION_VERSION, change_attestation
from api.models import ApiClient, IdempotencyKey
from companies.models import CompanyEvent, CompanyStanding
from notifications.models import Email
from tests.factories import AgreementFactory, MembershipFactory, MeterFactory
from tests.pages.states.account import again
from tests.support.agreements import registered_customer
from tests.support.races import together
from tests.support.smt import FORM_TYPE, SmtProgram, make_smt_program

pytestmark = pytest.mark.django_db
PERSON = {
    "customerFirstName": "Rosa",
    "customerLastName": "Delgado",
    "serviceStreet": "206 Boxwood Drive",
    "serviceCity": "Baytown",
    "serviceState": "TX",
    "serviceZip": "77520",
}


def new_agreement(smt: SmtProgram, *meters: Any, **fields: Any) -> Any:
    rows = [{"ESIID": meter.premise.esiid, "meterNumber": meter.number, "PUCTRORNumber": "10260"} for meter in meters]
    message = {
        "retailCustomerEmail": "rosa@example.net",
        "agreementDuration": 12,
        "customerLanguagePreference": "ENGLISH",
        "customerMeterList": rows,
    }
    return smt.send("NewAgreement", **message | fields)


def failure(answer: Any) -> tuple[int, str]:
    assert answer.json()["trans_id"] == "20261130-1"
    return answer.status_code, answer.json()["errorCode"]


def test_an_unmodified_program_asks_a_registered_customer(smt):
    """M7: email and meter are enough; the answer is SMT's, the contact the client's."""
    claim, meter = registered_customer()
    smt.content_type = FORM_TYPE
    answer = new_agreement(smt, meter, retailCustomerEmail=claim.customer.user.email)
    assert answer.status_code == 200, answer.content
    agreement = Agreement.objects.get()
    assert answer.json() == {
        "trans_id": "20261130-1",
        "agreementNumber": agreement.number,
        "statusCode": "ACK",
        "statusReason": "Success",
    }
    assert (agreement.was_registered, agreement.report_type, agreement.report_length) == (True, "interval", "12m")
    assert agreement.contact_name == smt.program.client.contact_name
    assert AgreementEvent.objects.get().channel == Channel.API and Email.objects.count() >= 1


def test_an_unregistered_customer_needs_name_and_address(smt):
    """M7: by additional fields; several meters are several agreements."""
    first, second = MeterFactory(), MeterFactory()
    answer = new_agreement(
        smt, first, second, **PERSON, reportType="daily", reportLength="1M", customerLanguagePreference="spanish"
    )
    assert answer.status_code == 200, answer.content
    made = list(Agreement.objects.order_by("number"))
    assert answer.json()["agreementNumber"] == made[0].number
    assert answer.json()["agreementList"] == [
        {"ESIID": agreement.esiid, "agreementNumber": agreement.number} for agreement in made
    ]
    assert {(each.report_type, each.report_length, each.was_registered) for each in made} == {("daily", "1m", False)}
    assert made[0].submission.language == "es" and made[0].last_name == "Delgado"


def test_a_business_customer(smt):
    """M7."""
    assert new_agreement(smt, MeterFactory(), **PERSON, customerCompanyName="Sea Shell Ltd").status_code == 200
    agreement = Agreement.objects.get()
    assert (agreement.customer_kind, agreement.customer_company_name) == ("business", "Sea Shell Ltd")


def test_every_mismatch_has_the_same_words_and_counts_once(smt):
    """M7, T7: unknown ESIID, wrong number, wrong email, and a message without name and address."""
    claim, owned = registered_customer()
    free, unknown = MeterFactory(), MeterFactory.build(premise__esiid="10443720001234567")
    wrong = MeterFactory()
    wrong.number = "1"
    cases = [
        ([unknown], PERSON), ([wrong], PERSON), ([owned], {}), ([owned], PERSON), ([free], {}), ([unknown], {}),
    ]  # fmt: skip
    answers = [new_agreement(smt, *meters, **fields) for meters, fields in cases]
    assert [failure(answer) for answer in answers] == [(422, "1007")] * len(cases)
    assert len({answer.content for answer in answers}) == 1
    assert "no name or service address" in answers[0].json()["errorMessage"]
    assert FailedMatch.objects.count() == len(cases) and not Agreement.objects.exists()


def test_guessing_ends(smt, settings):
    """M6, X2: 1008, whatever comes next."""
    settings.FAILED_MATCHES_PER_USER = 2
    unknown = MeterFactory.build(premise__esiid="10443720001234567")
    codes = [failure(new_agreement(smt, unknown)) for _each in range(3)]
    assert codes == [(422, "1007"), (422, "1007"), (429, "1008")]
    answer = new_agreement(smt, MeterFactory(), **PERSON)
    assert failure(answer) == (429, "1008") and int(answer["Retry-After"]) > 0


def test_one_that_waits_is_named(smt):
    """M6, L6."""
    meter = MeterFactory()
    first = new_agreement(smt, meter, **PERSON).json()["agreementNumber"]
    answer = new_agreement(smt, meter, **PERSON, customerPhone="512-555-0101")
    assert failure(answer) == (422, "1007") and answer.json()["agreementNumber"] == first


def test_without_the_attestation_nothing_is_created(program):
    """M7: it is the administrator's, per client, with its wording and time, and can be ended."""
    smt, client = SmtProgram(program), program.client
    assert failure(new_agreement(smt, MeterFactory(), **PERSON)) == (403, "1004")
    smt.attest()
    client.refresh_from_db()
    assert client.smt_attestation_version == ATTESTATION_VERSION and client.smt_attested_at
    assert not change_attestation(client, is_attested=True, by=program.administrator.user)
    assert new_agreement(smt, MeterFactory(), **PERSON).status_code == 200
    assert change_attestation(client, is_attested=False, by=program.administrator.user)
    assert failure(new_agreement(smt, MeterFactory(), **PERSON)) == (403, "1004")
    assert CompanyEvent.objects.filter(kind="client_attested").count() == 2
    with pytest.raises(PermissionDenied):
        change_attestation(client, is_attested=True, by=MembershipFactory(company=program.company).user)


def test_the_attestation_on_the_clients_page(client, program):
    """M7, P4: after the second factor, on and off; the page and the history say since when."""
    again(client, program.administrator.user, reverse("home"))
    page = reverse("api_client", args=[program.client.pk])
    assert reverse("api_attestation_on", args=[program.client.pk]) in client.get(page).content.decode()
    for name, is_attested in (("on", True), ("off", False)):
        address = reverse(f"api_attestation_{name}", args=[program.client.pk])
        assert client.get(address).status_code == 200
        assert client.post(address).status_code == 302
        assert client.post(address).status_code in (302, 200)
        program.client.refresh_from_db()
        assert (program.client.smt_attested_at is not None) == is_attested
        assert (ATTESTATION_VERSION in client.get(page).content.decode()) == is_attested
    history = client.get(reverse("company")).content.decode()
    assert "Attestation of an API client changed" in history


@pytest.mark.parametrize(
    ("fields", "code", "named"),
    [
        ({"agreementDuration": 9}, "1002", "agreementDuration"),
        ({"agreementDuration": "24"}, "1002", "agreementDuration"),
        ({"agreementDuration": 36}, "1002", "agreementDuration"),
        ({"agreementDuration": 2}, "1001", "agreementDuration"),
        ({"agreementDuration": None}, "1001", "agreementDuration"),
        ({"retailCustomerEmail": None}, "1001", "retailCustomerEmail"),
        ({"retailCustomerEmail": "rosa"}, "1001", "retailCustomerEmail"),
        ({"customerMeterList": None}, "1001", "customerMeterList"),
        ({"customerMeterList": "10443720001234567"}, "1001", "customerMeterList"),
        ({"customerMeterList": [{"ESIID": "123", "meterNumber": "1"}]}, "1001", "customerMeterList"),
        ({"customerMeterList": [{"ESIID": "10443720001234567"}]}, "1001", "meterNumber"),
        ({"customerLanguagePreference": "FRENCH"}, "1001", "customerLanguagePreference"),
        ({"reportType": "WEEKLY"}, "1001", "reportType"),
        ({"reportType": "MONTHLY", "reportLength": "1D"}, "1001", "agreementDuration"),
        ({"serviceZip": "x"}, "1001", "serviceZip"),
        ({"SMTTermsandConditions": "N"}, "1001", "SMTTermsandConditions"),
    ],
)
def test_fields_that_are_missing_or_malformed(smt, fields, code, named):
    """M6, M7: the failure names the field; nothing is created or counted."""
    answer = new_agreement(smt, MeterFactory(), **PERSON | fields)
    assert failure(answer) == (400, code) and named in answer.json()["errorMessage"]
    assert not Agreement.objects.exists() and not FailedMatch.objects.exists()


def test_the_same_message_creates_once_within_a_day(smt):
    """M7: another body with the same trans_id is another request; a day later, the same body is, too."""
    meter = MeterFactory()
    first, again = (new_agreement(smt, meter, **PERSON) for _each in range(2))
    assert (first.status_code, first.content) == (again.status_code, again.content) and first.status_code == 200
    other = new_agreement(smt, MeterFactory(), **PERSON)
    assert other.json()["agreementNumber"] != first.json()["agreementNumber"]
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert failure(new_agreement(smt, meter, **PERSON)) == (422, "1007")


@pytest.mark.django_db(transaction=True)
def test_of_the_same_messages_at_once_one_creates():
    """M7, V12."""
    smt, meter = make_smt_program().attest(), MeterFactory()
    answers = together([lambda: new_agreement(smt, meter, **PERSON)] * 6)
    assert Agreement.objects.count() == 1 and {answer.status_code for answer in answers} <= {200, 429}


@pytest.mark.parametrize("standing", [CompanyStanding.PENDING, CompanyStanding.SUSPENDED])
def test_companies_that_may_not_ask(smt, standing):
    """M6, P3."""
    meter, agreement = MeterFactory(), AgreementFactory(company=smt.program.company)
    smt.program.company.standing = standing
    smt.program.company.save()
    assert failure(new_agreement(smt, meter, **PERSON)) == (403, "1004")
    rows = [{"agreementNumber": agreement.number, "retailCustomerEmail": agreement.email}]
    assert failure(smt.send("Terminateagreement", agreementList=rows)) == (403, "1004")


def test_a_test_key_works_in_the_sandbox(program):
    """V15, M7: registered (301) and not (203), with the attestation of the test client."""
    tester = make_smt_program(administrator=program.administrator, environment="test", name="Tests")
    assert ApiClient.objects.get(pk=tester.program.client.pk).is_test
    tester.attest()

    def meters(esiid: str) -> list[dict[str, str]]:
        return [{"ESIID": esiid, "meterNumber": f"9{esiid[-8:]}"}]

    answer = new_agreement(tester, customerMeterList=meters("10999990000001203"), **PERSON)
    assert answer.status_code == 200, answer.content
    registered = {"retailCustomerEmail": "registered@sandbox.example"}
    answer = new_agreement(tester, customerMeterList=meters("10999990000001301"), **registered)
    assert answer.status_code == 200, answer.content
    live = SmtProgram(program).attest()
    answer = new_agreement(live, customerMeterList=meters("10999990000001203"), **PERSON)
    assert failure(answer) == (422, "1007")
    assert User.objects.filter(is_person=False).exists()

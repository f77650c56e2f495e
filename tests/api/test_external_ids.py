"""What a company calls its agreements, where it has the authorization, and what has changed (V5, V6)."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agreements import actions
from agreements.models import Agreement, Submission
from agreements.retention import delete_personal_data
from agreements.states import Status
from api.publisher import publish_events
from tests.api.test_creation import asked, create
from tests.factories import AgreementFactory, MeterFactory
from tests.support.api import make_program

pytestmark = pytest.mark.django_db
REFERENCE = "contract 2026-118"


def listed(program, **parameters: str) -> list[str]:
    answer = program.get("/agreements", parameters)
    assert answer.status_code == 200, answer.content
    return [row["number"] for row in answer.json()["data"]]


def referenced(*external_ids: str | None, reference: str | None = REFERENCE):
    body = asked(*(MeterFactory() for _id in external_ids))
    for meter, external_id in zip(body["meters"], external_ids, strict=True):
        meter["external_id"] = external_id
    return body | {"attestation": {"holds_authorization": True, "reference": reference}}


def test_each_agreement_has_the_id_of_its_meter(program):
    """V6: in the answer, when read, and in events; the reference is the request's."""
    made = create(program, referenced("deal-77", None, "CRM:9._x")).json()["data"]
    assert [each["external_id"] for each in made] == ["deal-77", None, "CRM:9._x"]
    assert {each["authorization_reference"] for each in made} == {REFERENCE}
    one = program.get(f"/agreements/{made[0]['number']}").json()
    assert (one["external_id"], one["authorization_reference"]) == ("deal-77", REFERENCE)
    publish_events()
    events = program.get("/events").json()["data"]
    assert [event["data"]["external_id"] for event in events] == ["deal-77", None, "CRM:9._x"]


def test_a_request_needs_neither(program):
    """V6."""
    (agreement,) = create(program, asked(MeterFactory())).json()["data"]
    assert (agreement["external_id"], agreement["authorization_reference"]) == (None, None)
    assert create(program, referenced(None, reference=None), key="another-key").status_code == 201
    assert listed(program, external_id="None") == []


@pytest.mark.parametrize(
    ("external_id", "reference", "pointer"),
    [
        ("", None, "#/meters/0/external_id"),
        ("a b", None, "#/meters/0/external_id"),
        ("a\n", None, "#/meters/0/external_id"),
        ("é", None, "#/meters/0/external_id"),
        ("x" * 65, None, "#/meters/0/external_id"),
        (7, None, "#/meters/0/external_id"),
        ("x", "y" * 101, "#/attestation/reference"),
        ("x", "a\0b", "#/attestation/reference"),
    ],
)
def test_what_is_not_possible_is_named(program, external_id, reference, pointer):
    """V6, V13."""
    answer = create(program, referenced(external_id, reference=reference))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Agreement.objects.exists()


def test_the_list_finds_the_company_s_own_by_their_id(program):
    """V5: several with one ID, letter by letter, with other filters, and never another company's."""
    ours = [AgreementFactory(company=program.company, external_id="deal-77").number for _each in range(3)]
    withdrawn = AgreementFactory(company=program.company, external_id="deal-77", status=Status.WITHDRAWN).number
    AgreementFactory(company=program.company, external_id="Deal-77")
    AgreementFactory(company=program.company)
    AgreementFactory(external_id="deal-77")
    assert sorted(listed(program, external_id="deal-77")) == sorted([*ours, withdrawn])
    assert listed(program, external_id="deal-77", status="withdrawn") == [withdrawn]
    page = program.get("/agreements", {"external_id": "deal-77", "limit": 2}).json()
    rest = listed(program, external_id="deal-77", after=page["next"], limit="2")
    assert len(rest) == 2 and not {row["number"] for row in page["data"]} & set(rest)
    other = program.get("/agreements", {"external_id": "deal-78", "after": page["next"]})
    assert other.json()["code"] == "cursor-mismatch"
    for wrong in ("", "a b", "x" * 65):
        assert program.get("/agreements", {"external_id": wrong}).json()["code"] == "invalid-request"
    assert listed(make_program(), external_id="deal-77") == []


def test_a_search_is_narrowed_by_the_id(program):
    """V8."""
    mine = AgreementFactory(company=program.company, external_id="deal-77", last_name="Akin")
    AgreementFactory(company=program.company, external_id="deal-78", last_name="Akin")
    body = {"by": "name", "items": ["Akin"], "external_id": "deal-77"}
    assert [row["number"] for row in program.post("/agreements/search", body).json()["data"]] == [mine.number]


def test_the_list_finds_what_has_changed(program):
    """V5: a decision moves an agreement; reading and downloading it do not."""
    old, withdrawn = (AgreementFactory(company=program.company) for _each in range(2))
    AgreementFactory()
    long_ago = timezone.now() - timedelta(days=3)
    Agreement.objects.update(changed_at=long_ago)
    since = (timezone.now() - timedelta(minutes=5)).isoformat()
    assert listed(program, changed_from=since) == []
    assert program.get(f"/agreements/{old.number}").json()["changed_at"] == long_ago.strftime("%Y-%m-%dT%H:%M:%SZ")
    actions.withdraw(withdrawn, by=program.administrator.user)
    Agreement.objects.filter(pk=old.pk).update(downloaded_at=timezone.now())
    assert listed(program, changed_from=since) == [withdrawn.number]
    assert listed(program, changed_from=since, status="pending") == []
    assert sorted(listed(program, changed_from=long_ago.isoformat())) == sorted([old.number, withdrawn.number])
    made = create(program, asked(MeterFactory())).json()["data"][0]["number"]
    assert sorted(listed(program, changed_from=since)) == sorted([made, withdrawn.number])
    assert program.get("/agreements", {"changed_from": "2026-01-01"}).json()["code"] == "invalid-request"


@pytest.mark.parametrize(
    ("parameters", "index"),
    [({"external_id": "deal-77"}, "agreement_external_id"), ({"changed_from": "now"}, "agreement_changed")],
)
def test_an_index_reads_the_list(program, parameters, index):
    """O9: of many agreements, few are read."""
    AgreementFactory.create_batch(30, company=program.company)
    if "changed_from" in parameters:
        parameters = {"changed_from": timezone.now().isoformat()}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE agreements_agreement SET external_id = 'deal-' || id, changed_at = now() - id * interval '1 day'"
        )
        cursor.execute("ANALYZE agreements_agreement; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = on")
        with CaptureQueriesContext(connection) as queries:
            listed(program, **parameters)
        (sql,) = [query["sql"] for query in queries if 'ORDER BY "agreements_agreement"."initiated_at"' in query["sql"]]
        cursor.execute(f"EXPLAIN {sql}")
        assert index in "\n".join(line for (line,) in cursor.fetchall())


def test_both_are_on_the_page_and_the_id_in_the_file_of_the_list(program):
    """V6, T3, T11: for the company; the ID is no formula."""
    create(program, referenced("-77"))
    agreement = Agreement.objects.get()
    browser = Client()
    browser.force_login(program.administrator.user)
    page = browser.get(reverse("agreement", args=[agreement.number])).content.decode()
    assert "<dt>External ID</dt>" in page and ">-77<" in page and REFERENCE in page
    export = b"".join(browser.get(reverse("agreement_export")).streaming_content).decode()
    (row,) = csv.DictReader(io.StringIO(export))
    assert row["External ID"] == "'-77"


def test_the_reference_is_deleted_with_the_person(program):
    """X6: once no agreement of the request has personal data; the ID is the company's own and stays."""
    create(program, referenced("deal-77", "deal-78"))
    first, second = Agreement.objects.order_by("number")
    for agreement, left in ((first, REFERENCE), (second, "")):
        actions.withdraw(agreement, by=program.administrator.user)
        delete_personal_data(at=timezone.now() + timedelta(days=91))
        assert Submission.objects.get().authorization_reference == left
    assert set(Agreement.objects.values_list("external_id", flat=True)) == {"deal-77", "deal-78"}

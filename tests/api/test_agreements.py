"""Agreements through the API: what the pages show, by the rules of the pages (V5, V9, P11)."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements import actions
from agreements.models import Agreement, AgreementEvent, Review
from agreements.states import Channel, ReportState, Status
from companies.models import CompanyStanding
from notifications.models import Email, EmailState
from reports.models import Download
from tests.factories import AgreementFactory, ReportFactory, ReportFileFactory
from tests.support.agreements import initiate
from tests.support.api import make_program

pytestmark = pytest.mark.django_db


def made_for(program, **details) -> Agreement:
    return AgreementFactory(company=program.company, submission__initiated_by=program.administrator.user, **details)


def ready(program, **details) -> Agreement:
    agreement = made_for(program, status=Status.COMPLETE, **details)
    ReportFileFactory(report__agreement=agreement)
    return agreement


def test_an_agreement_as_its_company_sees_it(program):
    """V5: what was asked, the state by the clock, and the timeline with who did what."""
    (agreement,) = initiate(program.administrator.user)
    answer = program.get(f"/agreements/{agreement.number}")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["number"], body["status"], body["report"]["state"]) == (agreement.number, "pending", "none")
    assert body["customer"]["name"] == "Rosa Delgado" and body["customer"]["is_masked"] is False
    assert body["invitation"] == {"delivery": "queued", "last_sent_at": None, "reminders": 0}
    assert body["allowed"] == ["resend", "withdraw"]
    assert [(item["event"], item["channel"], item["by"]) for item in body["timeline"]] == [
        ("initiated", "form", "James Wilson")
    ]
    assert body["initiated_at"].endswith("Z") and "." not in body["initiated_at"]
    Agreement.objects.update(initiated_at=timezone.now() - timedelta(days=31), expires_at=timezone.now())
    assert program.get(f"/agreements/{agreement.number}").json()["status"] == "not_accepted"
    Email.objects.filter(kind="EM201").update(state=EmailState.BOUNCED, failure="bounced", failed_at=timezone.now())
    assert program.get(f"/agreements/{agreement.number}").json()["invitation"]["delivery"] == "failed"


def test_a_registered_customer_is_masked_until_complete(program, world):
    """V5, T6: the link is nowhere (X5)."""
    own = make_program(administrator=world["users"]["member"].membership, name="Other")
    body = own.get(f"/agreements/{world['number']}").json()
    assert "•••" in body["customer"]["name"] and body["customer"]["is_masked"] is True
    assert body["customer"]["phone"] is None
    text = own.get(f"/agreements/{world['number']}").content.decode() + own.get("/agreements").content.decode()
    assert world["token"] not in text and "invitation/" not in text


def test_one_agreement_costs_few_queries(program, django_assert_max_num_queries):
    """V5: at most six, with authentication and limit."""
    agreement = ready(program)
    program.get("/me")
    with django_assert_max_num_queries(6):
        assert program.get(f"/agreements/{agreement.number}").status_code == 200
    for _each in range(5):
        made_for(program)
    with django_assert_max_num_queries(6):
        assert len(program.get("/agreements").json()["data"]) == 6


def test_an_etag_says_that_nothing_has_changed(program):
    """V5."""
    agreement = made_for(program)
    path = f"/agreements/{agreement.number}"
    first = program.get(path)
    again = program.get(path, headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304 and not again.content and again["RateLimit"]
    actions.withdraw(agreement, by=program.administrator.user)
    changed = program.get(path, headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200 and changed["ETag"] != first["ETag"]


def test_a_walk_through_the_list_meets_each_agreement_once(program):
    """V5: newest first; one that is made meanwhile moves nothing."""
    at = timezone.now()
    numbers = [made_for(program, initiated_at=at - timedelta(minutes=n // 2)).number for n in range(7)]
    AgreementFactory()
    found, cursor = [], None
    while True:
        answer = program.get("/agreements", {"limit": 2} | ({"after": cursor} if cursor else {}))
        body = answer.json()
        found += [row["number"] for row in body["data"]]
        made_for(program)
        cursor = body["next"]
        if not cursor:
            break
        assert answer["Link"].endswith('rel="next"') and "limit=2" in answer["Link"]
    assert sorted(found) == sorted(numbers) and len(found) == 7


def test_a_cursor_belongs_to_its_list(program):
    """V5: to its company and filters, for a day."""
    for _each in range(3):
        made_for(program)
    cursor = program.get("/agreements", {"limit": 1}).json()["next"]
    other = make_program()
    for answer in (
        program.get("/agreements", {"after": cursor, "status": "pending"}),
        other.get("/agreements", {"after": cursor}),
        program.get("/agreements", {"after": cursor + "x"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-mismatch")


def test_filters_and_their_mistakes(program):
    """V5: each status by the clock; unknown ones are named."""
    at = timezone.now()
    by_status = {status: made_for(program, status=status).number for status in Status}
    overdue = made_for(program, initiated_at=at - timedelta(days=30, seconds=1)).number
    by_status[Status.NOT_ACCEPTED] = {by_status[Status.NOT_ACCEPTED], overdue}
    for status, numbers in by_status.items():
        found = program.get("/agreements", {"status": status.value}).json()["data"]
        assert {row["number"] for row in found} == ({numbers} if isinstance(numbers, str) else numbers)
        assert {row["status"] for row in found} == {status.value}
    both = program.get("/agreements?status=rejected&status=withdrawn").json()["data"]
    assert {row["status"] for row in both} == {"rejected", "withdrawn"}
    done = ready(program).number
    found = program.get("/agreements", {"report_state": "ready"}).json()["data"]
    assert [row["number"] for row in found] == [done]
    assert program.get("/agreements", {"report_state": "ready", "status": "pending"}).json()["data"] == []
    early = program.get("/agreements", {"initiated_before": (at - timedelta(days=1)).isoformat()}).json()["data"]
    assert [row["number"] for row in early] == [overdue]
    for query in ({"status": "open"}, {"limit": 0}, {"limit": 201}, {"initiated_from": "2026-01-01"}):
        answer = program.get("/agreements", query)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request"), query
        assert answer.json()["errors"][0]["pointer"].startswith(next(iter(query)))
    assert program.get("/agreements", {"stauts": "x"}).json()["code"] == "unknown-field"


def test_what_identifies_a_customer_is_searched_for_in_a_body(program):
    """V8, T1: each kind as on the page, a beginning with *, a part of a name; others' are never found."""
    (mine,) = initiate(program.administrator.user)
    AgreementFactory(esiid=mine.esiid, email=mine.email)
    searches = {
        "number": [mine.number, mine.number[:8] + "*"],
        "name": ["Delgado", "elgad"],
        "esiid": [mine.esiid, mine.esiid[:10] + "*"],
        "meter_number": [mine.meter_number.lower()],
        "email": [mine.email.upper()],
        "address": [mine.street],
    }
    for by, items in searches.items():
        for item in items:
            answer = program.post("/agreements/search", {"by": by, "items": [item]})
            body = answer.json()
            assert [row["number"] for row in body["data"]] == [mine.number], (by, item)
            assert (body["next"], body["not_found"], body["is_cut"]) == (None, [], False)
    both = program.post("/agreements/search", {"by": "number", "items": [mine.number, "000000000000"]}).json()
    assert len(both["data"]) == 1 and both["not_found"] == ["000000000000"]
    other = {"by": "number", "items": [mine.number], "status": ["withdrawn"]}
    assert program.post("/agreements/search", other).json()["data"] == []


def test_a_masked_customer_is_not_found_by_name(program, world):
    """V8, T6: by what the company typed itself it is."""
    own = make_program(administrator=world["users"]["member"].membership, name="Other")
    agreement = Agreement.objects.get(number=world["number"])
    by_name = own.post("/agreements/search", {"by": "name", "items": [agreement.last_name]}).json()
    assert by_name["data"] == [] and by_name["not_found"] == [agreement.last_name]
    by_esiid = own.post("/agreements/search", {"by": "esiid", "items": [agreement.esiid]}).json()
    assert by_esiid["data"][0]["customer"]["is_masked"] is True


def test_a_search_is_walked_through_with_a_cursor_that_tells_nothing(program):
    """V5, V8."""
    numbers = [made_for(program).number for _each in range(5)]
    search = {"by": "email", "items": [*{agreement.email for agreement in Agreement.objects.all()}], "limit": 2}
    found, cursor = [], None
    while True:
        body = program.post("/agreements/search", search | ({"after": cursor} if cursor else {})).json()
        found += [row["number"] for row in body["data"]]
        cursor = body["next"]
        if not cursor:
            break
        content = urlsafe_b64decode(cursor.partition(":")[0] + "===")
        assert b"@" not in content and b"@" not in cursor.encode()
    assert sorted(found) == sorted(numbers)


def test_mistakes_of_a_search_are_pointed_to(program):
    """V8, V13: and not quoted."""
    bodies = [
        ({"by": "color", "items": ["1"]}, "#/by"),
        ({"by": "number", "items": []}, "#/items"),
        ({"by": "number", "items": ["1"] * 101}, "#/items"),
        ({"by": "number", "items": ["112826000001", "1*2"]}, "#/items/1"),
        ({"by": "esiid", "items": ["private"]}, "#/items/0"),
        ({"by": "number", "items": ["1*"], "limit": "5"}, "#/limit"),
        ({"by": "number", "items": ["1*"], "initiated_from": "yesterday"}, "#/initiated_from"),
    ]
    for body, pointer in bodies:
        answer = program.post("/agreements/search", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request"), body
        assert answer.json()["errors"][0]["pointer"] == pointer and "private" not in answer.content.decode()
    assert (
        program.post("/agreements/search", {"by": "number", "items": ["1*"], "x": 1}).json()["code"] == "unknown-field"
    )


def test_an_email_is_resent_and_an_agreement_withdrawn_by_the_program(program):
    """P11, EM202: the same actions as on the page, with the program's name."""
    (agreement,) = initiate(program.administrator.user)
    path = f"/agreements/{agreement.number}"
    assert program.post(f"{path}/resend").status_code == 200
    event = AgreementEvent.objects.get(kind="resent")
    assert (event.channel, event.by) == (Channel.API, program.user)
    soon = program.post(f"{path}/resend")
    assert (soon.status_code, soon.json()["code"]) == (409, "resend-too-soon") and "after" in soon.json()["detail"]
    withdrawn = program.post(f"{path}/withdraw")
    assert (withdrawn.status_code, withdrawn.json()["status"], withdrawn.json()["allowed"]) == (200, "withdrawn", [])
    assert program.post(f"{path}/withdraw").status_code == 200, "a second time nothing more happens"
    assert AgreementEvent.objects.filter(kind="withdraw").count() == 1
    late = program.post(f"{path}/resend")
    assert (late.status_code, late.json()["code"], late.json()["agreement_status"]) == (409, "not-pending", "withdrawn")
    assert program.get(path).json()["timeline"][-1]["by"] == "API client CRM"
    client = Client()
    client.force_login(program.administrator.user)
    assert "By API client CRM" in client.get(reverse("agreement", args=[agreement.number])).content.decode()


@pytest.mark.parametrize(("status", "path"), [(Status.COMPLETE, "withdraw"), (Status.REJECTED, "withdraw")])
def test_what_has_ended_otherwise_cannot_be_withdrawn(program, status, path):
    """L1."""
    agreement = made_for(program, status=status)
    answer = program.post(f"/agreements/{agreement.number}/{path}")
    assert (answer.status_code, answer.json()["agreement_status"]) == (409, status.value)


@pytest.mark.parametrize("standing", [CompanyStanding.PENDING, CompanyStanding.SUSPENDED])
def test_a_company_that_may_not_act_reads_on(program, standing):
    """P3."""
    (agreement,), done = initiate(program.administrator.user), ready(program)
    program.company.standing = standing
    program.company.save()
    for path in ("resend", "withdraw"):
        answer = program.post(f"/agreements/{agreement.number}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, f"company-{standing}")
    for path in ("usage.csv", "manifest.json"):
        answer = program.get(f"/agreements/{done.number}/report/{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, f"company-{standing}")
    assert program.get(f"/agreements/{agreement.number}").json()["allowed"] == []
    assert len(program.get("/agreements").json()["data"]) == 2


def test_the_report_as_the_page_gives_it(program):
    """V9, R4, R5: the same bytes, logged with the program's name; HEAD is no download."""
    agreement = ready(program)
    page = Client()
    page.force_login(program.administrator.user)
    path = f"/agreements/{agreement.number}/report"
    metadata = program.get(path).json()
    assert metadata["state"] == "ready" and metadata["downloads"] == []
    names = [each["format"] for each in metadata["formats"]]
    assert names == ["csv", "utc_csv", "json", "green_button", "manifest"]
    head = program.head(f"{path}/usage.csv")
    assert head.status_code == 200 and int(head["Content-Length"]) == metadata["formats"][0]["size"]
    assert not Download.objects.exists()
    answer = program.get(f"{path}/usage.csv")
    content = b"".join(answer.streaming_content)
    assert content == b"".join(page.get(reverse("report_download", args=[agreement.number])).streaming_content)
    assert program.get(path).json()["downloads"][0]["by"] == "API client CRM"
    manifest = program.get(f"{path}/manifest.json")
    assert manifest.content == page.get(reverse("report_manifest", args=[agreement.number])).content
    packed = program.get(f"{path}/usage.csv", headers={"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip" and packed["Vary"] == "Accept-Encoding"
    assert Download.objects.filter(by=program.user).count() == 2


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        (ReportState.AWAITING_DATA, 409, "report-not-ready"),
        (ReportState.MAKING, 409, "report-not-ready"),
        (ReportState.FAILED, 409, "report-not-ready"),
        (ReportState.NO_DATA, 404, "report-no-data"),
        (ReportState.PURGED, 410, "report-purged"),
    ],
)
def test_why_there_is_no_file(program, state, status, code):
    """V9."""
    agreement = made_for(program, status=Status.COMPLETE)
    if state == ReportState.AWAITING_DATA:
        waiting = {"awaits_data_until": timezone.now(), "period_first_day": None, "period_last_day": None}
        Agreement.objects.filter(pk=agreement.pk).update(report_state=state, **waiting)
    else:
        ReportFactory(agreement=agreement, state=state)
    answer = program.get(f"/agreements/{agreement.number}/report/usage.csv")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("Retry-After" in answer) == (status == 409)
    assert program.get(f"/agreements/{agreement.number}/report").status_code == 200


def test_no_file_before_the_acceptance_and_during_a_review(program):
    """V9, X1."""
    pending, held = made_for(program), made_for(program, status=Status.COMPLETE, review=Review.HELD)
    for agreement, status, code in ((pending, 404, "no-report"), (held, 403, "report-held")):
        answer = program.get(f"/agreements/{agreement.number}/report/usage.csv")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    letter = program.get(f"/agreements/{pending.number}/authorization.pdf")
    assert (letter.status_code, letter.json()["code"]) == (404, "no-authorization")

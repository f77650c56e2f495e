"""The client in clients/python/ with the running portal: what it creates, repeats, resumes and raises (V3)."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Timer
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from django.db import connection

from agreements.models import Agreement
from api.models import Environment
from api.publisher import publish_events
from api.sandbox.scenarios import ANSWERED_AFTER
from api.sandbox.steps import run_due_steps
from lib.central_time import utc_or_now
from reports.actions import generate_due_reports
from smt_agreements import AgreementRequest, ApiProblem, Client, Customer, Meter, NoReport
from smt_agreements.problems import (
    AuthenticationProblem,
    ConflictProblem,
    DownloadDamaged,
    InvalidRequestProblem,
    LimitProblem,
    NotFoundProblem,
    PermissionProblem,
)
from tests.support.api import ApiProgram, make_program
from tests.support.flaky_network import FlakyNetwork, flaky_network

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

JANE = Customer(
    kind="residential",
    email="jane@example.net",
    first_name="Jane",
    last_name="Alvarez",
    street="206 Boxwood Drive",
    city="Baytown",
    state="TX",
    zip_code="77520",
)
REQUEST = AgreementRequest(
    customer=JANE,
    meters=[Meter("10999990000001101", "900001101")],
    report_type="interval",
    report_length="1m",
    holds_authorization=True,
)


def request_for(*scenarios: str) -> AgreementRequest:
    """A request to one customer about a meter of each scenario of the sandbox."""
    return replace(REQUEST, meters=[Meter(f"10999990000001{each}", f"900001{each}") for each in scenarios])


@pytest.fixture
def tester() -> ApiProgram:
    return make_program(environment=Environment.TEST)


@pytest.fixture
def network(live_server: Any, settings: Any) -> Iterator[FlakyNetwork]:
    settings.PORTAL_ORIGIN = live_server.url
    with flaky_network(live_server.url) as network:
        yield network


@pytest.fixture
def client(network: FlakyNetwork, tester: ApiProgram) -> Iterator[Client]:
    with Client(network.url, tester.issued.text) as client:
        yield client


def answer_and_make_reports() -> None:
    run_due_steps(at=utc_or_now() + ANSWERED_AFTER)
    generate_due_reports()


def test_from_a_request_to_a_file(client, tmp_path):
    """V6, V9, R8: checked, created, waited for, downloaded in each format."""
    (checked,) = client.check_agreements(REQUEST)
    assert checked.would_create and checked.quota.limit == django_settings.AGREEMENT_LIMIT_PER_ESIID
    (created,) = client.create_agreements(REQUEST)
    assert (created.status, created.report.state, created.timeline) == ("pending", "none", [])
    assert created.expires_at - created.initiated_at > timedelta(days=1) and created.ended_at is None

    def answer() -> None:
        try:
            answer_and_make_reports()
        finally:
            connection.close()

    customer = Timer(0.3, answer)
    customer.start()
    report = client.wait_for_report(created.number, every=0.2, timeout=60)
    customer.join()
    assert report.state == "ready" and report.covered_period and report.intervals
    assert report.total_wh["consumption"] > 0
    assert (report.covered_period.last_day - report.covered_period.first_day).days in range(26, 32)
    assert [item.event for item in client.agreement(created.number).timeline][:1] == ["initiated"]
    for name, start in (
        ("usage.csv", b"ESIID"),
        ("usage.json", b'{"'),
        ("usage.xml", b"<?xml"),
        ("usage-utc.csv", b""),
    ):
        path = client.download(created.number, tmp_path / name, file=name)
        assert path.read_bytes().startswith(start) and path.stat().st_size > 1000
    assert len(list(tmp_path.iterdir())) == 4


def test_the_quick_start_of_the_readme(network, tester, tmp_path, monkeypatch):
    """V3: its program, as it is written."""
    readme = Path("clients/python/README.md").read_text()
    (program, *_others) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SMT_ORIGIN", network.url)
    monkeypatch.setenv("SMT_API_KEY", tester.issued.text)
    before_waiting = program.index("    report =")
    with_answer = program[:before_waiting] + "    answer()\n" + program[before_waiting:]
    exec(with_answer, {"answer": answer_and_make_reports})
    assert (tmp_path / "usage.csv").read_text().startswith("ESIID,USAGE_DATE")


@pytest.mark.parametrize("fault", ["busy", "gateway", "lost"])
def test_a_repeated_creation_creates_once(client, network, fault):
    """V12: after a response that says to wait, and after one that was lost."""
    network.faults = [fault]
    began = time.monotonic()
    (created,) = client.create_agreements(REQUEST)
    assert Agreement.objects.get().number == created.number
    keys = {headers["idempotency-key"] for _method, headers in network.requests}
    assert len(network.requests) == 2 and len(keys) == 1
    assert fault != "busy" or time.monotonic() - began >= 1, "as long as Retry-After says"
    assert client.create_agreements(REQUEST, idempotency_key=keys.pop())[0].number == created.number


def test_what_could_happen_twice_is_not_repeated(client, network):
    (created,) = client.create_agreements(request_for("203"))
    network.faults = ["lost"]
    with pytest.raises(httpx.TransportError):
        client.resend(created.number)
    network.faults = ["gateway"]
    assert client.withdraw(created.number).status == "withdrawn"
    assert [method for method, _headers in network.requests] == ["POST"] * 4


def test_retries_end(network, tester):
    with Client(network.url, tester.issued.text, retries=1) as client:
        network.faults = ["lost", "lost"]
        with pytest.raises(httpx.TransportError):
            list(client.agreements())
    with Client(network.url, tester.issued.text, longest_wait=0.5) as client:
        network.faults = ["busy"]
        with pytest.raises(ApiProblem, match="http-503: Service Unavailable") as raised:
            list(client.agreements())
    assert raised.value.retry_after == 1 and len(network.requests) == 3


def test_lists_and_events(client):
    """V5, W1: with filters, and from where the last walk ended."""
    created = client.create_agreements(request_for("101", "203"))
    listed = list(client.agreements())
    assert {each.number for each in listed} == {each.number for each in created} and listed[0].test
    assert len(list(client.agreements(initiated_from=created[0].initiated_at))) == 2
    assert not list(client.agreements(initiated_before=created[0].initiated_at))

    publish_events()
    feed = client.events()
    assert [event.type for event in feed] == ["agreement.created"] * 2
    answer_and_make_reports()
    publish_events()
    types = {event.type for event in client.events(after=feed.cursor)}
    assert types == {"agreement.completed", "report.ready"}
    later = client.events(types=["report.ready"])
    (ready,) = later
    assert ready.test and ready.data.agreement_number == next(
        each.number for each in client.agreements(status=["complete"], report_state=["ready"])
    )
    assert not list(client.events(after=later.cursor, types=["report.ready"]))
    with pytest.raises(ApiProblem, match="cursor-mismatch"):
        list(client.events(after=later.cursor))


def test_the_companys_own_ids_come_back(client):
    """V6: with each agreement and its events, and the list finds them."""
    asked = request_for("101", "203")
    meters = [replace(meter, external_id=f"deal-{row}") for row, meter in enumerate(asked.meters, 1)]
    created = client.create_agreements(replace(asked, meters=meters, authorization_reference="form 7"))
    assert [(each.external_id, each.authorization_reference) for each in created] == [
        ("deal-1", "form 7"),
        ("deal-2", "form 7"),
    ]
    assert [each.number for each in client.agreements(external_id="deal-2")] == [created[1].number]
    assert not list(client.agreements(changed_from=max(each.changed_at for each in created) + timedelta(seconds=1)))
    publish_events()
    assert sorted(str(event.data.external_id) for event in client.events()) == ["deal-1", "deal-2"]


def test_pages_follow_each_other(client, network, monkeypatch):
    """V5: the cursor of one page leads to the next."""
    numbers = {each.number for each in client.create_agreements(request_for("101", "102", "203"))}
    original = Client.request

    def smaller(self: Client, method: str, path: str, *args: Any, **options: Any) -> Any:
        if "params" in options:
            options["params"] = {**options["params"], "limit": 2}
        return original(self, method, path, *args, **options)

    monkeypatch.setattr(Client, "request", smaller)
    network.requests.clear()
    assert [each.number for each in client.agreements()] == sorted(numbers, reverse=True)
    assert len(network.requests) == 2
    publish_events()
    assert {event.data.agreement_number for event in client.events()} == numbers


def test_an_interrupted_download_is_resumed(client, network, tmp_path):
    """R8: in the same call, and in a later one."""
    (created,) = client.create_agreements(REQUEST)
    answer_and_make_reports()
    whole = client.download(created.number, tmp_path / "whole.csv").read_bytes()
    network.requests.clear()
    network.faults = ["cut", "lost"]
    assert client.download(created.number, tmp_path / "usage.csv").read_bytes() == whole
    ranges = [headers.get("range") for _method, headers in network.requests]
    assert ranges == [None, f"bytes={len(whole) // 2}-", f"bytes={len(whole) // 2}-"]
    assert network.requests[1][1]["if-range"].startswith('"')

    with Client(network.url, client._http.headers["authorization"].removeprefix("Bearer "), retries=0) as hasty:
        network.faults = ["cut"]
        with pytest.raises(httpx.TransportError):
            hasty.download(created.number, tmp_path / "later.csv")
        part = tmp_path / "later.csv.part"
        assert part.read_bytes() == whole[: len(whole) // 2] and not (tmp_path / "later.csv").exists()
        assert hasty.download(created.number, tmp_path / "later.csv").read_bytes() == whole

    assert {each.name for each in tmp_path.iterdir()} == {"whole.csv", "usage.csv", "later.csv"}


def test_a_download_that_is_not_whole_is_never_taken_for_the_file(client, tmp_path):
    """R8: what an earlier run left may be whole, of other bytes, or of another file."""
    (created,) = client.create_agreements(REQUEST)
    answer_and_make_reports()
    path = client.download(created.number, tmp_path / "usage.csv")
    whole = path.read_bytes()
    etag = f'"{hashlib.sha256(whole).hexdigest()}"'
    part, tag = tmp_path / "usage.csv.part", tmp_path / "usage.csv.part.etag"
    for left, of in ((whole, etag), (b"an older file", '"another"'), (b"without a tag", "")):
        path.unlink()
        part.write_bytes(left)
        tag.write_text(of)
        assert client.download(created.number, path).read_bytes() == whole
    part.write_bytes(b"other bytes" + whole[11:1000])
    tag.write_text(etag)
    with pytest.raises(DownloadDamaged):
        client.download(created.number, tmp_path / "usage.csv")
    assert client.download(created.number, path).read_bytes() == whole and len(list(tmp_path.iterdir())) == 1


def test_problems_are_exceptions(client, network, tester, tmp_path, settings):
    """V13: by status, with code, fields and the Request-Id."""
    wrong = replace(REQUEST, customer=replace(JANE, zip_code="1"))
    with pytest.raises(InvalidRequestProblem) as refused:
        client.create_agreements(wrong)
    assert refused.value.code == "invalid-request" and refused.value.request_id in str(refused.value)
    assert [error.pointer for error in refused.value.errors] == ["#/customer/zip_code"]
    with pytest.raises(NotFoundProblem, match="not-found"):
        client.agreement("112826000001")
    (created,) = client.create_agreements(request_for("201"))
    with pytest.raises(InvalidRequestProblem) as waiting:
        client.create_agreements(request_for("201"))
    assert waiting.value.agreement_number == created.number
    with pytest.raises(NotFoundProblem, match="no-report"):
        client.download(created.number, tmp_path / "usage.csv")
    with pytest.raises(TimeoutError):
        client.wait_for_report(created.number, timeout=0)
    answer_and_make_reports()
    with pytest.raises(NoReport, match="rejected"):
        client.wait_for_report(created.number)
    with pytest.raises(ConflictProblem) as ended:
        client.withdraw(created.number)
    assert ended.value.agreement_status == "rejected"
    reader = make_program("agreements:read", environment=Environment.TEST, administrator=tester.administrator, name="R")
    with Client(network.url, reader.issued.text) as other, pytest.raises(PermissionProblem, match="missing-scope"):
        other.create_agreements(REQUEST)
    with Client(network.url, "wrong") as other, pytest.raises(AuthenticationProblem, match="not-authenticated"):
        list(other.agreements())
    settings.API_WRITES_A_MINUTE = 0
    with Client(network.url, tester.issued.text, longest_wait=0) as hasty, pytest.raises(LimitProblem) as limited:
        hasty.resend(created.number)
    assert 0 < limited.value.retry_after <= 60 and limited.value.code == "rate-limited"

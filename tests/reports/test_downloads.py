"""Who fetches a report's file (R5, T12, D1)."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from agreements.models import Review
from agreements.states import ReportState, Status
from companies.models import CompanyStanding
from reports.models import Download, ReportFile
from tests.factories import (
    AgreementFactory,
    CompanyFactory,
    CustomerFactory,
    MembershipFactory,
    OperatorFactory,
    ReportFactory,
    ReportFileFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

CONTENT = b"ESIID,USAGE_DATE\n" + b"'10443720000000017,11/22/2026\n" * 20_000
VIEWS = ["report_download", "report_manifest"]


@pytest.fixture
def company():
    return CompanyFactory()


def agreement_of(company, **fields):
    fields = {"status": Status.COMPLETE, "initiated_at": timezone.now() - timedelta(days=2)} | fields
    return AgreementFactory(company=company, **fields)


@pytest.fixture
def report(company):
    customer = CustomerFactory()
    agreement = agreement_of(company, customer=customer)
    return ReportFileFactory(report__agreement=agreement, content=CONTENT).report


def fetch(client, report, view="report_download", **headers):
    return client.get(reverse(view, args=[report.agreement.number]), headers=headers)


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def log_in(client, company, **permissions):
    membership = MembershipFactory(company=company, **permissions)
    client.force_login(membership.user)
    return membership.user


def who(role, report):
    """The user of a role, None for nobody."""
    company = report.agreement.company
    other = CompanyFactory()
    return {
        "nobody": lambda: None,
        "member who may download": lambda: MembershipFactory(company=company).user,
        "administrator without download": lambda: (
            MembershipFactory(company=company, is_administrator=True, may_download=False).user
        ),
        "member without download": lambda: MembershipFactory(company=company, may_download=False).user,
        "member without view": lambda: MembershipFactory(company=company, may_view=False).user,
        "member not yet approved": lambda: MembershipFactory(company=company, approved_at=None).user,
        "member of another company": lambda: MembershipFactory(company=other, is_administrator=True).user,
        "the customer": lambda: report.agreement.customer.user,
        "another customer": lambda: CustomerFactory().user,
        "the TDSP's staff": lambda: UserFactory(is_staff=True, tdsp=report.agreement.tdsp),
        "operator": OperatorFactory,
        "user without a role": UserFactory,
    }[role]()


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("nobody", 302),
        ("member who may download", 200),
        ("administrator without download", 403),
        ("member without download", 403),
        ("member without view", 404),
        ("member not yet approved", 404),
        ("member of another company", 404),
        ("the customer", 403),
        ("another customer", 404),
        ("the TDSP's staff", 403),
        ("operator", 403),
        ("user without a role", 404),
    ],
)
def test_each_role_gets_its_answer(client, report, role, status, view):
    """R5, T12: who does not see the agreement gets 404, never 403."""
    if user := who(role, report):
        client.force_login(user)
    assert fetch(client, report, view).status_code == status
    assert Download.objects.count() == (status == 200 and view == "report_download")


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("may_download", [True, False])
@pytest.mark.parametrize(
    ("state", "file", "manifest"),
    [
        (ReportState.READY, 200, 200),
        (ReportState.NO_DATA, 404, 404),
        (ReportState.MAKING, 409, 409),
        (ReportState.FAILED, 409, 409),
        (ReportState.PURGED, 410, 200),
    ],
)
def test_each_state_gets_its_answer(client, company, state, file, manifest, may_download, view):
    """R4, R5: the manifest outlives the file."""
    report = ReportFactory(agreement=agreement_of(company), state=state)
    if state == ReportState.READY:
        ReportFileFactory(report=report)
    if state == ReportState.PURGED:
        type(report).objects.filter(pk=report.pk).update(purged_at=timezone.now())
    log_in(client, company, may_download=may_download)
    response = fetch(client, report, view)
    assert response.status_code == ((file if view == "report_download" else manifest) if may_download else 403)
    if response.status_code != 200:
        assert f"/agreements/{report.agreement.number}/" in response.content.decode()  # a way on


@pytest.mark.parametrize("will_retry", [True, False])
def test_a_failed_report_is_called_so_once_nobody_tries_again(client, company, will_retry):
    """R1"""
    state = ReportState.RETRYING if will_retry else ReportState.FAILED
    report = ReportFactory(agreement=agreement_of(company), state=state)
    log_in(client, company)
    page = fetch(client, report, "report_download").content.decode()
    assert ("The report is being made." in page) == will_retry
    assert ("couldn&#x27;t make the report" in page or "couldn't make the report" in page) != will_retry


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"review": Review.HELD}, 409, "will review the answer"),
        ({"review": Review.REFUSED}, 404, "It is not clear."),
        ({"review": Review.UNREVIEWED}, 404, "did not review the answer"),
        (
            {"period_first_day": None, "period_last_day": None, "awaits_data_until": timezone.now()},
            409,
            "sent us readings for",
        ),
        ({}, 409, "The report is being made."),
    ],
)
def test_before_the_first_attempt_the_page_says_what_the_report_waits_for(client, company, fields, status, sentence):
    """R5, R7, X1"""
    agreement = AgreementFactory(company=company, status=Status.COMPLETE, **fields)
    log_in(client, company)
    response = client.get(reverse("report_download", args=[agreement.number]))
    assert response.status_code == status and sentence in response.content.decode()


def test_a_ready_report_without_its_file_is_refused_with_a_sentence(client, company, report, caplog):
    """R5: after a partial restore. It is no download, and an error in the log."""
    ReportFile.objects.all().delete()
    log_in(client, company)
    response = fetch(client, report)
    assert response.status_code == 404
    assert "file is missing" in response.content.decode()
    assert not Download.objects.exists()
    assert "file is missing" in caplog.text


@pytest.mark.parametrize(
    ("status", "expected"), [(Status.COMPLETE, 409), (Status.PENDING, 404), (Status.REJECTED, 404)]
)
def test_an_agreement_without_a_record_says_why(client, company, status, expected):
    """R5: being made is not the same as never."""
    agreement = agreement_of(company, status=status)
    log_in(client, company)
    assert client.get(reverse("report_download", args=[agreement.number])).status_code == expected


@pytest.mark.parametrize("standing", [CompanyStanding.SUSPENDED, CompanyStanding.PENDING])
def test_a_company_without_approval_cannot_download_from_that_moment(client, company, report, standing):
    """D1: also in a session that began before; the page names the cause."""
    log_in(client, company)
    assert fetch(client, report).status_code == 200
    company.standing = standing
    company.save()
    response = fetch(client, report)
    assert response.status_code == 403
    assert {"suspended": "suspended", "pending": "waiting for approval"}[standing] in response.content.decode()
    assert Download.objects.count() == 1


def test_the_download_equals_the_stored_file(client, company, report):
    """R5: without compression, an attachment that no cache keeps."""
    log_in(client, company)
    response = fetch(client, report)
    assert hashlib.sha256(body(response)).hexdigest() == report.sha256
    headers = response.headers
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["Content-Disposition"] == f'attachment; filename="{report.file_name}"'
    assert headers["Content-Length"] == str(len(CONTENT)) == str(report.size)
    assert headers["Cache-Control"] == "private, no-store"
    assert "Accept-Encoding" in headers["Vary"]
    assert "Content-Encoding" not in headers


@pytest.mark.parametrize("accepts", ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.5", "*", "GZIP"])
def test_a_browser_that_accepts_gzip_gets_the_stored_bytes(client, company, report, accepts):
    """R5: the same content, the same hash."""
    log_in(client, company)
    response = fetch(client, report, accept_encoding=accepts)
    assert response.headers["Content-Encoding"] == "gzip"
    assert body(response) == bytes(ReportFile.objects.get().gzipped)
    assert response.headers["Content-Length"] == str(len(body(response)))
    assert hashlib.sha256(gzip.decompress(body(response))).hexdigest() == report.sha256
    assert "Accept-Encoding" in response.headers["Vary"]


@pytest.mark.parametrize("accepts", ["", "identity", "br", "gzip;q=0", "*;q=0", "gzip;q=0, *", "gzip;q=x", ",;,"])
def test_other_browsers_get_the_decompressed_bytes(client, company, report, accepts):
    """R5"""
    log_in(client, company)
    response = fetch(client, report, accept_encoding=accepts)
    assert "Content-Encoding" not in response.headers
    assert body(response) == CONTENT


def test_each_download_is_logged_with_who_and_when(client, company, report):
    """R5"""
    first = log_in(client, company)
    fetch(client, report)
    fetch(client, report)
    second = log_in(client, company)
    fetch(client, report)
    assert [download.by for download in report.download_log] == [first, first, second]
    assert all(timezone.now() - download.at < timedelta(minutes=1) for download in report.download_log)


def test_the_log_is_written_before_the_first_byte_goes_out(client, company, report):
    """R5: somebody who breaks off has fetched it."""
    log_in(client, company)
    response = fetch(client, report)
    assert Download.objects.count() == 1
    response.close()


def test_head_returns_the_size_and_is_not_a_download(client, company, report):
    """R5"""
    log_in(client, company)
    response = client.head(reverse("report_download", args=[report.agreement.number]))
    assert (response.status_code, response.headers["Content-Length"]) == (200, str(report.size))
    assert body(response) == b""
    assert not Download.objects.exists()


@pytest.mark.parametrize("view", VIEWS)
def test_a_post_is_refused(client, company, report, view):
    log_in(client, company)
    assert client.post(reverse(view, args=[report.agreement.number])).status_code == 405


def test_the_manifest_is_json_beside_the_file(client, company, report):
    """R4"""
    log_in(client, company)
    response = fetch(client, report, "report_manifest")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"].endswith('-15min-manifest.json"')
    assert response.headers["Cache-Control"] == "private, no-store"
    assert json.loads(response.content)["file"]["sha256"] == report.sha256
    assert not Download.objects.exists()


@pytest.mark.parametrize("number", ["000000000000", "1", "x" * 300])
def test_an_unknown_number_is_not_found(client, company, number):
    log_in(client, company)
    assert client.get(f"/agreements/{number}/report.csv").status_code == 404


def test_a_download_costs_few_queries(client, company, report, django_assert_max_num_queries):
    """R6: two of them are the locked report and, after the lock, its review (X1)."""
    log_in(client, company)
    body(fetch(client, report))  # the first one of a session also leaves the company's trace (X1)
    with django_assert_max_num_queries(12):
        body(fetch(client, report))

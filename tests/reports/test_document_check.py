"""The public check of a report file or a letter of authorization (R9)."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from agreements import actions, letter_pdf
from agreements.models import Agreement, Letter
from agreements.states import Channel, ReportState
from lib import link_tokens
from notifications.models import Email
from reports.actions import end_waiting, generate_due_reports, purge_files
from reports.models import ReportFile
from tests.factories import AgreementFactory, MembershipFactory, ReportFactory, ReportFileFactory
from tests.support.agreements import initiate
from tests.support.usage import store, usage

pytestmark = pytest.mark.django_db

PAGE = "/check/"
NO_ANSWER = "We can't confirm this document"
WRONG = "ab" * 32


@pytest.fixture
def report():
    return ReportFileFactory().report


@pytest.fixture
def accepted():
    (agreement,) = initiate(MembershipFactory().user)
    actions.accept(agreement, channel=Channel.INVITATION)
    return Agreement.objects.get(pk=agreement.pk)


def check(number: str, sha256: str, **headers: str) -> str:
    """The page for what was typed, from a browser without cookies that enforces the check of forged forms."""
    answer = Client(enforce_csrf_checks=True, headers=headers).post(PAGE, {"number": number, "sha256": sha256})
    assert answer.status_code == 200 and not answer.cookies
    return answer.content.decode()


def test_the_page_says_when_a_report_was_made_and_for_which_period(report):
    """R9."""
    page = check(report.agreement.number, report.sha256)
    assert "We issued this report" in page
    assert date_format(timezone.localtime(report.made_at), "DATETIME_FORMAT") in page
    assert f"{date_format(report.first_day)} to {date_format(report.last_day)}" in page


def test_the_page_says_nothing_else(accepted):
    """R9: no name, no company, no ESIID, no meter number, no address."""
    letter = accepted.letter
    for sha256 in (letter.sha256, *letter.pdf_hashes):
        page = check(accepted.number, sha256)
        assert "We issued" in page
        for value in (
            accepted.customer_name, accepted.third_party_name, accepted.esiid, accepted.esiid[-7:], accepted.email,
            accepted.meter_number, accepted.street, accepted.tdsp.name, accepted.contact_name,
        ):  # fmt: skip
            assert value and value not in page


def test_a_report_is_known_after_its_file_was_deleted(report):
    """R9, R5."""
    purge_files(at=report.made_at + settings.REPORT_RETENTION + timedelta(minutes=1))
    assert not ReportFile.objects.exists()
    assert "We issued this report" in check(report.agreement.number, report.sha256)


def test_the_pdf_that_came_by_email_and_the_downloaded_one_are_known(accepted, client):
    """R9, EM203."""
    sent = bytes(Email.objects.get(kind="EM203", to_address=accepted.email).attachments.get().content)
    token = link_tokens.derive_token(bytes(accepted.submission.link_nonce))
    downloaded = client.get(reverse("invitation_authorization", args=[token]), {"as": "pdf"}).content
    for pdf in (sent, downloaded):
        page = check(accepted.number, hashlib.sha256(pdf).hexdigest())
        assert "We issued this letter of authorization" in page and "A PDF with this SHA-256 has" in page
        assert date_format(timezone.localtime(accepted.letter.signed_at), "DATETIME_FORMAT") in page


def test_a_pdf_that_a_later_release_sets_differently_is_known_beside_the_first(accepted, monkeypatch):
    """R9."""
    first = accepted.letter.pdf_hashes
    template = letter_pdf.TEMPLATE.read_bytes().replace(b"27mm", b"28mm")
    monkeypatch.setattr(letter_pdf, "_template", lambda: template)
    pdfs = {letter_pdf.issue_pdf(accepted.letter) for _time in range(2)}
    (sha256,) = {hashlib.sha256(pdf).hexdigest() for pdf in pdfs}
    assert Letter.objects.get().pdf_hashes == [*first, sha256] and sha256 not in first
    for each in (*first, sha256):
        assert "We issued this letter of authorization" in check(accepted.number, each)


def test_the_hash_that_a_letter_prints_proves_only_that_there_is_such_a_letter(accepted):
    """R9: anyone can print a true hash under another text."""
    page = check(accepted.number, accepted.letter.sha256)
    assert "We issued a letter with this SHA-256" in page and "choose the PDF" in page
    assert "changed since" not in page


def test_a_letter_whose_report_waits_for_data_has_its_latest_day(accepted):
    """R9, R7: and the period that was fixed in the end."""
    assert accepted.report_state == ReportState.AWAITING_DATA
    latest = timezone.localtime(accepted.letter.signed_at).date() - timedelta(days=1)
    page = check(accepted.number, accepted.letter.sha256)
    assert f"It ends on {date_format(latest)} at the latest." in page
    days = {"period_first_day": date(2026, 8, 1), "period_last_day": date(2026, 10, 31)}
    Agreement.objects.filter(pk=accepted.pk).update(report_state=ReportState.DUE, **days)
    assert "August 1, 2026 to October 31, 2026" in check(accepted.number, accepted.letter.sha256)


def test_a_letter_about_one_day_names_the_days_of_which_it_is_one():
    """R9, R7: as the letter and the email about no data do, until a report shows which day it is."""
    (agreement,) = initiate(MembershipFactory().user, report_length="1d")
    actions.accept(agreement, channel=Channel.INVITATION)
    letter = Letter.objects.get()
    yesterday = timezone.localtime(letter.signed_at).date() - timedelta(days=1)
    days = f"One of the days from {date_format(yesterday - timedelta(days=2))} to {date_format(yesterday)}"
    assert days in check(agreement.number, letter.sha256)
    waited = letter.signed_at + settings.REPORT_DATA_WAIT
    end_waiting(at=waited)
    generate_due_reports(at=waited)
    assert Agreement.objects.get().report_state == ReportState.NO_DATA
    assert days in check(agreement.number, letter.sha256)


def test_a_letter_about_one_day_has_the_day_of_its_report():
    """R9, R7."""
    (agreement,) = initiate(MembershipFactory().user, report_length="1d")
    actions.accept(agreement, channel=Channel.INVITATION)
    letter = Letter.objects.get()
    day = timezone.localtime(letter.signed_at).date() - timedelta(days=2)
    store(agreement.premise, usage(day))
    end_waiting()
    generate_due_reports()
    page = check(agreement.number, letter.sha256)
    assert date_format(day) in page and "One of the days" not in page


def test_an_unknown_number_a_wrong_hash_and_another_agreements_hash_get_one_answer(report, accepted):
    """R9: same words, status and queries, so nobody learns which agreements exist."""
    pending = AgreementFactory()
    tried = [
        ("112326999999", WRONG), (report.agreement.number, WRONG), (accepted.number, report.sha256),
        (pending.number, WRONG), (report.agreement.number, accepted.letter.sha256),
    ]  # fmt: skip
    pages, query_counts = set(), set()
    for number, sha256 in tried:
        with CaptureQueriesContext(connection) as queries:
            page = check(number, sha256)
        assert NO_ANSWER in page
        pages.add(page.replace(number, "").replace(sha256, ""))
        query_counts.add(len(queries))
    assert len(pages) == len(query_counts) == 1


@pytest.mark.parametrize("write", [
    lambda number, sha256: (f" {number[:6]}-{number[6:]} ", sha256.upper()),
    lambda number, sha256: (number, f" {sha256[:32]}\n{sha256[32:]} "),
])  # fmt: skip
def test_spaces_and_capital_letters_do_not_matter(report, write):
    """R9."""
    assert "We issued this report" in check(*write(report.agreement.number, report.sha256))


@pytest.mark.parametrize(("number", "sha256", "message"), [
    ("", WRONG, "Enter the agreement number."),
    ("11232600000", WRONG, "Enter the agreement number with 12 digits."),
    ("112326000001", "", "Enter the SHA-256 of the file."),
    ("112326000001", WRONG[:-1], "Enter the SHA-256 with 64 letters and digits, each 0 to 9 or a to f."),
    ("112326000001", WRONG[:-1] + "g", "Enter the SHA-256 with 64 letters and digits, each 0 to 9 or a to f."),
    ("112326000001\x00", WRONG, "Null characters are not allowed."),
])  # fmt: skip
def test_what_cannot_be_a_number_or_a_hash_is_refused_with_a_reason(number, sha256, message):
    """R9, A2."""
    page = check(number, sha256)
    assert page.count(message) == 2 and NO_ANSWER not in page


def test_a_network_can_check_so_many_documents_a_day(report, settings):
    """R9, X2: another network is not affected."""
    settings.DOCUMENT_CHECKS_PER_NETWORK, settings.TRUSTED_PROXY_COUNT = 2, 1
    document = {"number": report.agreement.number, "sha256": report.sha256}
    first, other = {"X-Forwarded-For": "203.0.113.5"}, {"X-Forwarded-For": "203.0.113.6"}
    statuses = [Client(headers=first).post(PAGE, document).status_code for _time in range(3)]
    assert statuses == [200, 200, 429]
    refused = Client(headers=first).post(PAGE, document).content.decode()
    assert "Too many documents were checked from your network today." in refused and "We issued" not in refused
    assert Client(headers=other).post(PAGE, document).status_code == 200


def test_a_report_without_a_file_is_no_document():
    """R9: its record has no hash."""
    report = ReportFactory(state=ReportState.FAILED, made_at=None, sha256="")
    assert NO_ANSWER in check(report.agreement.number, WRONG)

"""The check of a document in Chromium: a chosen file is hashed there, and typing needs no script (R9)."""

from __future__ import annotations

import gzip

import pytest
from playwright.sync_api import Page, expect

from tests.factories import ReportFileFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = "/check/"


@pytest.fixture
def report():
    return ReportFileFactory().report


def test_the_browser_hashes_a_chosen_file_and_uploads_nothing(page: Page, live_server, tmp_path, report):
    """R9: and takes the number from the file's name."""
    file = tmp_path / f"smt-{report.agreement.number}-15min.csv"
    file.write_bytes(gzip.decompress(report.file.gzipped))
    bodies = []
    page.on("request", lambda request: bodies.append(request.post_data or ""))
    problems = []
    page.on("console", lambda message: problems.append(message.text))
    page.goto(live_server.url + PAGE)
    page.get_by_label("File (optional)").set_input_files(file)
    expect(page.get_by_role("status")).to_have_text("SHA-256 filled in.")
    expect(page.get_by_label("SHA-256 of the file", exact=True)).to_have_value(report.sha256)
    expect(page.get_by_label("Agreement number")).to_have_value(report.agreement.number)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We issued this report")
    sent = [body for body in bodies if body]
    assert sent == [f"number={report.agreement.number}&sha256={report.sha256}"] and not problems


def test_without_a_script_the_file_cannot_be_chosen_and_typing_works(browser, live_server, report):
    """R9: no JavaScript, no cookie."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live_server.url + PAGE)
    expect(page.locator("input[type=file]")).to_be_hidden()
    page.get_by_label("Agreement number").fill(report.agreement.number)
    page.get_by_label("SHA-256 of the file", exact=True).fill(report.sha256)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We issued this report")
    assert not context.cookies()
    context.close()

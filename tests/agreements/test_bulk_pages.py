"""The third party's pages of bulk invitations (K1, K4 to K6)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from agreements.bulk.sending import send_due_bulks, send_next_request
from agreements.models import Agreement, BulkInvitation
from companies.models import Membership
from tests.factories import MembershipFactory, MeterFactory
from tests.support.bulk import CONTACT, bulk_csv, bulk_row, good_rows, upload, upload_and_send

pytestmark = pytest.mark.django_db
ATTESTED = CONTACT | {"attested": "on"}


@pytest.fixture(autouse=True)
def without_a_pause(settings):
    settings.BULK_ROWS_A_MINUTE = 10_000


@pytest.fixture
def member():
    return MembershipFactory(is_administrator=True)


@pytest.fixture
def browser(member):
    browser = Client()
    browser.force_login(member.user)
    return browser


def send_file(browser: Client, content: bytes, **fields: str) -> Any:
    data = {"report_type": "interval", "report_length": "3m"} | fields
    file = SimpleUploadedFile("customers.csv", content, "text/csv")
    return browser.post(reverse("bulk_new"), data | {"file": file}, follow=True)


def page_of(browser: Client, bulk: BulkInvitation) -> str:
    return browser.get(reverse("bulk_invitation", args=[bulk.pk])).content.decode()


def test_a_file_goes_from_upload_to_results(browser):
    """T14, K4, K6: nothing is sent before the attestation."""
    content = bulk_csv([bulk_row(MeterFactory(), 1), bulk_row(MeterFactory(), 2), bulk_row(number=3, EMAIL="nobody")])
    preview = send_file(browser, content).content.decode()
    bulk = BulkInvitation.objects.get()
    assert "Check your file" in preview and "Row 4, EMAIL" in preview and bulk.file_name == "customers.csv"
    assert not Agreement.objects.exists() and send_due_bulks() == 0
    address = reverse("bulk_invitation", args=[bulk.pk])
    refused = browser.post(address, CONTACT).content.decode()
    assert "Confirm that you have" in refused
    progress = browser.post(address, ATTESTED, follow=True).content.decode()
    assert "Refresh this page" in progress and "Cancel the remaining rows" in progress
    send_due_bulks()
    finished = page_of(browser, bulk)
    assert "Finished" in finished and "Refresh" not in finished
    results = browser.get(reverse("bulk_results", args=[bulk.pk])).content.decode()
    assert results.count(",created,") == 2 and results.count(",refused,") == 1
    assert {each.contact_name for each in Agreement.objects.all()} == {CONTACT["contact_name"]}


def test_the_preview_tells_nothing_about_matches(browser, member):
    """K4, T7: the page is the same for a row that matches and one that does not."""
    matching, other = upload(member.user, [bulk_row(MeterFactory(), 1)]), upload(member.user, [bulk_row(None, 1)])

    def page(bulk: BulkInvitation) -> str:
        text = page_of(browser, bulk).replace(str(bulk.pk), "ID")
        return re.sub(r'(csrfmiddlewaretoken" value=|nonce=)"[^"]*"', "", text)

    assert page(matching) == page(other)


def test_a_file_that_cannot_be_read_is_refused_at_its_field(browser):
    """K2, A2."""
    page = send_file(browser, b"PK\x03\x04").content.decode()
    assert "This is an Excel or ZIP file" in page and not BulkInvitation.objects.exists()
    assert "Choose a file" in browser.post(reverse("bulk_new"), {}).content.decode()
    assert "This file is empty" in send_file(browser, b"").content.decode()


def test_the_same_file_is_refused(browser, member):
    """K4."""
    rows = [bulk_row(MeterFactory(), 1)]
    upload_and_send(member.user, rows)
    assert "sent a file with the same rows" in send_file(browser, bulk_csv(rows, delimiter=";")).content.decode()


def test_cancel_in_the_middle(browser, member):
    """K6."""
    bulk = upload_and_send(member.user, good_rows(3))
    send_next_request(bulk.pk)
    address = reverse("bulk_cancel", args=[bulk.pk])
    assert "2 rows will not be sent" in browser.get(address).content.decode()
    assert "won&#x27;t be sent" in browser.post(address, follow=True).content.decode()
    send_due_bulks()
    assert Agreement.objects.count() == 1 and browser.get(address).status_code == 302


def test_a_stopped_file_is_continued(browser, member, settings):
    """K5."""
    settings.FAILED_MATCHES_PER_USER = 1
    bulk = upload_and_send(member.user, [bulk_row(None, 1), bulk_row(MeterFactory(), 2)])
    send_due_bulks()
    assert "match our records" in page_of(browser, bulk)
    address = reverse("bulk_continue", args=[bulk.pk])
    assert "You can continue after" in browser.post(address, follow=True).content.decode()
    settings.FAILED_MATCHES_PER_USER = 10
    BulkInvitation.objects.update(due_at=None)
    browser.post(address)
    send_due_bulks()
    assert "Finished" in page_of(browser, bulk)


def test_the_template_can_be_downloaded(browser):
    """K2."""
    template = browser.get(reverse("bulk_template"))
    assert template.content.startswith(b"\xef\xbb\xbfESIID,METER_NUMBER")


def test_without_the_permission_there_is_no_file(browser, member):
    """T12."""
    bulk = upload(member.user, [bulk_row(MeterFactory(), 1)])
    Membership.objects.filter(pk=member.pk).update(is_administrator=False, may_initiate=False, may_view=True)
    for name, args in (("bulk_new", []), ("bulk_template", []), ("bulk_invitation", [bulk.pk])):
        assert browser.get(reverse(name, args=args)).status_code == 403

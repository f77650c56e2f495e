"""Who has my data: every answered request with its downloads, and the email about the first one (C11)."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from agreements.states import ReportState, Status
from notifications.models import Email
from reports.downloads import record_download
from tests.factories import (
    AgreementFactory,
    DownloadFactory,
    EsiidClaimFactory,
    MembershipFactory,
    ReportFactory,
    ReportFileFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim():
    return EsiidClaimFactory()


@pytest.fixture
def shared(claim):
    """The report of a request that the customer accepted."""
    agreement = AgreementFactory(
        customer=claim.customer, premise=claim.premise, status=Status.COMPLETE, third_party_name="Green Energy LLC"
    )
    return ReportFactory(agreement=agreement, state=ReportState.READY)


@pytest.fixture
def read(client, claim):
    def read(language: str = "en") -> str:
        client.force_login(claim.customer.user)
        client.cookies["django_language"] = language
        return client.get(reverse("shared_data")).content.decode().replace("&#x27;", "'")

    return read


def test_each_download_has_its_person_company_file_and_time(claim, shared, read):
    """C11."""
    users = [UserFactory(first_name=name, last_name="Wilson") for name in ("James", "Ana")]
    for user in users:
        DownloadFactory(report=shared, by=user, at=timezone.now())
    page = read()
    for name in ("James Wilson", "Ana Wilson"):
        assert f"{name} of Green Energy LLC downloaded it on" in page
    assert shared.file_name in page


def test_a_report_that_nobody_downloaded_says_so(shared, read):
    """C11."""
    assert "Not downloaded yet." in read()


def test_a_rejected_request_is_listed_and_a_pending_one_is_not(claim, read):
    """C11."""
    for status, name in ((Status.REJECTED, "Rejected LLC"), (Status.PENDING, "Asking LLC")):
        AgreementFactory(customer=claim.customer, premise=claim.premise, status=status, third_party_name=name)
    page = read()
    assert "Rejected LLC got no data from it" in page and "Asking LLC" not in page


def test_another_customers_requests_are_not_listed(client, shared):
    """C11, D1."""
    client.force_login(EsiidClaimFactory().customer.user)
    page = client.get(reverse("shared_data")).content.decode()
    assert "Green Energy LLC" not in page and "No one has your data" in page


def test_the_first_download_is_emailed_once(shared):
    """C11: in the customer's language, with who and when."""
    ReportFileFactory(report=shared)
    member = MembershipFactory(company=shared.agreement.company).user
    for _ in range(2):
        record_download(shared, by=member)
    (email,) = Email.objects.filter(kind="DOWNLOADED", to_address=shared.agreement.email)
    for part in (email.text, email.html):
        assert member.get_full_name() in part and shared.file_name in part
        assert f"/invitation/{email.placeholder}/" in part
    account = Email.objects.filter(kind="DOWNLOADED").exclude(pk=email.pk).get()
    assert account.to_address == shared.agreement.customer.user.email and not account.placeholder

"""The home of staff is a queue of what waits for them (D8)."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from accounts.models import AccessLogEntry
from agreements.models import Review
from agreements.states import ReportState, Status
from companies.models import CompanyStanding
from notifications.failures import FailureReason
from notifications.models import EmailState
from tests.factories import (
    AgreementFactory,
    CompanyFactory,
    EmailFactory,
    OperatorFactory,
    ReportFactory,
    UserFactory,
)
from tests.support.home_page import HOME, main

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine():
    """What waits at one TDSP: a held report, a failed report, a failed email; and the same at another."""
    agreements = [AgreementFactory(status=Status.COMPLETE, review=Review.HELD) for _tdsp in range(2)]
    for agreement in agreements:
        ReportFactory(agreement__premise=agreement.premise, state=ReportState.FAILED)
        EmailFactory(about=[agreement.number], state=EmailState.FAILED, failure="refused", failed_at=timezone.now())
    CompanyFactory(standing=CompanyStanding.PENDING)
    return agreements[0]


def counts(client) -> dict[str, int]:
    """The number of rows in the heading of each queue."""
    headings = re.findall(r"<h2 id=\"\w+\">([^<(]+) \((\d+)\)</h2>", client.get(HOME).content.decode())
    return {title: int(count) for title, count in headings}


def test_of_a_tdsp_see_its_own_tasks(client, mine):
    """D1."""
    client.force_login(UserFactory(is_staff=True, tdsp=mine.premise.tdsp))
    queues = {"Answers to review": 1, "Claims and disputes": 0, "Failed emails": 1, "Failed reports": 1}
    assert counts(client) == queues
    page = main(client)
    assert "Companies to approve" not in page
    assert "No claims to review." in page and "No files have been loaded yet." in page


def test_operators_see_all_and_the_companies_to_approve(client, mine):
    """D1, T13."""
    client.force_login(OperatorFactory())
    assert counts(client) == {
        "Answers to review": 2, "Claims and disputes": 0, "Companies to approve": 1,
        "Companies with paused requests": 0, "Failed emails": 2,
        "Failed reports": 2,
    }  # fmt: skip


def test_operators_are_told_that_the_mail_server_rejects_the_portal(client, mine):
    """E5."""
    client.force_login(OperatorFactory())
    assert "The mail server is rejecting the portal's emails" not in main(client)
    EmailFactory(failure=FailureReason.SENDER_REJECTED)
    assert "The mail server is rejecting the portal's emails" in main(client)


def test_the_lists_behind_the_counts_answer(client, mine):
    client.force_login(OperatorFactory(is_superuser=True))
    html = client.get(HOME).content.decode()
    links = re.findall(r'href="(/admin/[^"]+)"', html.split("<main")[1])
    assert len(links) >= 4
    for link in links:
        assert client.get(link.replace("&amp;", "&")).status_code == 200, link


def test_each_row_has_one_action_that_works(client, mine):
    """D8: a failed email and a failed report are tried again from here."""
    client.force_login(UserFactory(is_staff=True, tdsp=mine.premise.tdsp))
    html = client.get(HOME).content.decode().split("<main")[1]
    forms = re.findall(r'<form method="post" action="(/admin/[^"]+)">(.*?)</form>', html, re.DOTALL)
    assert len(forms) == 2
    for address, form in forms:
        client.post(address.replace("&amp;", "&"), dict(re.findall(r'name="(\w+)" value="(\w+)"', form)))
    assert counts(client) == {
        "Answers to review": 1, "Claims and disputes": 0, "Failed emails": 0, "Failed reports": 0,
    }  # fmt: skip


def test_what_is_shown_of_customers_is_in_the_access_log(client, mine):
    """D3."""
    client.force_login(UserFactory(is_staff=True, tdsp=mine.premise.tdsp))
    client.get(HOME)
    entries = set(AccessLogEntry.objects.values_list("action", "model", "rows"))
    records = ("agreements.consentreview", "notifications.email", "reports.report")
    assert entries == {("list", model, 1) for model in records}


def test_a_long_queue_is_counted_up_to_its_limit(client, mine, monkeypatch):
    """O9."""
    monkeypatch.setattr("smt_portal.staff_home.COUNTED", 2)
    client.force_login(OperatorFactory())
    assert "Failed emails (2 or more)" in main(client)


def test_cost_thirteen_queries_at_most(client, mine, django_assert_max_num_queries):
    for user in (OperatorFactory(), UserFactory(is_staff=True, tdsp=mine.premise.tdsp)):
        client.force_login(user)
        with django_assert_max_num_queries(13):
            client.get(HOME)

"""A flood of one kind of work delays no other (E6)."""

from __future__ import annotations

import time

import pytest

from notifications.models import Email, EmailState, Priority
from tests.factories import EmailFactory
from tests.journey.processes import RunningPortal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault, pytest.mark.timeout(240)]

BACKLOG = 10_000
ANSWER = {"EM203", "EM204"}


def queue_campaign(priority: Priority, companies: int) -> None:
    """Queue the emails of `companies` companies, due before everything that comes later."""
    campaign = [
        EmailFactory.build(kind="EM202", company_id=1 + number % companies, priority=priority, key=f"campaign {number}")
        for number in range(BACKLOG)
    ]
    Email.objects.bulk_create(campaign)


def seconds_until_the_answer_is_out(
    portal: RunningPortal, priority: Priority, patience: float, companies: int = 1
) -> float | None:
    """Accept a request while a campaign is being sent; return how long report and emails took."""
    link = portal.invitation(portal.third_party())
    queue_campaign(priority, companies)
    before = len(portal.mail.deliveries)
    portal.mail.wait_for(before + 100, 30)
    begun = time.monotonic()
    portal.accept(link)
    while (seconds := time.monotonic() - begun) < patience:
        sent = Email.objects.filter(state=EmailState.SENT, kind__in=ANSWER)
        if sorted(sent.values_list("kind", flat=True)) == ["EM203", "EM203", "EM204"]:
            assert Email.objects.filter(state=EmailState.QUEUED).count() > BACKLOG / 4, "The backlog was none."
            print(f"Report and emails of an acceptance among {BACKLOG} queued emails: {seconds:.1f} s")
            return seconds
        time.sleep(0.1)
    return None


def test_an_acceptance_is_answered_within_ten_seconds_among_ten_thousand_emails(portal):
    """E6"""
    seconds = seconds_until_the_answer_is_out(portal, Priority.BULK, patience=30)
    assert seconds is not None and seconds < 10


@pytest.mark.control
def test_without_priorities_and_caps_the_emails_wait_behind_the_campaign(portal):
    """E6: all in one row, in the order in which they were written; of so many companies that no cap holds any back."""
    assert seconds_until_the_answer_is_out(portal, Priority.NORMAL, patience=15, companies=BACKLOG) is None

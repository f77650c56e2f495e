"""Which email goes out first: urgent ones, and each company its share (E6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from notifications import delivery
from notifications.models import Email, Priority
from tests.factories import EmailFactory
from tests.support.large_tables import multiply
from tests.support.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db(transaction=True)


def recipients(server: SmtpSink) -> list[str]:
    return [sent.recipients[0].partition("@")[0] for sent in server.deliveries]


def test_urgent_emails_go_first_and_campaigns_last(queue: Callable[..., Email], mail_server: SmtpSink) -> None:
    """E6"""
    queue("1", to="invited@example.net", priority=Priority.BULK)
    queue("2", to="decided@example.net")
    queue("3", to="locked-out@example.net", priority=Priority.URGENT)
    assert delivery.deliver_due() == 3
    assert recipients(mail_server) == ["locked-out", "decided", "invited"]


def queue_campaigns(first: int, second: int) -> None:
    for company_id, count in ((1, first), (2, second)):
        EmailFactory.create_batch(
            count, company_id=company_id, to_address=f"of-{company_id}@example.net", priority=Priority.BULK
        )


@pytest.mark.slow
def test_a_companys_campaign_leaves_room_for_anothers(mail_server: SmtpSink) -> None:
    """E6"""
    queue_campaigns(80, 3)
    assert delivery.deliver_due() == delivery.COMPANY_SHARE + 3
    assert Counter(recipients(mail_server)[-3:]) == {"of-2": 3}
    assert delivery.deliver_due() == 30, "the next run goes on"


@pytest.mark.slow
@pytest.mark.control
def test_without_shares_the_second_company_waits_for_the_first(
    mail_server: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "COMPANY_SHARE", 1000)
    queue_campaigns(80, 3)
    delivery.deliver_due()
    assert set(recipients(mail_server)[:80]) == {"of-1"}


@pytest.mark.slow
def test_the_next_email_is_found_in_the_order_of_an_index() -> None:
    """E6: among 20,000 waiting ones, without reading or sorting them."""
    EmailFactory()
    different = {"priority": "n % 3", "company_id": "n % 7", "key": "'key ' || n", "message_id": "'copy-' || n"}
    multiply(Email, "generate_series(1, 20000) n", **different)
    plan = Email.objects.queued().order_by("priority", "due_at", "pk")[:1].explain()
    assert "email_queued" in plan and "Sort" not in plan

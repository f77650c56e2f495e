"""What comparing mailboxes costs: few rows, however many agreements a company has (X1, X2)."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from agreements import daily_limits
from agreements.consent import consent_signals
from agreements.models import Agreement
from agreements.request_data import AgreementRequest, Person
from customers.models import CustomerKind
from tests.support.large_tables import create_hundred_thousand_agreements, rows_removed

pytestmark = pytest.mark.django_db

ADDRESSES = ["customer77@mail38.example", "Rosa.M+solar@GoogleMail.com", "nobody@new.example"]
INDEXES = ["agreement_mailbox", "agreement_typed_mailbox", "agreement_mail_domain", "event_reminder"]


def test_no_comparison_of_mailboxes_reads_all_of_a_hundred_thousand_agreements():
    """X1, X2: neither when a question is submitted nor when it is accepted or sent again."""
    agreement = one_of_a_hundred_thousand()
    used = ""
    for address in ADDRESSES:
        plans = plans_of_everything_about(address, agreement)
        assert len(plans) >= 5
        for plan in plans:
            assert "Seq Scan on agreements_agreement" not in plan and rows_removed(plan) < 100, plan
        used += "\n".join(plans)
    assert [index for index in INDEXES if f"using {index} " not in used and f"on {index} " not in used] == []


@pytest.mark.control
def test_control_without_its_index_a_comparison_reads_them_all():
    """X1: the test above would see it."""
    agreement = one_of_a_hundred_thousand()
    for index in INDEXES[:3]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {index}")
            assert max(map(rows_removed, plans_of_everything_about(ADDRESSES[0], agreement))) > 10_000, index
            transaction.set_rollback(True)


def one_of_a_hundred_thousand() -> Agreement:
    company = create_hundred_thousand_agreements()
    return Agreement.objects.filter(company=company).latest("pk")


def plans_of_everything_about(address: str, agreement: Agreement) -> list[str]:
    """How PostgreSQL answers what is asked when a question to `address` is submitted, accepted and sent again."""
    agreement.email, now = address, timezone.now()
    request = AgreementRequest(True, CustomerKind.RESIDENTIAL, Person(email=address), (), "interval", "1m")
    with CaptureQueriesContext(connection) as queries, override_settings(INITIATIONS_PER_COMPANY=1_000_000):
        daily_limits.refuse_flooding(request, company=agreement.company, at=now)
        consent_signals.record_signals_at_initiation([agreement], at=now)
        daily_limits.reminder_refusal(agreement, at=now)
    with connection.cursor() as cursor:
        plans = []
        for sql in (one["sql"] for one in queries):
            if sql.startswith("SELECT") and "agreements_agreement" in sql:
                cursor.execute(f"EXPLAIN (ANALYZE) {sql}")
                plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return plans

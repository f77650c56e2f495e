"""The emails that a sandbox would have sent (V15)."""

from __future__ import annotations

from companies.models import Company
from notifications.models import Email, EmailQuerySet


def sandbox_emails(sandbox: Company) -> EmailQuerySet:
    """Return them without texts, which are not recorded; an index reads the newest first."""
    return Email.objects.filter(company_id=sandbox.pk, is_sandbox=True)


def recipient_of(email: Email) -> str:
    """Return whether the email would have gone to the customer or to the company's contact."""
    is_to_customer = email.key.endswith(":customer") or email.kind in ("EM201", "EM202")
    return "customer" if is_to_customer else "company"

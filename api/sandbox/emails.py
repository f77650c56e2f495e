"""The emails that a sandbox would have sent (V15)."""

from __future__ import annotations

from companies.models import Company
from notifications.models import REQUEST_KINDS, Email, EmailQuerySet


def sandbox_emails(sandbox: Company) -> EmailQuerySet:
    """Return them without texts, which are not recorded; an index reads the newest first."""
    return Email.objects.filter(company_id=sandbox.pk, is_sandbox=True)


def is_to_customer(email: Email) -> bool:
    """Return whether the email would have gone to the customer, and not to the company's contact."""
    return email.key.endswith(":customer") or email.kind in REQUEST_KINDS

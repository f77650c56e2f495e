"""A company's sandbox: another company row, as which its programs try the API with test keys (V15, ADR 64)."""

from __future__ import annotations

from companies.models import Company, CompanyStanding
from notifications.models import SandboxCompany

COPIED = ("legal_name", "street", "city", "state", "zip_code", "phone", "email", "privacy_policy_url")


def ensure_sandbox(company: Company) -> Company:
    """Return the sandbox of `company`, which is made at the first call. Needs a lock on the company.

    It has no DUNS number and no people, is always approved, and its emails are never sent.
    """
    profile = {name: getattr(company, name) for name in COPIED}
    sandbox, _is_new = Company.every.update_or_create(
        sandbox_of=company,
        defaults=profile,
        create_defaults=profile | {"duns": f"T{company.pk:012}", "standing": CompanyStanding.APPROVED},
    )
    SandboxCompany.objects.bulk_create([SandboxCompany(company_id=sandbox.pk)], ignore_conflicts=True)
    return sandbox

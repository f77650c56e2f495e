"""Whether an email address belongs to any company's people, whichever company it is (X7).

The tables are small, and the question is asked once per registration, so nothing is indexed for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from accounts.models import User
from companies.models import Company, CompanyLink, FingerprintKind
from companies.trust.email_identity import domain_regex, mailbox_regex, registered_domain
from companies.trust.fingerprints import fingerprint_mailbox, match_fingerprints


def is_company_mailbox(address: str) -> bool:
    """Whether `address` leads to the mailbox of a company, or of one of its present, former or invited users."""
    if FingerprintKind.MAILBOX in match_fingerprints(None, fingerprint_mailbox(address)):
        return True
    return any(found for found in _addresses_like(mailbox_regex(address)))


def is_company_domain(address: str) -> bool:
    """Whether the address is in the domain that a company owns: of its people's addresses or of its website."""
    domain = registered_domain(address)
    if not domain:
        return False
    if any(found for found in _addresses_like(domain_regex(domain))):
        return True
    websites = Company.objects.filter(privacy_policy_url__icontains=domain).values_list("privacy_policy_url", flat=True)
    return any(registered_domain(f"@{urlsplit(website).hostname}") == domain for website in websites)


def _addresses_like(pattern: str) -> Iterator[bool]:
    """Yield for each kind of address that companies have whether one of them matches the regular expression."""
    yield User.objects.filter(membership__isnull=False, is_person=True, email__iregex=pattern).exists()
    yield Company.objects.filter(email__iregex=pattern).exists()
    yield Company.objects.filter(shared_mailbox__iregex=pattern).exists()
    yield CompanyLink.objects.filter(email__iregex=pattern).exists()

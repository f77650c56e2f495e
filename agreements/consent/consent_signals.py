"""Signals that a customer's consent may be the third party's own (X1).

Addresses are compared as mailboxes, because comparing them literally is easy to defeat. ADR 12 says what no
signal can detect.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db.models import F, Q

from accounts.models import User
from agreements.models import Agreement, AgreementQuerySet, ConsentSignal, SignalKind
from companies.models import CompanyLink, FingerprintKind
from companies.trust.email_identity import normalize_mailbox, registered_domain
from companies.trust.fingerprints import Fingerprints, fingerprint_mailbox, match_fingerprints
from customers.models import EsiidClaim

MANY_ESIIDS = 3
YOUNG_HOLD = timedelta(days=30)
_BY_FINGERPRINT = {FingerprintKind.NETWORK: SignalKind.NETWORK, FingerprintKind.BROWSER: SignalKind.BROWSER}
# Domains whose mailboxes are assigned: three students or officials of one of them are no farm of mailboxes.
_ASSIGNED = (".edu", ".gov", ".mil", ".us")
# Reserved by RFC 2606; the demo's customers use them.
_RESERVED = {"example.com", "example.net", "example.org"}


def record_signals_at_initiation(agreements: Sequence[Agreement], *, at: datetime) -> None:
    """Record the signals in the address that the third party entered, for all agreements of one form."""
    kinds = _address_signals(agreements[0])
    for agreement in agreements:
        _record_signals(agreement, kinds, at)


def record_signals_at_acceptance(agreement: Agreement, fingerprints: Fingerprints | None, *, at: datetime) -> bool:
    """Record the signals of the acceptance and, because users and agreements were added, of the address again.

    Return whether there are any, also from the initiation.
    """
    kinds = _address_signals(agreement)
    matches = match_fingerprints(agreement.company, fingerprints or {})
    kinds |= {_BY_FINGERPRINT[kind] for kind in matches if kind in _BY_FINGERPRINT}
    # The ESIID has changed hands since the request: its usage is not the former customer's to share (R2).
    holders = EsiidClaim.objects.filter(premise=agreement.premise_id, until=None).values_list("customer", flat=True)
    if holders.first() != agreement.customer_id:
        kinds.add(SignalKind.OTHER_HOLDER)
    _record_signals(agreement, kinds, at)
    return agreement.signals.exists()


def _record_signals(agreement: Agreement, kinds: set[SignalKind], at: datetime) -> None:
    signals = [ConsentSignal(agreement=agreement, kind=kind, at=at) for kind in sorted(kinds)]
    ConsentSignal.objects.bulk_create(signals, ignore_conflicts=True)


def _address_signals(agreement: Agreement) -> set[SignalKind]:
    """Compare the customer's address with those of the company and with those of its other agreements."""
    kinds = set()
    company, address, domain = agreement.company, agreement.email, registered_domain(agreement.email)
    agreements = Agreement.objects.filter(company=company)
    own_addresses = {
        company.email,
        agreement.contact_email,
        *User.objects.filter(membership__company=company).values_list("email", flat=True),
        *CompanyLink.objects.filter(company=company).values_list("email", flat=True),
    }
    website = urlsplit(company.privacy_policy_url).hostname
    own_domains = {registered_domain(own) for own in own_addresses} | (
        {registered_domain(f"@{website}")} if website else set()
    )
    if (
        normalize_mailbox(address) in {normalize_mailbox(own) for own in own_addresses}
        or match_fingerprints(company, fingerprint_mailbox(address))
        or agreements.to_mailbox(address, "contact_email").exists()
    ):
        kinds.add(SignalKind.OWN_USER)
    if domain and domain in own_domains:
        kinds.add(SignalKind.OWN_DOMAIN)
    if _count_esiids(agreements.to_mailbox(address)) >= MANY_ESIIDS:
        kinds.add(SignalKind.SAME_ADDRESS)
    # The owner of a domain has as many mailboxes as there are names.
    is_private = domain and domain not in _RESERVED and not domain.endswith(_ASSIGNED)
    if is_private and _count_esiids(agreements.to_domain(domain)) >= MANY_ESIIDS:
        kinds.add(SignalKind.SAME_DOMAIN)
    return kinds


def _count_esiids(agreements: AgreementQuerySet) -> int:
    """Count the ESIIDs of agreements with similar addresses.

    Only where the third party entered the address, or where the account claimed the ESIID shortly before the request,
    and so may have registered for it.
    """
    just_taken = Q(premise__claims__customer=F("customer"), premise__claims__since__gt=F("initiated_at") - YOUNG_HOLD)
    return agreements.filter(Q(was_registered=False) | just_taken).values("premise").distinct().count()

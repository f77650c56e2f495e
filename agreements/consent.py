"""Signals that a customer's consent may be the third party's own (X1).

Addresses are compared as mailboxes, because comparing them literally is easy to defeat. ADR 12 says what no
signal can detect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db.models import F, Q

from accounts.models import User
from agreements.models import Agreement, AgreementQuerySet, ConsentSignal, SignalKind
from companies.models import CompanyLink, FingerprintKind
from companies.trust.email_identity import normalize_mailbox, registered_domain
from companies.trust.fingerprints import Fingerprints, fingerprint_mailbox, match_fingerprints
from customers.models import ClaimState, EsiidClaim
from lib.served_times import read_time
from meters.models import Premise

MANY_HOMES = 3
HOME_METERS = 3
YOUNG_HOLD = timedelta(days=30)
READING_TIME = timedelta(seconds=2)  # no person answers faster after a decision page was served
_BY_FINGERPRINT = {FingerprintKind.NETWORK: SignalKind.NETWORK, FingerprintKind.BROWSER: SignalKind.BROWSER}
# Domains whose mailboxes are assigned: three students or officials of one of them are no farm of mailboxes.
_ASSIGNED = (".edu", ".gov", ".mil", ".us")
# Reserved by RFC 2606; the demo's customers use them.
_RESERVED = {"example.com", "example.net", "example.org"}


def record_signals_at_initiation(agreements: Sequence[Agreement], *, at: datetime) -> None:
    """Record the signals in the address that the third party entered, for all agreements of one form."""
    _record_signals(agreements, _address_signals(agreements[0]), at)


def is_too_fast(subject: str, served: str, *, at: datetime) -> bool:
    """Return whether no person can have answered `at` on the page about `subject` with the signed time `served`.

    A missing time is too fast.

    Both times are the database's.
    """
    served_at = read_time(served, subject)
    return served_at is None or at - served_at < READING_TIME


def record_signals_at_acceptance(
    agreement: Agreement, fingerprints: Fingerprints | None, *, was_too_fast: bool, at: datetime
) -> bool:
    """Record the signals of the acceptance and, because users and agreements were added, of the address again.

    Return whether there are any, also from the initiation.
    """
    kinds = _address_signals(agreement)
    if was_too_fast:
        kinds.add(SignalKind.TOO_FAST)
    matches = match_fingerprints(agreement.company, fingerprints or {})
    kinds |= {_BY_FINGERPRINT[kind] for kind in matches if kind in _BY_FINGERPRINT}
    claims = EsiidClaim.objects.filter(premise=agreement.premise_id, until=None).with_state()
    claim = claims.select_related("customer__user").first()
    if claim and (
        claim.customer_id == agreement.customer_id or claim.customer.user.email.lower() == agreement.email.lower()
    ):
        if claim.state != ClaimState.CONFIRMED:
            kinds.add(SignalKind.UNCONFIRMED)  # knowing ESIID and meter number is not being the customer (X7)
    elif claim or agreement.customer_id:
        # The ESIID has changed hands since the request: its usage is not the former customer's to share (R2).
        kinds.add(SignalKind.OTHER_HOLDER)
    _record_signals([agreement], kinds, at)
    return agreement.signals.exists()


def _record_signals(agreements: Sequence[Agreement], kinds: set[SignalKind], at: datetime) -> None:
    signals = (
        ConsentSignal(agreement=agreement, kind=kind, at=at) for agreement in agreements for kind in sorted(kinds)
    )
    ConsentSignal.objects.bulk_create(signals, ignore_conflicts=True)


def _address_signals(agreement: Agreement) -> set[SignalKind]:
    """Compare the customer's address with those of the company and with those of its other agreements.

    A test agreement has none: its customer is the company's invention (V16).
    """
    kinds: set[SignalKind] = set()
    if agreement.company.is_sandbox:
        return kinds
    company, address, domain = agreement.company, agreement.email, registered_domain(agreement.email)
    agreements = Agreement.objects.filter(company=company)
    own_addresses = {
        company.email,
        company.shared_mailbox or company.email,
        agreement.contact_email,
        *User.objects.filter(membership__company=company, is_person=True).values_list("email", flat=True),
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
    if _count_homes(agreements.to_mailbox(address)) >= MANY_HOMES:
        kinds.add(SignalKind.SAME_ADDRESS)
    # The owner of a domain has as many mailboxes as there are names.
    is_private = domain and domain not in _RESERVED and not domain.endswith(_ASSIGNED)
    if is_private and _count_homes(agreements.to_domain(domain)) >= MANY_HOMES:
        kinds.add(SignalKind.SAME_DOMAIN)
    return kinds


def _count_homes(agreements: AgreementQuerySet) -> int:
    """Count the homes that agreements with similar addresses are about.

    A home is a residential premise's address on record, however many meters it has up to HOME_METERS. Each further
    meter counts for itself, because some utilities record no apartment numbers. Of a business, which answers for all
    its sites with one address, nothing is counted. Only agreements where the third party entered the address, or where
    the account claimed the ESIID shortly before the request, and so may have registered for it.
    """
    just_taken = Q(premise__claims__customer=F("customer"), premise__claims__since__gt=F("initiated_at") - YOUNG_HOLD)
    suspect = agreements.filter(Q(was_registered=False) | just_taken)
    premises = Premise.objects.filter(pk__in=suspect.values("premise")).residential()
    premises = premises.only("address", "address_overflow", "zip_code")
    meters_by_address = Counter(premise.address_key for premise in premises)
    return sum(1 + max(meters - HOME_METERS, 0) for meters in meters_by_address.values())

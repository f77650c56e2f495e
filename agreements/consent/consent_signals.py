"""What speaks against a consent: the customer may be the third party itself (X1).

Addresses are compared as mailboxes, not letter by letter. docs/adr/0012 says what no signal can see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db.models import F, Q

from accounts.models import User
from agreements.models import Agreement, AgreementQuerySet, ConsentSignal, SignalKind
from companies.models import Company, CompanyLink, FingerprintKind
from companies.trust.email_identity import PUBLIC_DOMAINS, normalize_mailbox, registered_domain
from companies.trust.fingerprints import Fingerprints, fingerprint_mailbox, matching_kinds
from customers.models import Holding

MANY_ESIIDS = 3
YOUNG_HOLD = timedelta(days=30)
_BY_FINGERPRINT = {FingerprintKind.NETWORK: SignalKind.NETWORK, FingerprintKind.BROWSER: SignalKind.BROWSER}
# Not registered at will by anybody: three students or officials at one of them are no farm of mailboxes.
_GIVEN_OUT = (".edu", ".gov", ".mil", ".us")
# Nobody's by RFC 2606; a demo's customers live there.
_NOBODYS = PUBLIC_DOMAINS | {"example.com", "example.net", "example.org"}


def record_signals_at_initiation(agreements: Sequence[Agreement], *, at: datetime) -> None:
    """Write down what already speaks against the address that the third party typed on one form.

    Once for all of the form's agreements: the address is the same.
    """
    kinds = _about_address(agreements[0])
    for agreement in agreements:
        _note(agreement, kinds, at)


def record_signals_at_acceptance(agreement: Agreement, fingerprints: Fingerprints | None, *, at: datetime) -> bool:
    """Write down what speaks against the acceptance itself, and look at the address again: people and agreements have
    come since. True if anything does, now or at initiation."""
    kinds = _about_address(agreement)
    matches = matching_kinds(agreement.company, fingerprints or {})
    kinds |= {_BY_FINGERPRINT[kind] for kind in matches if kind in _BY_FINGERPRINT}
    if _held_by_another(agreement):
        kinds.add(SignalKind.OTHER_HOLDER)
    _note(agreement, kinds, at)
    return agreement.signals.exists()


def _note(agreement: Agreement, kinds: set[SignalKind], at: datetime) -> None:
    signals = [ConsentSignal(agreement=agreement, kind=kind, at=at) for kind in sorted(kinds)]
    ConsentSignal.objects.bulk_create(signals, ignore_conflicts=True)


def _about_address(agreement: Agreement) -> set[SignalKind]:
    kinds = set()
    company, address = agreement.company, agreement.email
    own = set(_own_addresses(company, agreement))
    asked = Agreement.objects.filter(company=company)
    typed = asked.to_mailbox(address, "contact_email")
    worked_with = matching_kinds(company, fingerprint_mailbox(address))
    if normalize_mailbox(address) in map(normalize_mailbox, own) or worked_with or typed.exists():
        kinds.add(SignalKind.OWN_USER)
    domain = registered_domain(address)
    if domain and domain in _own_domains(company, own):
        kinds.add(SignalKind.OWN_DOMAIN)
    if _esiids_of(asked.to_mailbox(address)) >= MANY_ESIIDS:
        kinds.add(SignalKind.SAME_ADDRESS)
    # Whoever owns a domain has as many mailboxes as there are names.
    is_anybodys = domain in _NOBODYS or not domain or domain.endswith(_GIVEN_OUT)
    if not is_anybodys and _esiids_of(asked.to_domain(domain)) >= MANY_ESIIDS:
        kinds.add(SignalKind.SAME_DOMAIN)
    return kinds


def _own_addresses(company: Company, agreement: Agreement) -> Iterator[str]:
    """What the company, its people of today and before, and whoever it invited have been reached at."""
    yield from (company.email, agreement.contact_email)
    yield from User.objects.filter(membership__company=company).values_list("email", flat=True)
    yield from CompanyLink.objects.filter(company=company).values_list("email", flat=True)


def _own_domains(company: Company, addresses: set[str]) -> set[str]:
    website = urlsplit(company.privacy_policy_url).hostname or ""
    return {registered_domain(address) for address in [*addresses, f"@{website}"] if address != "@"}


def _esiids_of(asked: AgreementQuerySet) -> int:
    """How many ESIIDs the company `asked` about at the addresses that look alike.

    Only where it typed the address itself, or where the account that has it took the ESIID just before it was asked
    for: a mailbox that registers in order to be asked is no better than one that is only typed.
    """
    just_taken = Q(
        premise__holdings__customer=F("customer"), premise__holdings__since__gt=F("initiated_at") - YOUNG_HOLD
    )
    return asked.filter(Q(was_registered=False) | just_taken).values("premise").distinct().count()


def _held_by_another(agreement: Agreement) -> bool:
    """The ESIID is not in the hands that it was in when its customer was asked: somebody moved, or registered since.

    The usage of today's customer is not the former one's to give away (R2).
    """
    holder = Holding.objects.filter(premise=agreement.premise_id, until=None).values_list("customer", flat=True).first()
    return holder != agreement.customer_id

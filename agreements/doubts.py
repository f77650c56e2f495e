"""What speaks against a consent: the customer may be the third party itself (X1)."""

from __future__ import annotations

from datetime import datetime

from django.db.models.functions import Lower

from accounts.models import Company, User
from agreements.models import Agreement, ConsentSignal, SignalKind, TraceKind
from agreements.visitors import Visitor, known_marks

MANY_ESIIDS = 3
# Mail domains that anybody can have: sharing one says nothing. A company that has only such an address has no domain of
# its own.
PUBLIC_DOMAINS = frozenset(
    """
    aol.com att.net bellsouth.net comcast.net cox.net earthlink.net fastmail.com gmail.com gmx.com googlemail.com
    hotmail.com icloud.com live.com mac.com mail.com me.com msn.com outlook.com pm.me proton.me protonmail.com
    sbcglobal.net suddenlink.net swbell.net verizon.net yahoo.com yahoo.es ymail.com zoho.com
    """.split()
)
_BY_TRACE = {TraceKind.NETWORK: SignalKind.NETWORK, TraceKind.BROWSER: SignalKind.BROWSER}


def note_at_initiation(agreement: Agreement, *, at: datetime) -> None:
    """Write down what already speaks against the address that the third party typed."""
    _note(agreement, _about_address(agreement), at)


def note_at_acceptance(agreement: Agreement, visitor: Visitor | None, *, at: datetime) -> bool:
    """Write down what speaks against the acceptance itself, and look at the address again: people and agreements have
    come since. True if anything does, now or at initiation."""
    kinds = _about_address(agreement)
    kinds |= {_BY_TRACE[kind] for kind in known_marks(agreement.company, visitor or Visitor())}
    _note(agreement, kinds, at)
    return agreement.signals.exists()


def _note(agreement: Agreement, kinds: set[SignalKind], at: datetime) -> None:
    signals = [ConsentSignal(agreement=agreement, kind=kind, at=at) for kind in sorted(kinds)]
    ConsentSignal.objects.bulk_create(signals, ignore_conflicts=True)


def _about_address(agreement: Agreement) -> set[SignalKind]:
    kinds = set()
    address = agreement.email.lower()
    users = User.objects.filter(membership__company=agreement.company)
    if users.annotate(lower=Lower("email")).filter(lower=address).exists():
        kinds.add(SignalKind.OWN_USER)
    if address.rpartition("@")[2] in _own_domains(agreement.company):
        kinds.add(SignalKind.OWN_DOMAIN)
    # A registered customer confirmed the account's address; nobody confirmed one that the third party typed.
    if not agreement.was_registered and _esiids_of(agreement.company, address) >= MANY_ESIIDS:
        kinds.add(SignalKind.SAME_ADDRESS)
    return kinds


def _own_domains(company: Company) -> set[str]:
    addresses = User.objects.filter(membership__company=company).values_list("email", flat=True)
    domains = {address.lower().rpartition("@")[2] for address in [company.email, *addresses]}
    return domains - PUBLIC_DOMAINS


def _esiids_of(company: Company, address: str) -> int:
    asked = Agreement.objects.filter(company=company, was_registered=False).annotate(lower=Lower("email"))
    return asked.filter(lower=address).values("premise").distinct().count()

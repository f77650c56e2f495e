"""A customer signs up or adds a meter: the claim, who is told of it, and the agreements sent to the customer (X7, C4).

A claim is made in customers. Which addresses are known for a premise, and what was found out about consents from the
claimant's address, is in agreements.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from agreements.models import Agreement
from agreements.models.review import REVIEW_PREVENTS_REPORT, REVIEW_REFUSES_REPORT
from companies.trust.fingerprints import Fingerprints
from customers import disputes, emails, registration
from customers.esiid_claims import ClaimedMeter, MatchedMeter, claim_premise, find_signals, match_meter, own_meter
from customers.models import ClaimDispute, ClaimSignal, Customer, EsiidClaim


class EsiidTaken(Exception):
    """Everything entered is right, but another account has the ESIID: `matched` may be disputed."""

    def __init__(self, matched: MatchedMeter) -> None:
        super().__init__("Another account has the ESIID.")
        self.matched = matched


@transaction.atomic
def confirm_registration(
    token: str, *, fingerprints: Fingerprints | None = None, disputes: bool = False, at: datetime | None = None
) -> EsiidClaim | ClaimDispute | None:
    """Open the account of a confirmation link, with its claim and its agreements (C3).

    With `disputes`, the claim of another account is disputed. Raises NotConfirmed, Refused.
    """
    outcome = registration.confirm(token, fingerprints=fingerprints, disputes=disputes, at=at)
    if isinstance(outcome, EsiidClaim):
        _complete_claim(outcome)
    return outcome


def add_meter(
    customer: Customer,
    meter: ClaimedMeter,
    *,
    network: str,
    fingerprints: Fingerprints | None = None,
    at: datetime | None = None,
) -> EsiidClaim:
    """Claim another meter for `customer`, with its agreements. Raises Refused, EsiidTaken (C3)."""
    matched = match_meter(meter, network=network, at=at)
    if matched.holder_id == customer.pk:
        raise own_meter()
    signals = find_signals(customer.user.email, fingerprints or {})
    with transaction.atomic():
        claim = claim_premise(customer, matched, signals=signals, at=at)
        if claim is None:
            raise EsiidTaken(matched)
        _complete_claim(claim)
    return claim


def dispute_claim(
    customer: Customer, matched: MatchedMeter, *, fingerprints: Fingerprints | None = None, at: datetime | None = None
) -> EsiidClaim | ClaimDispute:
    """Dispute the current claim of a matched meter, or claim the meter if there is none. Raises Refused."""
    signals = find_signals(customer.user.email, fingerprints or {})
    with transaction.atomic():
        if dispute := disputes.dispute_holder(customer, matched, signals=signals, at=at):
            return dispute
        claim = claim_premise(customer, matched, signals=signals, at=at)
        if claim is None:
            raise EsiidTaken(matched)
        _complete_claim(claim)
    return claim


def _complete_claim(claim: EsiidClaim) -> None:
    """Add the signal of doubtful consents, assign the agreements, and tell the TDSP and every known address."""
    address = claim.customer.user.email
    agreements = Agreement.objects.filter(premise=claim.premise_id)
    if agreements.filter(submission__agreements__review__in=REVIEW_PREVENTS_REPORT).to_mailbox(address).exists():
        claim.signals = sorted({*claim.signals, ClaimSignal.CONSENT})
        claim.save(update_fields=["signals"])
    agreements.filter(email__iexact=address, customer=None).update(customer=claim.customer)
    known = agreements.exclude(email="").exclude(review__in=REVIEW_REFUSES_REPORT).order_by("pk")
    former = User.objects.filter(customer__claims__premise=claim.premise_id).order_by("pk")
    addresses = [*former.values_list("email", "language"), *known.values_list("email", "submission__language")]
    emails.send_claim_notices(claim, dict(addresses).items())
    emails.send_claim_to_tdsp(claim)

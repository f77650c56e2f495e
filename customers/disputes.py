"""Disputes of claims: by a customer with an account, or by the link of the notice about a claim (X7).

While a dispute is open, neither side sees usage. Everything here locks the claim's row first, as the utility's
decision does, so of a dispute and a decision at once one comes first and the other sees it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import rate_limits
from accounts.rate_limits import Limit
from customers import emails
from customers.esiid_claims import MatchedMeter, own_meter
from customers.models import ClaimDecision, ClaimDispute, ClaimSignal, Customer, EsiidClaim
from lib import link_tokens
from lib.central_time import utc_or_now
from lib.refusals import Problem, Refused


def find_claim(token: str, *, at: datetime | None = None) -> EsiidClaim | None:
    """Return the current claim that the link of a notice is about; None if the claim or the link's time has ended."""
    claims = EsiidClaim.objects.filter(link_hash=link_tokens.hash_token(token), until=None).with_state()
    recent = claims.filter(since__gt=utc_or_now(at) - settings.CLAIM_NOTICE_PERIOD)
    return recent.select_related("premise__tdsp").first()


@transaction.atomic
def dispute_by_link(claim: EsiidClaim, *, at: datetime | None = None) -> ClaimDispute:
    """Record a dispute of `claim` by a person who was told of it. Raises Refused."""
    return _dispute(lock_claim(claim.pk), at=utc_or_now(at))


@transaction.atomic
def dispute_holder(
    customer: Customer, matched: MatchedMeter, *, signals: Iterable[ClaimSignal] = (), at: datetime | None = None
) -> ClaimDispute | None:
    """Record that `customer` disputes the premise's claim; return None if there is none. Raises Refused."""
    current = EsiidClaim.objects.filter(premise=matched.premise_id, until=None).first()
    if current is None:
        return None
    claim = lock_claim(current.pk)
    if claim.until:
        return None
    if claim.customer_id == customer.pk:
        raise own_meter()
    lost = customer.claims.filter(premise=matched.premise_id, decision=ClaimDecision.REFUSED).exists()
    if lost or customer.disputes.filter(claim__premise=matched.premise_id, is_upheld=False).exists():
        message = _(
            "Your utility has already made a decision about this meter. If something has changed, contact your utility."
        )
        raise Refused(Problem(message, "esiid", code="decided"))
    return _dispute(claim, customer, matched, signals=signals, at=utc_or_now(at))


def lock_claim(claim_id: int) -> EsiidClaim:
    """Return the current row of a claim, for one dispute or decision of it at a time."""
    return EsiidClaim.objects.select_for_update(no_key=True).get(pk=claim_id)


def _dispute(
    claim: EsiidClaim,
    customer: Customer | None = None,
    matched: MatchedMeter | None = None,
    *,
    signals: Iterable[ClaimSignal] = (),
    at: datetime,
) -> ClaimDispute:
    """Record the dispute of a locked claim and tell its customer and the utility.

    An open dispute is returned as it is, but takes the customer if it came by the link of the notice.
    """
    if claim.until:
        raise Refused(Problem(_("This meter is no longer in the other account."), code="ended"))
    known = {"customer": customer, "signals": sorted(signals), **(matched.columns() if matched else {})}
    if dispute := claim.disputes.filter(decided_at=None).first():
        if customer and dispute.customer_id not in (None, customer.pk):
            message = _("Someone else has already disputed this claim. Contact your utility.")
            raise Refused(Problem(message, "esiid", code="disputed"))
        if customer:
            ClaimDispute.objects.filter(pk=dispute.pk).update(**known)
            dispute.refresh_from_db()
        return dispute
    limit = Limit(
        "claim-disputes", str(claim.premise_id), settings.CLAIM_DISPUTES_PER_ESIID, settings.CLAIM_NOTICE_PERIOD
    )
    message = _("This meter has been disputed several times. Contact your utility, or try again after %s.")
    with rate_limits.refuse_with(message):
        rate_limits.spend([limit], at=at)
    dispute = ClaimDispute.objects.create(claim=claim, at=at, **known)
    EsiidClaim.objects.filter(pk=claim.pk).update(escalated_at=None)
    emails.send_claim_disputed(dispute)
    emails.send_claim_to_tdsp(claim, dispute)
    return dispute

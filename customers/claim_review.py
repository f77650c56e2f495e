"""The utility's decision about a claim, and what happens when it takes too long (X7)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from accounts.models import User
from customers import emails
from customers.disputes import lock_claim
from customers.models import ClaimDecision, ClaimDispute, EsiidClaim, FailedClaim
from lib.central_time import ONE_DAY, central_day, utc_or_now
from lib.review_reasons import clean_reason
from meters.models import Premise


class ClaimChanged(Exception):
    """The claim is not as the person who decides saw it; the message says what to do."""


@transaction.atomic
def decide_claim(
    claim_id: int,
    decision: ClaimDecision,
    *,
    by: User,
    reason: str,
    dispute_id: int | None,
    at: datetime | None = None,
) -> EsiidClaim:
    """Confirm or refuse a current claim; `dispute_id` names the open dispute that the decision also ends, or none.

    A refused claim ends at once. If a customer disputed it, that customer gets the ESIID, confirmed. Raises
    ClaimChanged, PermissionDenied, ValidationError.
    """
    claim = lock_claim(claim_id)
    if not (by.is_operator or (by.is_staff and by.is_active and by.tdsp_id == claim.premise.tdsp_id)):
        raise PermissionDenied(_("Only the TDSP that owns the meter can decide this claim."))
    reason = clean_reason(reason)
    at = utc_or_now(at)
    dispute = claim.disputes.filter(decided_at=None).first()
    if claim.until or (claim.decision and not dispute) or (dispute.pk if dispute else None) != dispute_id:
        raise ClaimChanged(_("This claim has changed since you opened it. Read it again before you decide."))
    is_refused = decision == ClaimDecision.REFUSED
    details = {"decision": decision, "decided_at": at, "decided_by": by, "decision_reason": reason}
    EsiidClaim.objects.filter(pk=claim.pk).update(**details, until=at if is_refused else None)
    claim.refresh_from_db()
    if dispute:
        decided = {"decided_at": at, "decided_by": by, "is_upheld": is_refused, "reason": reason}
        ClaimDispute.objects.filter(pk=dispute.pk).update(**decided)
        dispute.refresh_from_db()
        if is_refused and dispute.customer:
            EsiidClaim.objects.create(
                customer=dispute.customer,
                premise=claim.premise,
                since=at,
                provider_entered=dispute.provider_entered,
                provider_matches=dispute.provider_matches,
                signals=dispute.signals,
                **details | {"decision": ClaimDecision.CONFIRMED},
            )
    emails.send_claim_decided(claim, dispute)
    return claim


def escalate_overdue_claims(*, at: datetime | None = None, batch: int = 200) -> int:
    """Tell the operators of claims that the utility has not decided about in time. Return their number."""
    at, count = utc_or_now(at), 0
    could_be_due = at - timedelta(days=settings.CLAIM_REVIEW_WORKING_DAYS)
    waiting = EsiidClaim.objects.awaiting_decision().filter(escalated_at=None, since__lt=could_be_due)
    for claim in waiting.order_by("since")[:batch]:
        if claim.review_due_on < central_day(at):
            with transaction.atomic():
                if EsiidClaim.objects.filter(pk=claim.pk, escalated_at=None).update(escalated_at=at):
                    emails.send_overdue_claim(claim)
                    count += 1
    return count


def notify_of_failed_claims(*, at: datetime | None = None) -> int:
    """Tell TDSPs about the ESIIDs whose tries were used up in the last day. Return the number of TDSPs (X2).

    A sweep, because the time of the form's answer must not tell which ESIIDs exist.
    """
    at = utc_or_now(at)
    recent = FailedClaim.objects.filter(at__gt=at - ONE_DAY).values("esiid")
    failures = FailedClaim.objects.filter(esiid__in=recent, at__gt=at - settings.FAILED_CLAIM_PERIOD)
    used_up = failures.values("esiid").annotate(count=Count("pk")).filter(count__gte=settings.FAILED_CLAIMS_PER_ESIID)
    esiids: dict[int, list[str]] = defaultdict(list)
    premises = Premise.objects.filter(esiid__in=used_up.values("esiid")).order_by("esiid")
    for tdsp_id, esiid in premises.values_list("tdsp", "esiid"):
        esiids[tdsp_id].append(esiid)
    for tdsp_id, used in esiids.items():
        with transaction.atomic():
            emails.queue_failed_claims(tdsp_id, used, day=central_day(at))
    return len(esiids)


def delete_old_failed_claims(*, at: datetime | None = None) -> int:
    """Delete failed claims that are too old for every limit and notice (X6)."""
    return FailedClaim.objects.filter(at__lt=utc_or_now(at) - settings.FAILED_CLAIM_PERIOD).delete()[0]

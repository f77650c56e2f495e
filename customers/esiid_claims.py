"""Claiming an ESIID: its meter number must match our records, and no other account may have it (C3).

Every failure gets the same answer after the same query, so that the form cannot be used to look people up. Failures are
counted for the ESIID and for the network (X2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import rate_limits
from accounts.rate_limits import Limit
from customers.models import Customer, EsiidClaim
from lib.refusals import Problem, Refused
from meters.identifiers import mask_esiid

_FREE_PREMISE = """
SELECT premise.id, meter.id IS NOT NULL AND claim.id IS NULL
FROM (SELECT %(esiid)s::text AS esiid, %(meter)s::text AS meter_number) AS claimed
LEFT JOIN meters_premise premise ON premise.esiid = claimed.esiid
LEFT JOIN meters_meter meter
    ON meter.premise_id = premise.id AND meter.number = claimed.meter_number AND meter.removed_on IS NULL
LEFT JOIN customers_esiidclaim claim ON claim.premise_id = premise.id AND claim.until IS NULL
LIMIT 1
"""


@dataclass(frozen=True)
class ClaimedMeter:
    """A meter that someone claims: ESIID and meter number, both normalized."""

    esiid: str
    meter_number: str

    @property
    def masked_esiid(self) -> str:
        return mask_esiid(self.esiid)


def require_free(meter: ClaimedMeter, *, network: str, at: datetime | None = None) -> int:
    """Return the id of the meter's premise if it can be claimed. Raises Refused.

    Runs in its own transaction, so that a failure is counted although nothing else is recorded.
    """
    limits = [
        Limit("failed-match-address", network, settings.FAILED_CLAIMS_PER_ADDRESS),
        Limit("failed-match-esiid", meter.esiid, settings.FAILED_CLAIMS_PER_ESIID),
    ]
    message = _(
        "Too many entries didn't match our records. Check the ESIID and meter number on your "
        "electricity bill, and try again after %s."
    )
    with transaction.atomic():
        rate_limits.lock_subjects(limits)
        with rate_limits.refuse_with(message):
            rate_limits.check(limits, at=at)
        with connection.cursor() as cursor:
            cursor.execute(_FREE_PREMISE, {"esiid": meter.esiid, "meter": meter.meter_number})
            premise_id, is_free = cursor.fetchone()
        if not is_free:
            rate_limits.record_hits(limits, at=at)
    if not is_free:
        raise _mismatch()
    return int(premise_id)


def claim_premise(customer: Customer, premise_id: int, *, at: datetime | None = None) -> EsiidClaim:
    """Give the premise to `customer`. Raises Refused if another account has claimed it since `require_free`."""
    try:
        with transaction.atomic():
            return EsiidClaim.objects.create(customer=customer, premise_id=premise_id, since=at or Now())
    except IntegrityError as error:
        raise _mismatch() from error


def _mismatch() -> Refused:
    """Return the one answer to every failure: the possible causes, without saying which."""
    causes = (
        _("The ESIID is incorrect."),
        _("The meter number is incorrect."),
        _("The ESIID and the meter number do not match each other."),
        _(
            "The ESIID already belongs to an account, perhaps of someone in your household or someone "
            "who lived there before. Your utility can remove it from that account."
        ),
        _(
            "There is no smart meter yet. A digital display alone doesn't make a meter smart. Your "
            "electricity provider knows the type."
        ),
        _("The meter was installed less than 60 days ago, and its data is not available yet."),
    )
    message = _("The ESIID and meter number don't match our records, or they can't be added to an account.")
    return Refused(Problem(message, "esiid", causes=causes, code="mismatch"))

"""Claiming an ESIID: the pair with its meter must be on record, and nobody may hold it (C3).

One query with the same joins and one answer, whatever is wrong: the form must not be a way to look people up. Failures
are counted against the ESIID and the network address (X2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from accounts import rate_limits
from accounts.rate_limits import Limit
from lib.central_time import format_central

# A premise is free while nobody holds it now.
_FREE = """
SELECT premise.id, meter.id IS NOT NULL AND holding.id IS NULL
FROM (SELECT %(esiid)s::text AS esiid, %(meter)s::text AS meter_number) AS asked
LEFT JOIN meters_premise premise ON premise.esiid = asked.esiid
LEFT JOIN meters_meter meter
    ON meter.premise_id = premise.id AND meter.number = asked.meter_number AND meter.removed_on IS NULL
LEFT JOIN customers_holding holding ON holding.premise_id = premise.id AND holding.until IS NULL
LIMIT 1
"""


@dataclass(frozen=True)
class Pair:
    """An ESIID and its meter number, both as they are kept."""

    esiid: str
    meter_number: str


class Refused(Exception):
    """Why nothing was recorded: what to say, the field it stands at (empty: the whole form), and possible causes."""

    def __init__(self, message: str, *, field: str = "", causes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.causes = causes


def find_free(pair: Pair, *, network_address: str, at: datetime | None = None) -> int | Refused:
    """The id of the free premise of `pair`, or the refusal that the caller raises after its transaction.

    Call it inside a transaction that commits also when refused: the failure is counted in it.
    """
    limits = [
        Limit("failed-match-address", network_address, settings.FAILED_CLAIMS_PER_ADDRESS),
        Limit("failed-match-esiid", pair.esiid, settings.FAILED_CLAIMS_PER_ESIID),
    ]
    rate_limits.lock(limits)
    if free_at := rate_limits.used_up(limits, at=at):
        return too_often(free_at)
    with connection.cursor() as cursor:
        cursor.execute(_FREE, {"esiid": pair.esiid, "meter": pair.meter_number})
        premise_id, is_free = cursor.fetchone()
    if not is_free:
        rate_limits.note(limits, at=at)
        return mismatch()
    return int(premise_id)


def mismatch() -> Refused:
    """The one answer to every failure, with the possible causes and without saying which."""
    return Refused(
        _("The ESIID and the meter number do not match our records, or they cannot be added to an account."),
        field="esiid",
        causes=(
            _("The ESIID is incorrect."),
            _("The meter number is incorrect."),
            _("The ESIID and the meter number do not match each other."),
            _(
                "The ESIID already belongs to an account, perhaps of someone in your household or someone "
                "who lived there before. Your utility can remove it from that account."
            ),
            _(
                "There is no smart meter yet. A digital display does not make a meter smart; your retail electric "
                "provider knows the type."
            ),
            _("The meter was installed less than 60 days ago and its data is not available yet."),
        ),
    )


def too_often(free_at: datetime) -> Refused:
    """The answer to whoever guessed too often, right or wrong: when the next try is looked at."""
    return Refused(
        _(
            "Too many entries did not match our records, so no more are checked for now. "
            "Look up the ESIID and the meter number on your electricity bill and try again after %s."
        )
        % format_central(free_at)
    )

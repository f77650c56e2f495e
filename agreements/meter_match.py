"""Check that the third party knows the customer's meters (T7).

One query with the same joins and one answer whatever is wrong, so that the form reveals nothing about customers.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from agreements.request_data import AgreementRequest
from lib.refusals import Problem


@dataclass(frozen=True)
class MeterMatch:
    """A row that matched: its premise and, for a registered customer, who holds it."""

    premise_id: int
    customer_id: int | None


# A customer is registered at a premise while claim it. The account's user must be active.
_QUERY = """
SELECT entry.row, premise.id, meter.id IS NOT NULL, claim.customer_id, lower(account.email) = lower(%(email)s)
FROM unnest(%(rows)s::int[], %(esiids)s::text[], %(meters)s::text[]) AS entry (row, esiid, meter_number)
LEFT JOIN meters_premise premise ON premise.esiid = entry.esiid
LEFT JOIN meters_meter meter
    ON meter.premise_id = premise.id AND meter.number = entry.meter_number AND meter.removed_on IS NULL
LEFT JOIN customers_esiidclaim claim ON claim.premise_id = premise.id AND claim.until IS NULL
LEFT JOIN customers_customer customer ON customer.id = claim.customer_id
LEFT JOIN accounts_user account ON account.id = customer.user_id AND account.is_active
ORDER BY entry.row
"""


def match_meters(request: AgreementRequest) -> dict[int, MeterMatch]:
    """Return the rows that match, by row number."""
    with connection.cursor() as cursor:
        cursor.execute(
            _QUERY,
            {
                "email": request.person.email,
                "rows": [row.row for row in request.rows],
                "esiids": [row.esiid for row in request.rows],
                "meters": [row.meter_number for row in request.rows],
            },
        )
        return {
            row: MeterMatch(premise_id, customer_id if request.registered else None)
            for row, premise_id, has_meter, customer_id, is_customers_email in cursor.fetchall()
            if has_meter and (is_customers_email if request.registered else not customer_id)
        }


def mismatch_problem(row: int) -> Problem:
    """Return the only answer to a failed match: the possible causes, without saying which (T7)."""
    return Problem(
        code="mismatch",
        row=row,
        message=_("Meter %(row)d: what you entered does not match our records.") % {"row": row},
        causes=(
            _("The ESIID is incorrect."),
            _("The meter number is incorrect."),
            _("The ESIID and the meter number do not match each other."),
            _("The customer's registration status or email is different from what you entered."),
            _(
                "The customer has no smart meter yet. A digital display alone doesn't make a meter smart. "
                "The customer's electricity provider knows the type."
            ),
            _("The meter was installed less than 60 days ago, and its data is not available yet."),
        ),
    )

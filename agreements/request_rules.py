"""What one third party may request about one ESIID (L5, L6), and whether it knows the customer's meters (T7).

One query with the same joins and one answer whatever is wrong, so that the form reveals nothing about customers.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from agreements.models import Agreement
from agreements.request_data import AgreementRequest
from companies.models import Company
from lib.central_time import CENTRAL, format_central
from lib.refusals import Problem, Refused


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


def check_request(request: AgreementRequest, *, company: Company, at: datetime) -> dict[int, MeterMatch]:
    """Return the matching meter of each row, by row number. Needs a lock on the premises to bind (locks.py).

    Raises Refused with the problems of all rows: an ESIID repeated on the form, no match, the yearly limit of
    agreements per ESIID whatever their outcome, or an agreement that already waits for the customer's answer.
    """
    matches = match_meters(request)
    limit, window = settings.AGREEMENT_LIMIT_PER_ESIID, settings.AGREEMENT_LIMIT_WINDOW
    earlier = Agreement.objects.filter(
        company=company, premise__in=[match.premise_id for match in matches.values()]
    ).order_by("-initiated_at")
    initiated: dict[int, list[datetime]] = defaultdict(list)
    # The window is whole Central days: in UTC it would end an hour off across a clock change.
    for premise_id, initiated_at in earlier.filter(initiated_at__gt=at.astimezone(CENTRAL) - window).values_list(
        "premise", "initiated_at"
    ):
        initiated[premise_id].append(initiated_at)
    waiting = dict(
        earlier.pending()
        .filter(report_type=request.report_type, report_length=request.report_length, expires_at__gte=at)
        .values_list("premise", "number")
    )

    problems: list[Problem] = []
    first_rows: dict[str, int] = {}
    for row in request.rows:
        first_row = first_rows.setdefault(row.esiid, row.row)
        if first_row != row.row:
            message = _("Meter %(row)d: this ESIID is already on this form as meter %(first)d. Remove one of them.")
            problems.append(Problem(message % {"row": row.row, "first": first_row}, row=row.row, code="repeated"))
        if row.row not in matches:
            problems.append(mismatch_problem(row.row))
            continue
        premise_id = matches[row.row].premise_id
        if len(initiated[premise_id]) >= limit:
            free_at = initiated[premise_id][limit - 1].astimezone(CENTRAL) + window
            message = _(
                "Meter %(row)d: your company has already created %(limit)d agreements for this ESIID in "
                "%(days)d days, which is the limit. You can create the next one after %(free_at)s."
            ) % {"row": row.row, "limit": limit, "days": window.days, "free_at": format_central(free_at)}
            problems.append(Problem(message, row=row.row, code="limit"))
        elif premise_id in waiting:
            message = _(
                "Meter %(row)d: agreement %(number)s for this report is already waiting for the "
                "customer's answer. Resend its email, or withdraw it first."
            ) % {"row": row.row, "number": waiting[premise_id]}
            problems.append(Problem(message, row=row.row, code="waiting"))
    if problems:
        raise Refused(*problems)
    return matches

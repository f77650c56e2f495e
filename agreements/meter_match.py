"""Does the third party know the customer's meter? (functional rule 3, T7)

One query with the same joins whatever is right or wrong, and one answer: a form must not be a way to look people up.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _

from agreements.request_data import Problem, Question


@dataclass(frozen=True)
class Match:
    """A row that matched: the premise and, for a registered customer, whose it is."""

    row: int
    premise_id: int
    customer_id: int | None


# A registered premise is one that somebody holds now. The account's address must be an active user's.
_QUERY = """
SELECT asked.row, premise.id, meter.id IS NOT NULL, holding.customer_id, lower(account.email) = lower(%(email)s)
FROM unnest(%(rows)s::int[], %(esiids)s::text[], %(meters)s::text[]) AS asked (row, esiid, meter_number)
LEFT JOIN meters_premise premise ON premise.esiid = asked.esiid
LEFT JOIN meters_meter meter
    ON meter.premise_id = premise.id AND meter.number = asked.meter_number AND meter.removed_on IS NULL
LEFT JOIN customers_holding holding ON holding.premise_id = premise.id AND holding.until IS NULL
LEFT JOIN customers_customer customer ON customer.id = holding.customer_id
LEFT JOIN accounts_user account ON account.id = customer.user_id AND account.is_active
ORDER BY asked.row
"""


def match(question: Question) -> tuple[dict[int, Match], list[Problem]]:
    """The rows that match, by row number, and a problem for each that does not."""
    with connection.cursor() as cursor:
        cursor.execute(
            _QUERY,
            {
                "email": question.person.email,
                "rows": [row.row for row in question.rows],
                "esiids": [row.esiid for row in question.rows],
                "meters": [row.meter_number for row in question.rows],
            },
        )
        found = cursor.fetchall()
    matches: dict[int, Match] = {}
    problems: list[Problem] = []
    for row, premise_id, has_meter, customer_id, email_is_theirs in found:
        if question.registered:
            is_match = bool(has_meter and customer_id and email_is_theirs)
        else:
            is_match = bool(has_meter and not customer_id)
        if is_match:
            matches[row] = Match(row, premise_id, customer_id if question.registered else None)
        else:
            problems.append(mismatch(row))
    return matches, problems


def mismatch(row: int) -> Problem:
    """The one answer to every failed match: the possible causes, without saying which (T7)."""
    return Problem(
        code="mismatch",
        row=row,
        message=_("Meter %(row)d: what you entered does not match our records.") % {"row": row},
        causes=(
            _("The ESIID is incorrect."),
            _("The meter number is incorrect."),
            _("The ESIID and the meter number do not match each other."),
            _(
                "You said whether the customer is registered, and that is not so for this ESIID, "
                "or the email is not that of the customer's account."
            ),
            _(
                "The customer has no smart meter yet. A digital display does not make a meter smart; "
                "the customer's retail electric provider knows the type."
            ),
            _("The meter was installed less than 60 days ago and its data is not available yet."),
        ),
    )

"""What one third party may request about one ESIID (L5, L6, T7)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from agreements.meter_match import MeterMatch, match_meters, mismatch_problem
from agreements.models import Agreement
from agreements.request_data import AgreementRequest
from companies.models import Company
from lib.central_time import CENTRAL, format_central
from lib.refusals import Problem, Refused


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

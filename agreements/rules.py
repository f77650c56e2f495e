"""What one third party may ask about one ESIID (L5, L6). Decided under a lock on the premises asked about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils import formats
from django.utils.translation import gettext as _

from agreements.models import Agreement
from agreements.request_data import Problem, Question
from companies.models import Company
from lib.central_time import CENTRAL
from meters.models import Premise


def lock_premises(premise_ids: Iterable[int]) -> None:
    """Let one submission about these premises count at a time: without it, count-then-insert lets too many in."""
    list(Premise.objects.select_for_update(no_key=True).filter(pk__in=premise_ids).order_by("pk").values_list("pk"))


def repeated_rows(question: Question) -> list[Problem]:
    """Rows whose ESIID stands on the form already (L6)."""
    first_row: dict[str, int] = {}
    problems = []
    for row in question.rows:
        if row.esiid in first_row:
            problems.append(
                Problem(
                    "repeated",
                    _("Meter %(row)d: this ESIID is already on this form as meter %(first)d. Remove one.")
                    % {"row": row.row, "first": first_row[row.esiid]},
                    row.row,
                )
            )
        first_row.setdefault(row.esiid, row.row)
    return problems


def waiting(company: Company, premise_id: int, row: int, question: Question, at: datetime) -> Problem | None:
    """The same question to the same customer still waits for an answer (L6)."""
    other = (
        Agreement.objects.pending()
        .filter(
            company=company,
            premise=premise_id,
            report_type=question.report_type,
            report_length=question.report_length,
            expires_at__gte=at,
        )
        .first()
    )
    if other is None:
        return None
    return Problem(
        "waiting",
        _(
            "Meter %(row)d: agreement %(number)s already asks for this report and waits for the customer's answer. "
            "Send its email again or withdraw it first."
        )
        % {"row": row, "number": other.number},
        row,
    )


def over_limit(company: Company, premise_id: int, row: int, at: datetime) -> Problem | None:
    """At most three agreements per ESIID in the 365 Central days before now, whatever became of them (L5)."""
    limit: int = settings.AGREEMENT_LIMIT_PER_ESIID
    since = at.astimezone(CENTRAL) - settings.AGREEMENT_LIMIT_WINDOW
    counted = list(
        Agreement.objects.filter(company=company, premise=premise_id, initiated_at__gt=since)
        .order_by("-initiated_at")
        .values_list("initiated_at", flat=True)[:limit]
    )
    if len(counted) < limit:
        return None
    free_at = counted[-1].astimezone(CENTRAL) + settings.AGREEMENT_LIMIT_WINDOW
    return Problem(
        "limit",
        _(
            "Meter %(row)d: your company has already made %(limit)d agreements for this ESIID within %(days)d days, "
            "which is the most that is allowed. The next one is possible after %(free_at)s."
        )
        % {
            "row": row,
            "limit": limit,
            "days": settings.AGREEMENT_LIMIT_WINDOW.days,
            "free_at": formats.date_format(free_at, "DATETIME_FORMAT"),
        },
        row,
    )

"""Limits against guessing and flooding (X2). They live in PostgreSQL: a lost Redis lifts none of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import formats
from django.utils.translation import gettext as _

from accounts.models import Company, User
from agreements import emails
from agreements.clock import CENTRAL
from agreements.models import Agreement, AgreementEvent, EventKind, FailedMatch
from agreements.question import MeterRow, Problem, Question
from meters.models import Premise

DAY = timedelta(days=1)


def lock(company: Company) -> None:
    """Let one check of this company count at a time: twenty at once would else each see room for one more."""
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)


def guessing(question: Question, *, by: User, company: Company, at: datetime) -> Problem | None:
    """The refusal of anybody who has used up the day's failed matches, whether the next one would match or not."""
    recent = FailedMatch.objects.filter(at__gt=at - DAY)
    return (
        _used_up(recent.filter(user=by), settings.FAILED_MATCHES_PER_USER)
        or _used_up(recent.filter(company=company), settings.FAILED_MATCHES_PER_COMPANY)
        or next(
            (
                problem
                for row in question.rows
                if (problem := _used_up(recent.filter(esiid=row.esiid), settings.FAILED_MATCHES_PER_ESIID))
            ),
            None,
        )
    )


def note_failures(rows: Sequence[MeterRow], *, by: User, company: Company, at: datetime) -> Problem | None:
    """Write down failed matches. Where they go beyond a limit nobody is told which rows failed: the refusal comes back.

    Reaching a limit tells the TDSPs concerned.
    """
    FailedMatch.objects.bulk_create(FailedMatch(at=at, user=by, company=company, esiid=row.esiid) for row in rows)
    recent = FailedMatch.objects.filter(at__gt=at - DAY)
    counts = {
        settings.FAILED_MATCHES_PER_USER: recent.filter(user=by),
        settings.FAILED_MATCHES_PER_COMPANY: recent.filter(company=company),
    }
    beyond = None
    reached = False
    for limit, failures in counts.items():
        reached |= failures.count() >= limit
        if failures.count() > limit:
            beyond = beyond or _used_up(failures, limit)
    per_esiid = settings.FAILED_MATCHES_PER_ESIID
    reached |= any(recent.filter(esiid=row.esiid).count() >= per_esiid for row in rows)
    if reached:
        _tell_tdsps(rows, company, at)
    return beyond


def _used_up(failures: QuerySet[FailedMatch], limit: int) -> Problem | None:
    latest = list(failures.order_by("-at").values_list("at", flat=True)[:limit])
    if len(latest) < limit:
        return None
    return Problem(
        "guessing",
        _(
            "Too many entries did not match our records, so no more are checked for now. "
            "Check ESIID and meter number on the customer's bill and try again after %s."
        )
        % _when(latest[-1] + DAY),
    )


def flooding(question: Question, *, company: Company, at: datetime) -> Problem | None:
    """Too many new agreements in a day, of this company or to this address."""
    since = at - DAY
    made = Agreement.objects.filter(company=company, initiated_at__gt=since).count()
    if made + len(question.rows) > settings.INITIATIONS_PER_COMPANY:
        return Problem(
            "flooding",
            _("Your company can make %(limit)d agreements a day and has made %(made)d. Go on tomorrow.")
            % {"limit": settings.INITIATIONS_PER_COMPANY, "made": made},
        )
    to_address = Agreement.objects.filter(email__iexact=question.person.email, initiated_at__gt=since).count()
    if to_address + len(question.rows) > settings.INITIATIONS_PER_ADDRESS:
        return Problem(
            "flooding",
            _("This customer's email address has been sent as many requests as are allowed in a day. Go on tomorrow."),
        )
    return None


def too_many_reminders(agreement: Agreement, *, at: datetime) -> str | None:
    """The refusal of one more reminder today, for this address or by this company; None while there is room."""
    resent = AgreementEvent.objects.filter(kind=EventKind.RESENT, at__gt=at - DAY)
    if resent.filter(agreement__email__iexact=agreement.email).count() >= settings.REMINDERS_PER_ADDRESS:
        return _("This customer has been sent as many reminders as are allowed in a day. Send the next one tomorrow.")
    if resent.filter(agreement__company=agreement.company_id).count() >= settings.REMINDERS_PER_COMPANY:
        return _("Your company has sent as many reminders as are allowed in a day. Send the next one tomorrow.")
    return None


def forget_failures(*, at: datetime) -> int:
    """Delete failed matches that no limit counts any more."""
    count, _models = FailedMatch.objects.filter(at__lt=at - 30 * DAY).delete()
    return count


def _tell_tdsps(rows: Sequence[MeterRow], company: Company, at: datetime) -> None:
    premises = Premise.objects.filter(esiid__in=[row.esiid for row in rows])
    staff = User.objects.filter(is_staff=True, is_active=True)
    concerned = staff.filter(tdsp__in=premises.values("tdsp")) | staff.filter(tdsp=None)
    for user in concerned.distinct().order_by("pk"):
        emails.guessing_noticed(company, user, day=at.astimezone(CENTRAL).date())


def _when(at: datetime) -> str:
    return formats.date_format(at.astimezone(CENTRAL), "DATETIME_FORMAT")

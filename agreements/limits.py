"""Limits against guessing and flooding (X2). They live in PostgreSQL: a lost Redis lifts none of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import formats
from django.utils.translation import gettext as _

from accounts import rate_limits
from accounts.models import User
from agreements import emails
from agreements.models import Agreement, AgreementEvent, EventKind, FailedMatch
from agreements.request_data import MeterRow, Problem, Question
from companies.models import Company
from companies.trust.email_identity import normalize_mailbox
from lib.central_time import CENTRAL, central_day, utc_or_now
from meters.models import Premise

DAY = timedelta(days=1)


def lock(company: Company) -> None:
    """Let one check of this company count at a time: twenty at once would else each see room for one more.

    It comes before every other lock of an action, so that no two actions wait for each other.
    """
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)


def lock_esiids(question: Question) -> None:
    """The same for the ESIIDs of a form, whatever company asks, and whether they are on record or not."""
    rate_limits.lock(
        rate_limits.Limit("match-esiid", row.esiid, settings.FAILED_MATCHES_PER_ESIID) for row in question.rows
    )


def lock_mailbox(address: str) -> None:
    """The same for what one customer is sent."""
    rate_limits.lock(
        [rate_limits.Limit("customer-mailbox", normalize_mailbox(address), settings.INITIATIONS_PER_ADDRESS)]
    )


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

    Nothing else happens here: whom it concerns is told by `tell_tdsps`, or the time would tell which ESIIDs there are.
    """
    FailedMatch.objects.bulk_create(FailedMatch(at=at, user=by, company=company, esiid=row.esiid) for row in rows)
    recent = FailedMatch.objects.filter(at__gt=at - DAY)
    counts = [
        (settings.FAILED_MATCHES_PER_USER, recent.filter(user=by)),
        (settings.FAILED_MATCHES_PER_COMPANY, recent.filter(company=company)),
        *((settings.FAILED_MATCHES_PER_ESIID, recent.filter(esiid=esiid)) for esiid in {row.esiid for row in rows}),
    ]
    beyond = [(limit, failures) for limit, failures in counts if failures.count() > limit]
    return _used_up(beyond[0][1], beyond[0][0]) if beyond else None


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
    to_address = Agreement.objects.to_mailbox(question.person.email).filter(initiated_at__gt=since).count()
    if to_address + len(question.rows) > settings.INITIATIONS_PER_ADDRESS:
        return Problem(
            "flooding",
            _("This customer's email address has been sent as many requests as are allowed in a day. Go on tomorrow."),
        )
    return None


def too_many_reminders(agreement: Agreement, *, at: datetime) -> str | None:
    """The refusal of one more reminder today, for this address or by this company; None while there is room."""
    resent = AgreementEvent.objects.filter(kind=EventKind.RESENT, at__gt=at - DAY)
    same_mailbox = Agreement.objects.to_mailbox(agreement.email)
    if resent.filter(agreement__in=same_mailbox).count() >= settings.REMINDERS_PER_ADDRESS:
        return _("This customer has been sent as many reminders as are allowed in a day. Send the next one tomorrow.")
    if resent.filter(agreement__company=agreement.company_id).count() >= settings.REMINDERS_PER_COMPANY:
        return _("Your company has sent as many reminders as are allowed in a day. Send the next one tomorrow.")
    return None


def forget_failures(*, at: datetime) -> int:
    """Delete failed matches that no limit counts any more."""
    count, _models = FailedMatch.objects.filter(at__lt=at - 30 * DAY).delete()
    return count


def tell_tdsps(*, at: datetime | None = None) -> int:
    """Tell TDSPs and operators which companies have reached a limit within a day, once a day each (X2).

    A sweep does it and not the request that reached the limit. Returns how many companies there are.
    """
    at = utc_or_now(at)
    recent = FailedMatch.objects.filter(at__gt=at - DAY)
    limits = {
        "user": settings.FAILED_MATCHES_PER_USER,
        "company": settings.FAILED_MATCHES_PER_COMPANY,
        "esiid": settings.FAILED_MATCHES_PER_ESIID,
    }
    concerned: dict[int, set[str]] = {}
    latest: dict[int, datetime] = {}
    for by, limit in limits.items():
        reached = recent.values(by).annotate(count=Count("pk")).filter(count__gte=limit).values(by)
        failures = recent.filter(**{f"{by}__in": reached}).order_by("at")
        for company_id, esiid, failed_at in failures.values_list("company", "esiid", "at"):
            concerned.setdefault(company_id, set()).add(esiid)
            latest[company_id] = max(failed_at, latest.get(company_id, failed_at))
    for company in Company.objects.filter(pk__in=concerned).order_by("pk"):
        _tell(company, concerned[company.pk], day=central_day(latest[company.pk]))
    return len(concerned)


@transaction.atomic
def _tell(company: Company, esiids: set[str], *, day: date) -> None:
    staff = User.objects.filter(is_staff=True, is_active=True)
    tdsps = Premise.objects.filter(esiid__in=esiids).values("tdsp")
    for user in (staff.filter(tdsp__in=tdsps) | staff.filter(tdsp=None)).distinct().order_by("pk"):
        if not emails.guessing_was_noticed(company, user, day=day):
            emails.guessing_noticed(company, user, day=day)


def _when(at: datetime) -> str:
    return formats.date_format(at.astimezone(CENTRAL), "DATETIME_FORMAT")

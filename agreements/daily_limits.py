"""Daily limits against guessing and flooding (X2, P12). They live in PostgreSQL, so a lost Redis lifts none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import rate_limits
from accounts.models import User
from accounts.rate_limits import Limit, LimitReached
from agreements import emails
from agreements.models import (
    AddressCorrection,
    Agreement,
    AgreementEvent,
    EventKind,
    FailedMatch,
    Reminder,
    ReminderOutcome,
)
from agreements.request import AgreementRequest
from companies.models import Company
from companies.trust.email_identity import normalize_mailbox
from lib.central_time import central_day, format_central, utc_or_now
from lib.refusals import Problem, Refused
from meters.identifiers import VISIBLE_DIGITS
from meters.models import Premise

DAY = timedelta(days=1)
WARNED_TRIES = 3  # so many or fewer tries left are a warning


def failed_match_limits(by: User, company: Company, *esiids: str) -> list[Limit]:
    """Return the limits of failed matches: per user, per company, and per company and ESIID.

    An ESIID's limit is each company's own: otherwise one could block another's correct request.
    """
    return [
        Limit("failed-match-user", str(by.pk), settings.FAILED_MATCHES_PER_USER),
        Limit("failed-match-company", str(company.pk), settings.FAILED_MATCHES_PER_COMPANY),
        *(
            Limit("failed-match-esiid", f"{company.pk}:{esiid}", settings.FAILED_MATCHES_PER_ESIID)
            for esiid in sorted(set(esiids))
        ),
    ]


def refuse_guessing(request: AgreementRequest, *, by: User, company: Company, at: datetime) -> None:
    """Raise Refused if a limit of failed matches is reached, whether or not the next entry would match."""
    limits = failed_match_limits(by, company, *(row.esiid for row in request.rows))
    try:
        rate_limits.check(limits, at=at)
    except LimitReached as limit:
        raise guessing_refusal(limit.free_at) from limit


def record_failed_matches(
    refused: Refused, request: AgreementRequest, *, by: User, company: Company, at: datetime
) -> Refused:
    """Count the failed matches in `refused` and return what to raise, with a warning before the last tries.

    If they exceed a limit, the refusal does not say which rows failed. The TDSPs are notified by a sweep
    (`notify_of_guessing`): the time of the answer must not tell which ESIIDs exist.
    """
    failed_rows = {problem.row for problem in refused.problems if problem.code == "mismatch"}
    esiids = [row.esiid for row in request.rows if row.row in failed_rows]
    FailedMatch.objects.bulk_create(FailedMatch(at=at, user=by, company=company, esiid=esiid) for esiid in esiids)
    for esiid in esiids:
        rate_limits.record_hits(failed_match_limits(by, company, esiid), at=at)
    limits = failed_match_limits(by, company, *esiids) if esiids else []
    try:
        rate_limits.check(limits, exceeded=True, at=at)
    except LimitReached as limit:
        return guessing_refusal(limit.free_at)
    refused.warning = describe_tries(limits, esiids, at=at)
    return refused


def describe_tries(limits: Sequence[Limit], esiids: Sequence[str], *, at: datetime) -> str:
    """Return how many tries the tightest of `limits` leaves, if these are few; it depends on what was typed only."""
    tries = [(limit.maximum - rate_limits.count_hits(limit, at=at), limit) for limit in limits]
    left, limit = min(tries, key=lambda each: each[0], default=(WARNED_TRIES + 1, None))
    if limit is None or left > WARNED_TRIES:
        return ""
    esiid = next((esiid for esiid in esiids if limit.subject.endswith(f":{esiid}")), "")
    if esiid:
        few = ngettext(
            "You have %(left)d try left within 24 hours for the ESIID that ends in %(end)s.",
            "You have %(left)d tries left within 24 hours for the ESIID that ends in %(end)s.",
            left,
        )
        return few % {"left": left, "end": esiid[-VISIBLE_DIGITS:]}
    if limit.name == "failed-match-company":
        few = ngettext(
            "Your company has %(left)d try left within 24 hours.",
            "Your company has %(left)d tries left within 24 hours.",
            left,
        )
    else:
        few = ngettext(
            "You have %(left)d try left within 24 hours.", "You have %(left)d tries left within 24 hours.", left
        )
    return few % {"left": left}


def guessing_refusal(free_at: datetime) -> Refused:
    message = _(
        "Too many entries didn't match our records. Check the ESIID and meter number on the "
        "customer's bill, and try again after %s."
    )
    return Refused(Problem(message % format_central(free_at), code="guessing"))


def refuse_flooding(request: AgreementRequest, *, company: Company, at: datetime) -> None:
    """Raise Refused if the request exceeds the day's agreements of the company or to the customer's mailbox."""
    today = Agreement.objects.filter(company=company, initiated_at__gt=at - DAY)
    count, limit = today.count(), settings.INITIATIONS_PER_COMPANY
    if count + len(request.rows) > limit:
        message = _("Your company can create %(limit)d agreements a day and has created %(made)d. Try again tomorrow.")
        raise Refused(Problem(message % {"limit": limit, "made": count}, code="flooding"))
    refuse_mailbox_flooding(request.person.email, company=company, at=at)


def refuse_mailbox_flooding(address: str, *, company: Company, at: datetime) -> None:
    """Raise Refused if the day's requests to the customer's mailbox are used up, with those that were corrected."""
    today = Agreement.objects.limited_with(company).filter(initiated_at__gt=at - DAY)
    submissions = today.to_mailbox(address).values("submission")
    corrected = rate_limits.count_hits(corrected_mailbox(address), at=at)
    if submissions.distinct().count() + corrected >= settings.INITIATIONS_PER_ADDRESS:
        message = _("This customer's email address has reached its daily limit of requests. Try again tomorrow.")
        raise Refused(Problem(message, code="flooding"))


def corrected_mailbox(address: str) -> Limit:
    """Return the count of requests that went to this mailbox before their address was corrected (T15)."""
    return Limit("corrected-mailbox", normalize_mailbox(address), settings.INITIATIONS_PER_ADDRESS)


def refuse_corrections(company: Company, *, at: datetime) -> None:
    """Raise Refused if the day's corrections of the company are used up (T15)."""
    today = AddressCorrection.objects.filter(at__gt=at - DAY, submission__company=company)
    if today.count() >= settings.CORRECTIONS_PER_COMPANY:
        message = _("Your company has reached its daily limit of corrected addresses. Try again tomorrow.")
        raise Refused(Problem(message, code="corrections"))


def reminder_refusal(agreement: Agreement, *, at: datetime) -> str:
    """Return why no further reminder is sent today to this mailbox or by this company; empty if one may be sent."""
    reminders = AgreementEvent.objects.filter(kind=EventKind.RESENT, at__gt=at - DAY)
    if is_mailbox_reminded_enough(agreement, at=at):
        return _("This customer has reached the daily limit of reminders. Try again tomorrow.")
    if reminders.filter(agreement__company=agreement.company_id).count() >= settings.REMINDERS_PER_COMPANY:
        return _("Your company has reached its daily limit of reminders. Try again tomorrow.")
    return ""


def is_mailbox_reminded_enough(agreement: Agreement, *, at: datetime) -> bool:
    """Return whether companies and the portal have sent the customer's mailbox the day's reminders."""
    same_mailbox = Agreement.objects.limited_with(agreement.company).to_mailbox(agreement.email)
    resent = AgreementEvent.objects.filter(kind=EventKind.RESENT, at__gt=at - DAY, agreement__in=same_mailbox)
    sent = Reminder.objects.filter(outcome=ReminderOutcome.SENT, at__gt=at - DAY)
    count = resent.count() + sent.filter(submission__in=same_mailbox.values("submission")).count()
    return bool(count >= settings.REMINDERS_PER_ADDRESS)


def notify_of_guessing(*, at: datetime | None = None) -> int:
    """Email the TDSPs of the ESIIDs and the operators, once a day and company. Return the number of companies."""
    recent = FailedMatch.objects.filter(at__gt=utc_or_now(at) - DAY)
    limits = {
        "user": settings.FAILED_MATCHES_PER_USER,
        "company": settings.FAILED_MATCHES_PER_COMPANY,
        "esiid": settings.FAILED_MATCHES_PER_ESIID,
    }
    esiids: dict[int, set[str]] = defaultdict(set)
    latest: dict[int, datetime] = {}
    for column, limit in limits.items():
        reached = recent.values(column).annotate(count=Count("pk")).filter(count__gte=limit).values(column)
        failures = recent.filter(**{f"{column}__in": reached}).order_by("at")
        for company_id, esiid, failed_at in failures.values_list("company", "esiid", "at"):
            esiids[company_id].add(esiid)
            latest[company_id] = max(failed_at, latest.get(company_id, failed_at))
    for company in Company.objects.filter(pk__in=esiids).order_by("pk"):  # without sandboxes
        staff = User.objects.filter(is_staff=True, is_active=True)
        tdsps = Premise.objects.filter(esiid__in=esiids[company.pk]).values("tdsp")
        readers = (staff.filter(tdsp__in=tdsps) | staff.filter(tdsp=None)).distinct().order_by("pk")
        with transaction.atomic():
            emails.queue_guessing_notices(company, readers, day=central_day(latest[company.pk]))
    return len(esiids)

"""The daily summary of what happened to a company's agreements, for users who chose it (T17).

An entry is written in the transaction of the change. Each morning one email lists a user's entries from before that
morning's first hour: those that are written while the summary is made wait for the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from agreements.company_emails import LANGUAGE
from agreements.masking import customer_for_third_party
from agreements.models import Agreement, AgreementStage, EmailTiming, NotificationSettings, SummaryEntry, stage_of
from companies.models import Membership
from lib.central_time import CENTRAL, central_day, utc_or_now
from notifications.actions import OutgoingEmail, queue_email

LISTED = 50  # agreements in one email, which must stay below the size that mail programs cut
# In the order of the email: first what there is to do.
GROUPS = {
    AgreementStage.READY: ngettext_lazy("%d report is ready", "%d reports are ready"),
    AgreementStage.AWAITING_DATA: ngettext_lazy("%d accepted, waiting for data", "%d accepted, waiting for data"),
    AgreementStage.MAKING: ngettext_lazy("%d accepted, report being made", "%d accepted, reports being made"),
    AgreementStage.HELD: ngettext_lazy("%d accepted, under review", "%d accepted, under review"),
    AgreementStage.NO_DATA: ngettext_lazy("%d accepted, no data", "%d accepted, no data"),
    AgreementStage.FAILED: ngettext_lazy("%d report failed", "%d reports failed"),
    AgreementStage.REFUSED: ngettext_lazy("%d report refused", "%d reports refused"),
    AgreementStage.PURGED: ngettext_lazy("%d report file was deleted", "%d report files were deleted"),
    AgreementStage.REJECTED: ngettext_lazy("%d request was rejected", "%d requests were rejected"),
    AgreementStage.NOT_ACCEPTED: ngettext_lazy("%d request was not answered", "%d requests were not answered"),
    AgreementStage.WITHDRAWN: ngettext_lazy("%d request was withdrawn", "%d requests were withdrawn"),
}


def send_due_summaries(*, at: datetime | None = None) -> int:
    """Send the summaries that are due, in daytime only, and return how many; each in its own transaction."""
    at = utc_or_now(at)
    first_hour, last_hour = settings.SUMMARY_HOURS
    if not first_hour <= at.astimezone(CENTRAL).hour < last_hour:
        return 0
    before = datetime.combine(central_day(at), time(first_hour), CENTRAL)
    waiting = SummaryEntry.objects.waiting(before=before).order_by().values_list("membership", flat=True).distinct()
    return sum(send_summary(pk, before=before, at=at) for pk in sorted(waiting))


@transaction.atomic
def send_summary(membership_id: int, *, before: datetime, at: datetime) -> bool:
    """Queue the user's summary of what came `before`, unless there is none or today's was sent; return if it was.

    While the company is suspended the entries wait (L9). A user who has left gets nothing.
    """
    chosen = lock_settings(membership_id)
    today = central_day(at)
    if chosen is None or (chosen.last_summary_on and chosen.last_summary_on >= today):
        return False
    membership = Membership.objects.select_related("company", "user").get(pk=membership_id)
    company = membership.company
    if company.is_suspended:
        return False
    waiting = SummaryEntry.objects.waiting(before=before).filter(membership=membership_id)
    entries = list(waiting.select_related("agreement"))
    wanted = []
    if Membership.objects.current().filter(pk=membership_id).exists():
        wanted = [entry for entry in entries if _is_wanted(entry, membership, chosen)]
    if agreements := _agreements_of(wanted):
        _queue_summary(membership, agreements, day=today)
        NotificationSettings.objects.filter(pk=chosen.pk).update(last_summary_on=today)
    SummaryEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(done_at=at)
    return bool(agreements)


def lock_settings(membership_id: int) -> NotificationSettings | None:
    """Lock what the user has chosen, so that one worker at a time makes the user's summary."""
    return NotificationSettings.objects.select_for_update(no_key=True).filter(pk=membership_id).first()


def _is_wanted(entry: SummaryEntry, membership: Membership, chosen: NotificationSettings) -> bool:
    if entry.agreement.company_id != membership.company_id or chosen.timing(entry.kind) == EmailTiming.OFF:
        return False
    return entry.is_contact or membership.may_view


def _agreements_of(entries: Iterable[SummaryEntry]) -> list[Agreement]:
    """Return the agreements of the entries as they are now, each once, the latest first."""
    keys = {entry.agreement_id for entry in entries}
    agreements = Agreement.objects.filter(pk__in=keys).select_related("premise", "company")
    return list(agreements.order_by("-number"))


def _queue_summary(membership: Membership, agreements: Sequence[Agreement], *, day: object) -> None:
    """Queue DIGEST: the agreements by what has become of them, with the customer as the company may see them (T6)."""
    groups = []
    left = LISTED
    for stage, words in GROUPS.items():
        if members := [agreement for agreement in agreements if stage_of(agreement) == stage]:
            listed = [(agreement, customer_for_third_party(agreement)) for agreement in members[:left]]
            groups.append((words % len(members), listed))
            left -= len(listed)
    user = membership.user
    queue_email(
        OutgoingEmail(
            kind="DIGEST",
            key=f"DIGEST:{membership.pk}:{day}",
            to=user.email,
            reader_name=user.get_full_name(),
            language=LANGUAGE,
            about=[agreement.number for agreement in agreements],
            company_id=membership.company_id,
            pauses=True,
            template="DIGEST_third_party",
            subject=ngettext_lazy(
                "Daily summary: %d agreement has changed", "Daily summary: %d agreements have changed", len(agreements)
            )
            % len(agreements),
            context={
                "groups": groups,
                "count": len(agreements),
                "more": max(len(agreements) - LISTED, 0),
                "sent_because": _("You get this email because you chose a daily summary."),
                "change_path": reverse("notification_settings"),
                "change_label": _("Change which emails you get"),
            },
        )  # fmt: skip
    )


def delete_old_entries(*, at: datetime | None = None) -> int:
    """Delete entries settings.EMAIL_BODY_RETENTION after the change, also those that waited for a company (L9)."""
    old = SummaryEntry.objects.filter(at__lt=utc_or_now(at) - settings.EMAIL_BODY_RETENTION)
    return old.delete()[0]

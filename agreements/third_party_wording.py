"""Sentences about an agreement for its third party: history, emails and refused actions (T11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import formats
from django.utils.translation import gettext as _

from accounts.models import User
from agreements.corrections import correction_problem
from agreements.models import Agreement, AgreementEvent, EventKind, ReminderOutcome, stops_contact
from agreements.models.reminder import reminder_times
from agreements.permissions import MAY_CORRECT, why_not
from agreements.reminders import why_not_remind
from agreements.states import Channel, Status
from agreements.transitions import TransitionRefused
from agreements.yearly_limit import CountedAgreements
from lib.central_time import format_central, utc_or_now
from lib.timeline import TimelineEntry
from meters.identifiers import VISIBLE_DIGITS
from notifications.models import ENDED_BADLY, Email, EmailState


@dataclass(frozen=True)
class EmailLine:
    """One email about an agreement: its kind and recipient, its state, and what to do if it failed.

    `address` is that of the company's reader; the customer's is not repeated here.
    """

    name: str
    address: str
    state: str
    state_label: str
    at: datetime
    problem: str


def timeline(events: Iterable[AgreementEvent]) -> list[TimelineEntry]:
    """Return what happened, when and by whom (L8).

    A customer has no name here: before the acceptance, a registered customer's name is masked (T6).
    """
    titles = {
        EventKind.INITIATED: _("Request created"),
        EventKind.RESENT: _("Email resent"),
        EventKind.REMINDED: _("Reminder sent"),
        EventKind.REMINDERS_STOPPED: _("The customer stopped reminders"),
        EventKind.COMPANY_UNKNOWN: _("The customer doesn't know your company"),
        EventKind.EXPIRED: _("Not accepted: the invitation had expired"),
    }
    entries = []
    for event in events:
        if event.channel == Channel.INVITATION:
            actor = _("By the customer, with the link in the email")
        elif event.channel == Channel.ACCOUNT:
            actor = _("By the customer, in the account on this portal")
        elif event.channel == Channel.SANDBOX:
            actor = _("By the sandbox")
        elif event.channel == Channel.CLOCK or event.by is None:
            actor = _("By the portal")
        elif event.channel == Channel.REVIEW:
            actor = _("By the operator of this portal") if event.by.is_operator else _("By the utility")
        else:
            actor = _("By %s") % (event.by.get_full_name() or event.by.get_username())
        title = titles.get(EventKind(event.kind)) or event.get_kind_display()
        if event.correction and event.correction.old_address:
            addresses = {"old": event.correction.old_address, "new": event.correction.new_address}
            actor += ". " + _("From %(old)s to %(new)s") % addresses
        status = event.to_status if event.from_status != event.to_status else ""
        entries.append(TimelineEntry(event.at, title, actor, status))
    return entries


def email_lines(emails: Iterable[Email]) -> list[EmailLine]:
    """Return a line for each email, without its text, which holds the customer's link (X5)."""
    names = {
        "EM201": _("Request"), "EM202": _("Reminder"), "EM203": _("Acceptance"), "EM204": _("About the report"),
        "EM205": _("Rejection"), "DOWNLOADED": _("Download"), "REVIEWED": _("Review"), "DIGEST": _("Daily summary"),
        "WITHDRAWN": _("Withdrawal"), "NOT_ACCEPTED": _("End of the invitation period"),
    }  # fmt: skip
    states = {
        EmailState.QUEUED: _("Waiting to be sent"),
        EmailState.SENDING: _("Being sent"),
        EmailState.HANDED: _("Being sent"),
        EmailState.SENT: _("Sent"),
        EmailState.FAILED: _("Not delivered"),
        EmailState.BOUNCED: _("Not delivered"),
        EmailState.ON_HOLD: _("On hold"),
        EmailState.WITHHELD: _("Not sent"),
        EmailState.SANDBOX: _("Not sent (sandbox)"),
    }
    lines = []
    for email in emails:
        is_to_customer = email.key.endswith(":customer") or email.kind in ("EM201", "EM202")
        name = _("%s, to the customer") if is_to_customer else _("%s, to your company")
        problem = ""
        if email.state == EmailState.QUEUED and email.failure:
            problem = _("We couldn't send it yet. We'll try again automatically.")
        elif email.state == EmailState.ON_HOLD:
            days = settings.EMAIL_BODY_RETENTION.days
            problem = (
                _("Your company is suspended. We'll send this email if your company is approved again within %d days.")
                % days
            )
        elif email.state in (*ENDED_BADLY, EmailState.WITHHELD):
            problem = email.get_failure_display()
        elif email.superseded_at:
            problem = _("To the address that was corrected later. Its link no longer works.")
        at = email.failed_at or email.sent_at or email.queued_at
        name %= names.get(email.kind, _("Notice"))
        address = "" if is_to_customer else email.to_address
        lines.append(EmailLine(name, address, email.state, states[EmailState(email.state)], at, problem))
    return lines


def describe_refusal(refusal: TransitionRefused) -> str:
    """Return why nothing was sent or withdrawn, with the date and what can be done next (L3)."""
    agreement = refusal.agreement
    if refusal.expired:
        message = _(
            "Nothing has changed, because the invitation expired on %s. "
            "You can create a new agreement when the limit for its ESIID allows it."
        )
        return message % format_central(agreement.expires_at)
    message = _(
        "Nothing has changed, because the agreement is no longer pending. Its status has been "
        "%(status)s since %(ended)s. This page shows the current status."
    )
    ended = format_central(agreement.ended_at or agreement.expires_at)
    return message % {"status": agreement.get_status_display(), "ended": ended}


def why_not_resend(agreement: Agreement, user: User) -> str:
    """Return why the button Resend Email alone is inactive; empty if it is active (C8, C12)."""
    if agreement.status != Status.PENDING or why_not_resend_or_withdraw(agreement, user):
        return ""
    return why_not_remind(agreement, at=utc_or_now())


def reminder_lines(agreement: Agreement) -> list[TimelineEntry]:
    """Return the portal's reminders about a pending request: those that were sent, were not, and are to come (C12)."""
    submission = agreement.submission
    outcomes = {
        ReminderOutcome.SENT: _("Reminder sent"),
        ReminderOutcome.RESENT: _("No reminder, because your company had just resent the email"),
        ReminderOutcome.UNDELIVERED: _("No reminder, because the previous email was not delivered"),
        ReminderOutcome.MISSED: _("No reminder, because the next one was already due"),
    }
    rows = {reminder.day: reminder for reminder in submission.reminders.all()}
    lines = []
    for day, due_at in reminder_times(submission.initiated_at).items():
        detail = _("Day %d after the request") % day
        if row := rows.get(day):
            lines.append(TimelineEntry(row.at, outcomes[ReminderOutcome(row.outcome)], detail))
        elif submission.reminder_due_at and not stops_contact(agreement.company_id, agreement.email):
            lines.append(TimelineEntry(max(due_at, submission.reminder_due_at), _("Reminder due"), detail))
    return lines


def why_not_resend_or_withdraw(agreement: Agreement, user: User) -> str:
    """Return why the buttons Resend Email and Withdraw are inactive; empty if they are active (T11, T12)."""
    if agreement.status != Status.PENDING:
        message = _("You can resend or withdraw an agreement only while it is Pending. This one is %s.")
        return message % agreement.get_status_display()
    if agreement.is_overdue:
        return _("You can't resend or withdraw this agreement because the invitation has expired.")
    return why_not(user, "may_resend_or_withdraw")


def why_not_correct(agreement: Agreement, user: User) -> str:
    """Return why the address can't be corrected; empty if it can, as far as a page can know (T15)."""
    if agreement.status != Status.PENDING or agreement.is_overdue:
        return _("You can correct the customer's email only while the agreement is Pending.")
    submission = agreement.submission
    if problem := correction_problem(submission, submission.agreements.only("status")):
        return problem.message
    return why_not(user, MAY_CORRECT)


def describe_count(counted: CountedAgreements, *, esiid: str, at: datetime) -> str:
    """Return which agreement of the yearly limit one made `at` will be, and when the next is possible (L5)."""
    if counted.is_used_up:
        message = _("Your company has created all %(limit)d agreements for this ESIID in %(days)d days.")
        message += " " + _("You can create the next one after %(free_at)s.")
    else:
        message = _("This will be agreement %(next)d of %(limit)d for the ESIID that ends in %(end)s until %(until)s.")
        if counted.is_next_the_last and counted.initiated:
            message += " " + _("You can create another one after %(free_at)s.")
    until = formats.date_format(counted.until(at), "DATE_FORMAT")
    return message % {
        "next": counted.next_ordinal, "end": esiid[-VISIBLE_DIGITS:], "until": until, **counted.in_words,
    }  # fmt: skip


def describe_meter(agreement: Agreement) -> str:
    message = _("ESIID %(esiid)s, meter %(meter)s")
    return message % {"esiid": agreement.masked_esiid, "meter": agreement.meter_number}

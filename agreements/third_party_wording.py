"""What an agreement tells the third party, in plain sentences: its status, history, emails and read-back (T8, T11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from phonenumber_field.phonenumber import PhoneNumber

from accounts.models import User
from agreements.masking import CustomerView
from agreements.models import Agreement, AgreementEvent, EventKind, ReportLength
from agreements.models.report_options import report_type_in_words
from agreements.permissions import why_not
from agreements.request_data import Question
from agreements.states import Channel, Status
from agreements.transitions import TransitionRefused
from lib.timeline import TimelineEntry
from meters.identifiers import mask_esiid
from notifications.models import Email, EmailState


@dataclass(frozen=True)
class Meaning:
    """An agreement's status as one sentence, and what comes next."""

    sentence: str
    next_step: str


@dataclass(frozen=True)
class EmailLine:
    """One email about an agreement: what and to whom, its state, and what to do if it failed."""

    name: str
    state: str
    state_label: str
    at: datetime
    problem: str


def moment_words(at: datetime) -> str:
    """A moment as people read it: December 23, 2026, 3:05 PM CST."""
    return formats.date_format(timezone.localtime(at), "DATETIME_FORMAT")


def meaning(agreement: Agreement) -> Meaning:
    """What the status means and what comes next, for somebody who has five seconds (T11)."""
    ends, ended = moment_words(agreement.expires_at), moment_words(agreement.ended_at or agreement.expires_at)
    if agreement.is_overdue:
        return Meaning(
            _("The invitation period ended on %s without an answer.") % ends,
            _("The customer cannot accept any more. The status changes to Not Accepted in a moment. "
              "If you still need the data, create a new agreement."),
        )  # fmt: skip
    return {
        Status.PENDING: Meaning(
            _("Waiting for the customer until %s.") % ends,
            _("The customer accepts or rejects by email. You need not do anything. You can send the email again. "
              "If the address is wrong, withdraw this agreement and create a new one."),
        ),
        Status.COMPLETE: Meaning(
            _("The customer accepted on %s.") % ended,
            _("The agreement earns one report. Its state stands under Report on this page."),
        ),
        Status.REJECTED: Meaning(
            _("The customer rejected your request on %s.") % ended,
            _("You get no data from this agreement, and it cannot be changed any more."),
        ),
        Status.NOT_ACCEPTED: Meaning(
            _("The customer did not answer by %s.") % ends,
            _("The invitation has expired. If you still need the data, create a new agreement."),
        ),
        Status.WITHDRAWN: Meaning(
            _("Your company withdrew this request on %s.") % ended,
            _("The customer was told. If you still need the data, create a new agreement."),
        ),
    }[Status(agreement.status)]  # fmt: skip


def timeline(events: Iterable[AgreementEvent]) -> list[TimelineEntry]:
    """Who did what, when and by which way (L8)."""
    return [
        TimelineEntry(
            event.at, _title(event), _actor(event), event.to_status if event.from_status != event.to_status else ""
        )
        for event in events
    ]


def _title(event: AgreementEvent) -> str:
    return {
        EventKind.INITIATED: _("Request sent to the customer"),
        EventKind.RESENT: _("Email sent again"),
        EventKind.ACCEPTED: _("Accepted"),
        EventKind.REJECTED: _("Rejected"),
        EventKind.WITHDRAWN: _("Withdrawn"),
        EventKind.EXPIRED: _("Not accepted: the invitation period ended"),
        EventKind.HELD: _("Report held for review"),
        EventKind.RELEASED: _("Report released after review"),
        EventKind.REFUSED: _("Report refused after review"),
    }[EventKind(event.kind)]


def _actor(event: AgreementEvent) -> str:
    """Who it was. A customer has no name here: before the acceptance a registered one's name is masked (T6)."""
    if event.channel == Channel.INVITATION:
        return _("By the customer, with the link in the email")
    if event.channel == Channel.ACCOUNT:
        return _("By the customer, in the account on this portal")
    if event.channel == Channel.REVIEW and event.by:
        return _("By the utility")
    if event.channel == Channel.CLOCK or event.by is None:
        return _("By the portal")
    return _("By %s") % (event.by.get_full_name() or event.by.get_username())


def email_lines(emails: Iterable[Email]) -> list[EmailLine]:
    """The emails about an agreement; never their text, which holds the customer's link (X5)."""
    return [
        EmailLine(
            _email_name(email), email.state, _email_state(email), _email_at(email), _email_problem(email)
        )
        for email in emails
    ]  # fmt: skip


def _email_name(email: Email) -> str:
    to_customer = email.key.endswith(":customer") or email.kind in ("EM201", "EM202")
    name = {
        "EM201": _("Request"),
        "EM202": _("Reminder"),
        "EM203": _("Acceptance"),
        "EM204": _("Report"),
        "EM205": _("Rejection"),
        "WITHDRAWN": _("Withdrawal"),
        "NOT_ACCEPTED": _("End of the invitation period"),
    }.get(email.kind, _("Notice"))
    return (_("%s, to the customer") if to_customer else _("%s, to your company")) % name


def _email_state(email: Email) -> str:
    return {
        EmailState.QUEUED: _("Waiting to be sent"),
        EmailState.SENDING: _("Being sent"),
        EmailState.HANDED: _("Being sent"),
        EmailState.SENT: _("Sent"),
        EmailState.FAILED: _("Not delivered"),
    }[EmailState(email.state)]


def _email_at(email: Email) -> datetime:
    return email.sent_at or email.failed_at or email.queued_at


def _email_problem(email: Email) -> str:
    if email.state == EmailState.QUEUED and email.failure:
        return _("It could not be sent yet. The portal tries again by itself.")
    return email.get_failure_display() if email.state == EmailState.FAILED else ""


def undelivered_request(agreement: Agreement, emails: Iterable[Email]) -> str:
    """What to do when no request reached the customer of a pending agreement; empty if one did or may yet."""
    requests = [email for email in emails if email.kind in ("EM201", "EM202")]
    if agreement.status != Status.PENDING or agreement.is_overdue or not requests:
        return ""
    if any(email.state != EmailState.FAILED for email in requests):
        return ""
    return _(
        "The email to the customer could not be delivered, so the customer does not know about your request. "
        "Check the address. If it is wrong, withdraw this agreement and create a new one with the right address."
    )


def refusal_words(refusal: TransitionRefused) -> str:
    """Why nothing was sent or withdrawn, with the date and what can be done next (L3)."""
    if refusal.expired:
        return _("Nothing was done: the invitation period ended on %s. Create a new agreement instead.") % moment_words(
            refusal.agreement.expires_at
        )
    ended = moment_words(refusal.agreement.ended_at or refusal.agreement.expires_at)
    return _(
        "Nothing was done: the agreement is no longer pending. Its status is %(status)s since %(ended)s. "
        "This page shows what it is now."
    ) % {"status": refusal.agreement.get_status_display(), "ended": ended}


def why_not_resend_or_withdraw(agreement: Agreement, user: User) -> str:
    """Why the buttons Resend Email and Withdraw are not active; empty if they are (T11)."""
    if agreement.status != Status.PENDING:
        return (
            _("This is possible only while an agreement is pending. This one is %s.") % agreement.get_status_display()
        )
    if agreement.is_overdue:
        return _("This is not possible any more: the invitation period has ended.")
    return why_not(user, "may_resend_or_withdraw")


def phone_words(phone: str) -> str:
    """A telephone number in E.164 as Americans write it."""
    return str(PhoneNumber.from_string(phone, region="US").as_national) if phone else ""


def customer_rows(customer: CustomerView) -> list[dict[str, str]]:
    """The customer's particulars as rows of a summary list, without those that nobody gave."""
    rows = [
        (_("Name"), customer.name),
        (_("Title"), customer.title),
        (_("Company name"), customer.company_name),
        (_("Service address"), customer.address),
        (_("Phone"), phone_words(customer.phone)),
        (_("Email"), customer.email),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def read_back(question: Question, customer: CustomerView | None) -> dict[str, list[dict[str, str]]]:
    """Page 1 as page 2 reads it back: rows for `customer`, `meters` and `report`."""
    asked = [
        {"label": _("Already registered"), "value": _("Yes") if question.registered else _("No")},
        {"label": _("Kind of customer"), "value": str(question.kind.label)},
    ]
    known = customer_rows(customer) if customer else [{"label": _("Email"), "value": question.person.email}]
    if not question.registered and question.kind == "residential":
        language = dict(settings.LANGUAGES)[question.person.language]
        known.append({"label": _("Language preference"), "value": str(language)})
    meters = [
        {"label": _("Meter %d") % row.row, "value": f"ESIID {row.esiid}\n" + _("Meter number %s") % row.meter_number}
        for row in question.rows
    ]
    report = [
        {"label": _("Report type"), "value": report_type_in_words(question.report_type, question.with_utc)},
        {"label": _("Report length"), "value": str(ReportLength(question.report_length).label)},
    ]
    return {"customer": asked + known, "meters": meters, "report": report}


def masked_meter(agreement: Agreement) -> str:
    """The meter of an agreement in one line."""
    return _("ESIID %(esiid)s, meter %(meter)s") % {
        "esiid": mask_esiid(agreement.esiid),
        "meter": agreement.meter_number,
    }

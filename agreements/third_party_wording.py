"""Sentences about an agreement for its third party: status, history, emails, read-back (T8, T11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from phonenumber_field.phonenumber import PhoneNumber

from accounts.models import User
from agreements.masking import VisibleCustomer
from agreements.models import Agreement, AgreementEvent, EventKind, ReportLength
from agreements.models.report_options import report_type_in_words
from agreements.permissions import why_not
from agreements.request_data import AgreementRequest
from agreements.states import Channel, Status
from agreements.transitions import TransitionRefused
from customers.models import CustomerKind
from lib.central_time import format_central
from lib.timeline import TimelineEntry
from notifications.models import Email, EmailState


@dataclass(frozen=True)
class StatusText:
    """An agreement's status as a sentence, and what comes next."""

    sentence: str
    next_step: str


@dataclass(frozen=True)
class EmailLine:
    """One email about an agreement: its kind and recipient, its state, and what to do if it failed."""

    name: str
    state: str
    state_label: str
    at: datetime
    problem: str


def describe_status(agreement: Agreement) -> StatusText:
    """Return what the status means and what comes next (T11)."""
    ends, ended = format_central(agreement.expires_at), format_central(agreement.ended_at or agreement.expires_at)
    if agreement.is_overdue:
        return StatusText(
            _("The invitation expired on %s without an answer.") % ends,
            _("The customer can no longer accept. The status will change to Not Accepted shortly. If "
              "you still need the data, create a new agreement."),
        )  # fmt: skip
    return {
        Status.PENDING: StatusText(
            _("Waiting for the customer's answer until %s.") % ends,
            _("The customer can accept or reject by email. You don't need to do anything. You can "
              "resend the email. If the address is wrong, withdraw this agreement and create a new one."),
        ),
        Status.COMPLETE: StatusText(
            _("The customer accepted on %s.") % ended,
            _("The state of the report is under Report on this page."),
        ),
        Status.REJECTED: StatusText(
            _("The customer rejected your request on %s.") % ended,
            _("You will not get any data from this agreement. It can't be changed."),
        ),
        Status.NOT_ACCEPTED: StatusText(
            _("The customer didn't answer by %s.") % ends,
            _("The invitation has expired. If you still need the data, create a new agreement."),
        ),
        Status.WITHDRAWN: StatusText(
            _("Your company withdrew this request on %s.") % ended,
            _("We've told the customer. If you still need the data, create a new agreement."),
        ),
    }[Status(agreement.status)]  # fmt: skip


def timeline(events: Iterable[AgreementEvent]) -> list[TimelineEntry]:
    """Return what happened, when and by whom (L8).

    A customer has no name here: before the acceptance, a registered customer's name is masked (T6).
    """
    titles = {
        EventKind.INITIATED: _("Request sent to the customer"),
        EventKind.RESENT: _("Email resent"),
        EventKind.EXPIRED: _("Not accepted: the invitation expired"),
    }
    entries = []
    for event in events:
        if event.channel == Channel.INVITATION:
            actor = _("By the customer, with the link in the email")
        elif event.channel == Channel.ACCOUNT:
            actor = _("By the customer, in the account on this portal")
        elif event.channel == Channel.CLOCK or event.by is None:
            actor = _("By the portal")
        elif event.channel == Channel.REVIEW:
            actor = _("By the utility")
        else:
            actor = _("By %s") % (event.by.get_full_name() or event.by.get_username())
        title = titles.get(EventKind(event.kind)) or event.get_kind_display()
        status = event.to_status if event.from_status != event.to_status else ""
        entries.append(TimelineEntry(event.at, title, actor, status))
    return entries


def email_lines(emails: Iterable[Email]) -> list[EmailLine]:
    """Return a line for each email, without its text, which holds the customer's link (X5)."""
    names = {
        "EM201": _("Request"),
        "EM202": _("Reminder"),
        "EM203": _("Acceptance"),
        "EM204": _("Report"),
        "EM205": _("Rejection"),
        "WITHDRAWN": _("Withdrawal"),
        "NOT_ACCEPTED": _("End of the invitation period"),
    }
    states = {
        EmailState.QUEUED: _("Waiting to be sent"),
        EmailState.SENDING: _("Being sent"),
        EmailState.HANDED: _("Being sent"),
        EmailState.SENT: _("Sent"),
        EmailState.FAILED: _("Not delivered"),
    }
    lines = []
    for email in emails:
        is_to_customer = email.key.endswith(":customer") or email.kind in ("EM201", "EM202")
        name = _("%s, to the customer") if is_to_customer else _("%s, to your company")
        problem = ""
        if email.state == EmailState.QUEUED and email.failure:
            problem = _("We couldn't send it yet. We'll try again automatically.")
        elif email.state == EmailState.FAILED:
            problem = email.get_failure_display()
        at = email.sent_at or email.failed_at or email.queued_at
        lines.append(
            EmailLine(
                name % names.get(email.kind, _("Notice")), email.state, states[EmailState(email.state)], at, problem
            )
        )
    return lines


def describe_undelivered_request(agreement: Agreement, emails: Iterable[Email]) -> str:
    """Return what to do if no request reached the customer of a pending agreement; empty if one did or still may."""
    requests = [email for email in emails if email.kind in ("EM201", "EM202")]
    if agreement.status != Status.PENDING or agreement.is_overdue or not requests:
        return ""
    if any(email.state != EmailState.FAILED for email in requests):
        return ""
    return _(
        "We couldn't deliver the email, so the customer doesn't know about your request. Check "
        "the address. If it's wrong, withdraw this agreement and create a new one with the right "
        "address."
    )


def describe_refusal(refusal: TransitionRefused) -> str:
    """Return why nothing was sent or withdrawn, with the date and what can be done next (L3)."""
    agreement = refusal.agreement
    if refusal.expired:
        message = _("Nothing has changed, because the invitation expired on %s. Create a new agreement instead.")
        return message % format_central(agreement.expires_at)
    message = _(
        "Nothing has changed, because the agreement is no longer pending. Its status has been "
        "%(status)s since %(ended)s. This page shows the current status."
    )
    ended = format_central(agreement.ended_at or agreement.expires_at)
    return message % {"status": agreement.get_status_display(), "ended": ended}


def why_not_resend_or_withdraw(agreement: Agreement, user: User) -> str:
    """Return why the buttons Resend Email and Withdraw are inactive; empty if they are active (T11, T12)."""
    if agreement.status != Status.PENDING:
        message = _("You can resend or withdraw an agreement only while it is Pending. This one is %s.")
        return message % agreement.get_status_display()
    if agreement.is_overdue:
        return _("You can't resend or withdraw this agreement because the invitation has expired.")
    return why_not(user, "may_resend_or_withdraw")


def customer_rows(customer: VisibleCustomer) -> list[dict[str, str]]:
    """Return the rows of a summary list about the customer, without empty values."""
    phone = str(PhoneNumber.from_string(customer.phone, region="US").as_national) if customer.phone else ""
    rows = [
        (_("Name"), customer.name),
        (_("Title"), customer.title),
        (_("Company name"), customer.company_name),
        (_("Service address"), customer.address),
        (_("Phone"), phone),
        (_("Email"), customer.email),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def read_back(request: AgreementRequest, customer: VisibleCustomer | None) -> dict[str, list[dict[str, str]]]:
    """Return page 1 as page 2 shows it: rows for `customer`, `meters` and `report` (T8)."""
    person = [
        {"label": _("Already registered"), "value": _("Yes") if request.registered else _("No")},
        {"label": _("Kind of customer"), "value": str(request.kind.label)},
    ]
    person += customer_rows(customer) if customer else [{"label": _("Email"), "value": request.person.email}]
    if not request.registered and request.kind == CustomerKind.RESIDENTIAL:
        language = dict(settings.LANGUAGES)[request.person.language]
        person.append({"label": _("Language preference"), "value": str(language)})
    meters = [
        {"label": _("Meter %d") % row.row, "value": f"ESIID {row.esiid}\n" + _("Meter number %s") % row.meter_number}
        for row in request.rows
    ]
    report = [
        {"label": _("Report type"), "value": report_type_in_words(request.report_type, request.with_utc)},
        {"label": _("Report length"), "value": str(ReportLength(request.report_length).label)},
    ]
    return {"customer": person, "meters": meters, "report": report}


def describe_meter(agreement: Agreement) -> str:
    message = _("ESIID %(esiid)s, meter %(meter)s")
    return message % {"esiid": agreement.masked_esiid, "meter": agreement.meter_number}

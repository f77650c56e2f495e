"""Messages about agreements: create, list, terminate, and what became of a report (M7 to M11, M20, M21)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpRequest

from agreements import actions
from agreements.masking import customer_for_third_party
from agreements.models import Agreement
from agreements.states import Channel, Status
from agreements.third_party_wording import describe_refusal
from agreements.transitions import TransitionRefused
from api.authentication import Caller
from api.problems import ApiProblem
from api.smt.creation import create_agreements
from api.smt.failures import ONE_TIME_ONLY, SmtFailure
from api.smt.message import SmtMessage, refuse_field
from api.smt.statuses import REASONS, has_reason, smt_status
from api.v1.agreements import denied_problem, own_agreement, own_agreements
from companies.trust.email_identity import normalize_mailbox
from lib.central_time import central_day

MOST_LISTED = 1000
ACKNOWLEDGED = {"statusCode": "ACK", "statusReason": "Success"}


def format_day(day: date | datetime | None) -> str:
    if isinstance(day, datetime):
        day = central_day(day)
    return day.strftime("%m/%d/%Y") if day else ""


def new_agreement(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any]:
    agreements = create_agreements(caller, message, request.body)
    answer: dict[str, Any] = {"agreementNumber": agreements[0].number if agreements else "", **ACKNOWLEDGED}
    if len(agreements) > 1:
        numbers = [{"ESIID": agreement.esiid, "agreementNumber": agreement.number} for agreement in agreements]
        answer["agreementList"] = numbers
    return answer


def my_agreements(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any]:
    """Return the company's agreements, the newest first; an empty list for a number that is not there."""
    agreements = own_agreements(caller).select_related("report")
    if number := message.agreement_number():
        agreements = agreements.filter(number=number)
    if reason := message.choice("statusReason", REASONS, ""):
        agreements = agreements.filter(has_reason(reason))
    if email := message.text("retailCustomerEmail"):
        try:
            validate_email(email)
        except ValidationError:
            refuse_field("retailCustomerEmail", "Send an email address.")
        agreements = agreements.to_mailbox(email)
    if message.texts("esiid", "ESIIDList"):
        agreements = agreements.filter(esiid__in=message.esiids())
    rows = list(agreements.order_by("-initiated_at", "-number")[: MOST_LISTED + 1])
    answer: dict[str, Any] = {"agreementStatusList": [_listed(agreement) for agreement in rows[:MOST_LISTED]]}
    return answer | ({"moreAvailable": "Y"} if len(rows) > MOST_LISTED else {})


def _listed(agreement: Agreement) -> dict[str, str]:
    status = smt_status(agreement)
    report = getattr(agreement, "report", None)
    # Until when the agreement is of use: to be answered, or for its file.
    ends_at = agreement.ended_at or agreement.expires_at
    if status.reason == "ACT" and report:
        ends_at = report.kept_until or ends_at
    return {
        "agreementNumber": agreement.number,
        "status": status.text,
        "statusReason": status.reason,
        "ESIID": agreement.esiid,
        "meterNumber": agreement.meter_number,
        "retailCustomerEmail": customer_for_third_party(agreement).email,
        "agreementType": "ONE-TIME",
        "startDate": format_day(agreement.initiated_at),
        "endDate": format_day(ends_at),
        "reportType": agreement.shared.report_type.upper(),
        "reportLength": agreement.shared.report_length.upper(),
    }


def _named_agreement(caller: Caller, message: SmtMessage, name: str = "agreementNumber") -> Agreement:
    """Return the agreement that the message names. Raises SmtFailure, Http404."""
    number = message.agreement_number(name) or refuse_field(name, "This field is missing.")
    return own_agreement(caller, number)


def agreement_esiids(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any]:
    agreement = _named_agreement(caller, message)
    status = smt_status(agreement).text
    row = {"ESIID": agreement.esiid, "meterNumber": agreement.meter_number, "status": status}
    return {"agreementNumber": agreement.number, "ESIIDList": [row]}


def terminate_agreement(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any]:
    """Withdraw pending agreements, all or none; one that was withdrawn before is acknowledged again (M11)."""
    rows = message.objects("agreementList")
    if not rows:
        refuse_field("agreementList", "Send a list of agreements.")
    agreements = {}
    for row in rows:
        agreement = _named_agreement(caller, row)
        email = row.required("retailCustomerEmail")
        if not agreement.email or normalize_mailbox(email) != normalize_mailbox(agreement.email):
            raise ApiProblem("not-found")
        agreements[agreement.number] = agreement
    try:
        with transaction.atomic():
            for _number, agreement in sorted(agreements.items()):
                _withdraw(agreement, caller)
    except PermissionDenied as denied:
        raise denied_problem(caller, denied) from denied
    return {"agreementList": [{"agreementNumber": number, **ACKNOWLEDGED} for number in agreements]}


def _withdraw(agreement: Agreement, caller: Caller) -> None:
    try:
        with transaction.atomic():
            actions.withdraw(agreement, by=caller.user, channel=Channel.API)
    except TransitionRefused as refused:
        if refused.agreement.status == Status.WITHDRAWN:
            return
        text = describe_refusal(refused)
        if refused.agreement.status == Status.COMPLETE:
            text += " Data that was already delivered cannot be recalled."
        raise SmtFailure(409, "1006", text) from refused


def report_request_status(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any]:
    agreement = _named_agreement(caller, message, "correlationId")
    status = smt_status(agreement)
    code, reason = {"PEN": ("PEN", status.text), "ACT": ("0", "Report is ready")}.get(status.reason, ("1", status.text))
    return {"correlationId": agreement.number, "statusCode": code, "statusReason": reason}


def my_subscriptions(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any]:
    return {"subscriptionList": [], "statusReason": "This service has one-time agreements and no subscriptions."}


def refuse_subscription(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any]:
    text = ONE_TIME_ONLY + "it has no subscriptions and no on-demand reads."
    raise SmtFailure(400, "1002", text, statusCode="0001", statusReason=text)

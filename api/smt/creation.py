"""NewAgreement: a message becomes the form, and what the form says becomes failures (M7)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied

from agreements import creation
from agreements.forms.request import NO, YES, AgreementRequestForm
from agreements.forms.submission import SubmissionForm
from agreements.models import Agreement, ReportLength, ReportType
from agreements.request import AgreementRequest, match_meters
from agreements.states import Channel
from api.authentication import Caller
from api.idempotency import KeyInUse, create_once
from api.sandbox.premises import prepare_meters
from api.sandbox.steps import schedule_steps
from api.smt.failures import ONE_TIME_ONLY, SmtFailure
from api.smt.message import SmtMessage, refuse_field
from api.v1.agreements import denied_problem
from customers.models import CustomerKind
from lib.refusals import Refused

REPEATED_WITHIN = timedelta(hours=24)
PATH = "/smt/v2/NewAgreement/"
RETRY_SECONDS = 3600  # after a limit of the day, whose end an answer must not tell in every case
REPORT_TYPES = {value.upper(): value for value in ReportType.values}
REPORT_LENGTHS = {value.upper(): value for value in ReportLength.values}
_DURATIONS = {"1": "1m", "3": "3m", "6": "6m", "12": "12m"}
_LONGER_ACCESS = ("9", "24", "36")
_LANGUAGES = {"ENGLISH": "en", "SPANISH": "es"}
_KINDS = {"RES": CustomerKind.RESIDENTIAL.value, "BUSINESS": CustomerKind.BUSINESS.value}
# Field of the form -> of the message. The first six make a customer without an account complete.
_FIELDS = {
    "first_name": "customerFirstName",
    "last_name": "customerLastName",
    "street": "serviceStreet",
    "city": "serviceCity",
    "state": "serviceState",
    "zip_code": "serviceZip",
    "company_name": "customerCompanyName",
    "phone": "customerPhone",
}
_NEEDED = tuple(_FIELDS)[:6]
_NAMES = _FIELDS | {
    "email": "retailCustomerEmail",
    "kind": "customerType",
    "language": "customerLanguagePreference",
    "report_type": "reportType",
    "report_length": "agreementDuration",
}
_METERS = "customerMeterList"
_NO_NAME = "The customer has no account on this portal, and the message has no name or service address."


def create_agreements(caller: Caller, message: SmtMessage, body: bytes) -> list[Agreement]:
    """Create an agreement for each meter, or return those of the same message of the last 24 hours.

    Raises SmtFailure, ApiProblem.
    """
    if caller.client.smt_attested_at is None:
        text = (
            "An administrator of your company must first turn on the attestation for this client on My Account / API."
        )
        raise SmtFailure(403, "1004", text)
    registered, unregistered = _requests(message)
    client = caller.client
    page_2 = SubmissionForm(
        {
            "contact_name": client.contact_name,
            "contact_phone": str(client.contact_phone),
            "contact_email": client.contact_email,
            "attested": "on",
        }
    )
    if not page_2.is_valid():
        raise SmtFailure(403, "1004", "The contact of this API client is out of date. Change it on My Account / API.")
    answers = page_2.answers()
    owner: Any = {"company": caller.company, "by": caller.user, "contact": answers["contact"]}
    prepare_meters(registered, **owner)
    # A message does not say whether the customer has an account. Without name and address only one who has matches.
    is_registered = len(match_meters(registered, company=caller.company)) == len(registered.rows)
    chosen = registered if is_registered or unregistered is None else unregistered
    prepare_meters(chosen, **owner)

    def create() -> UUID:
        draft = creation.start_draft(chosen, by=caller.user)
        schedule_steps(creation.initiate(draft.pk, by=caller.user, channel=Channel.API, **answers))
        return draft.pk

    # The key is the message itself: one with the same trans_id and other fields is another request.
    key = hashlib.sha256(body).hexdigest()
    try:
        created = create_once(client, PATH, key, body, create, period=REPEATED_WITHIN)
    except PermissionDenied as denied:
        raise denied_problem(caller, denied) from denied
    except Refused as refused:
        raise _refusal(refused) from refused
    except KeyInUse as refused:
        text = "The same message is still being processed."
        raise SmtFailure(429, "1008", text, headers={"Retry-After": "1"}) from refused
    return list(Agreement.objects.filter(submission__draft_id=created.draft_id).order_by("number"))


def _requests(message: SmtMessage) -> tuple[AgreementRequest, AgreementRequest | None]:
    """Return the form's page 1 for a registered customer, and for another if the message has name and address."""
    values = {name: message.text(field) for name, field in _FIELDS.items()}
    is_complete = all(values[name] for name in _NEEDED)
    values |= {
        "email": message.required("retailCustomerEmail"),
        "kind": message.choice("customerType", _KINDS, _KINDS["BUSINESS" if values["company_name"] else "RES"]),
        "language": message.choice("customerLanguagePreference", _LANGUAGES, "en"),
        "report_type": message.choice("reportType", REPORT_TYPES, ReportType.INTERVAL.value),
        "report_length": _report_length(message),
    }
    listed = message.objects(_METERS, "ESIIDMeterList")
    meters = [(meter.required("ESIID"), meter.required("meterNumber")) for meter in listed]
    forms = []
    for registered in (YES, NO) if is_complete else (YES,):
        form = AgreementRequestForm.from_values(values | {"registered": registered}, meters)
        if not form.is_valid():
            raise SmtFailure(400, "1001", " ".join(_mistakes(form)))
        forms.append(form.agreement_request())
    return forms[0], forms[1] if is_complete else None


def _report_length(message: SmtMessage) -> str:
    """Return the report's length: SMT's duration says how long access lasts, which a report does not have."""
    duration = message.text("agreementDuration")
    if duration in _LONGER_ACCESS:
        raise SmtFailure(
            400, "1002", ONE_TIME_ONLY + f"agreementDuration must be one of: {', '.join(_DURATIONS)} months."
        )
    length = message.choice("reportLength", REPORT_LENGTHS, _DURATIONS.get(duration, ""))
    return length or refuse_field("agreementDuration", f"Send one of: {', '.join(_DURATIONS)}.")


def _mistakes(form: AgreementRequestForm) -> Iterator[str]:
    for name, messages in form.errors.items():
        yield from (f"{_NAMES.get(name, name)}: {message}" for message in messages)
    meters = form.meters
    for messages in [*(row_messages for row in meters.forms for row_messages in row.errors.values())]:
        yield from (f"{_METERS}: {message}" for message in messages)
    yield from (f"{_METERS}: {message}" for message in meters.non_form_errors())


def _refusal(refused: Refused) -> SmtFailure:
    """Return the failure with the form's sentences; a mismatch has the same words whatever is wrong (T7)."""
    codes = {problem.code for problem in refused.problems}
    text = " ".join(problem.message for problem in refused.problems)
    if codes & {"guessing", "flooding"}:
        return SmtFailure(429, "1008", text, headers={"Retry-After": str(RETRY_SECONDS)})
    if refused.causes:
        text = " ".join([text, "Possible causes:", *refused.causes, _NO_NAME])
    numbers = [problem.agreement_number for problem in refused.problems if problem.agreement_number]
    more: dict[str, Any] = {"agreementNumber": numbers[0]} if numbers else {}
    return SmtFailure(422, "1007", text, **more)

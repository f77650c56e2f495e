"""Creating agreements: JSON becomes the form, and what the form says becomes problems (V6, V7, P11)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from ninja import Status

from agreements import creation
from agreements.forms.request import NO, YES, AgreementRequestForm
from agreements.forms.submission import SubmissionForm
from agreements.request import AgreementRequest, match_meters
from agreements.states import Channel
from agreements.yearly_limit import counted_agreements
from api.authentication import Access, Caller
from api.idempotency import KeyInUse, KeyReused, create_once
from api.models import ApiClient
from api.problems import ApiProblem, FieldProblem
from api.request_limits import WRITE
from api.sandbox.premises import prepare_meters
from api.sandbox.steps import schedule_steps
from api.v1.agreements import READING, denied_problem, own_agreements
from api.v1.creation_schemas import AgreementRequestBody, CheckedMeters, ContactBody, CreatedAgreements
from api.v1.examples import AGREEMENT_REQUEST, CHECKED_METERS, CREATED_AGREEMENTS
from api.v1.interface import interface
from api.v1.representation import agreement_values
from lib.central_time import utc_or_now
from lib.refusals import Problem, Refused

CREATING = "agreements:write"
_KEY = re.compile(r'"?([A-Za-z0-9_-]{8,128})"?')
# Field of the form -> its path in the body.
_POINTERS = {
    "registered": "#/registered",
    "kind": "#/customer/kind",
    "report_type": "#/report/type",
    "report_length": "#/report/length",
    "comments": "#/comments",
    "contact_name": "#/contact/name",
    "contact_phone": "#/contact/phone",
    "contact_email": "#/contact/email",
}


@interface.post(
    "/agreements",
    operation_id="createAgreements",
    auth=Access(READING, CREATING, policy=WRITE),
    response={201: CreatedAgreements, 200: CheckedMeters},
    openapi_extra={
        "x-problems": [
            "invalid-header", "idempotency-key-missing", "idempotency-key-reused", "request-in-progress",
            "agreement-refused", "attestation-missing", "guessing-limit", "initiation-limit", "company-pending",
            "company-suspended", "requests-paused",
        ],
        "x-request-example": AGREEMENT_REQUEST,
        "x-examples": {201: CREATED_AGREEMENTS, 200: CHECKED_METERS},
        "x-idempotency": True,
    },
)  # fmt: skip
def create_agreements(request: HttpRequest, response: HttpResponse, body: AgreementRequestBody) -> Status:
    """Create agreements

    One for each meter, all or none. The customer gets one email. Send an `Idempotency-Key`: if you send the same key
    and body again, nothing new is created and you get the agreements as they are now. With `dry_run`, nothing is
    created and the response is 200. With a test key, use a test ESIID instead of the one in the example.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    key = idempotency_key(request, is_needed=not body.dry_run)
    if not body.attestation.holds_authorization:
        raise ApiProblem("attestation-missing")
    asked, answers = _read_body(body, caller)
    prepare_meters(asked, company=caller.company, by=caller.user, contact=answers["contact"])
    try:
        if body.dry_run:
            return Status(200, {"data": _check(asked, caller)})
        created = create_once(caller.client, request.path, key, request.body, lambda: _create(asked, answers, caller))
    except PermissionDenied as denied:
        raise denied_problem(caller, denied) from denied
    except Refused as refused:
        raise _refusal(refused) from refused
    except KeyInUse as refused:
        raise ApiProblem("request-in-progress", retry_seconds=1) from refused
    except KeyReused as refused:
        raise ApiProblem("idempotency-key-reused") from refused
    if created.is_replayed:
        response["Idempotency-Replayed"] = "true"
    agreements = list(own_agreements(caller).filter(submission__draft_id=created.draft_id).order_by("number"))
    values = agreement_values(agreements, caller)
    if values:
        response["Location"] = values[0]["links"]["self"]
    return Status(201, {"data": values})


def idempotency_key(request: HttpRequest, *, is_needed: bool) -> str:
    """Return the key, with or without its quotes. Raises ApiProblem if there is none or another text."""
    text = request.headers.get("Idempotency-Key", "").strip()
    found = _KEY.fullmatch(text)
    if found and text.startswith('"') == text.endswith('"'):
        return found[1]
    if text:
        raise ApiProblem("invalid-header", "Idempotency-Key has 8 to 128 letters, digits, hyphens, and underscores.")
    if is_needed:
        raise ApiProblem("idempotency-key-missing")
    return ""


def _read_body(body: AgreementRequestBody, caller: Caller) -> tuple[AgreementRequest, dict[str, Any]]:
    """Return the request and the other arguments of creation.initiate. Raises ApiProblem with all that the form says.

    The form has no fields for the company's own references, which are no customer's data.
    """
    values = body.customer.model_dump(exclude_none=True)
    values |= {"registered": YES if body.registered else NO}
    values |= {"report_type": body.report.type, "report_length": body.report.length}
    meters = [(meter.esiid, meter.meter_number) for meter in body.meters]
    page_2 = page_2_data(body.contact, caller.client) | {"comments": body.comments or "", "attested": "on"}
    request_form, submission_form = AgreementRequestForm.from_values(values, meters), SubmissionForm(page_2)
    errors = [*_unused(request_form, body), *_mistakes(request_form, submission_form)]
    if errors:
        raise ApiProblem("invalid-request", errors=errors)
    asked = request_form.agreement_request()
    rows = (replace(row, external_id=body.meters[row.row - 1].external_id or "") for row in asked.rows)
    reference = " ".join((body.attestation.reference or "").split())
    return replace(asked, rows=tuple(rows), authorization_reference=reference), submission_form.answers()


def page_2_data(contact: ContactBody | None, client: ApiClient) -> dict[str, str]:
    """Return the contact as page 2 of the form has it: the client's own if none was sent."""
    return {
        "contact_name": contact.name if contact else client.contact_name,
        "contact_phone": contact.phone if contact else str(client.contact_phone),
        "contact_email": contact.email if contact else client.contact_email,
    }


def _unused(form: AgreementRequestForm, body: AgreementRequestBody) -> Iterator[FieldProblem]:
    """Yield the fields of the body that this kind of customer does not have: the page would not have them (T5, T6)."""
    for name in sorted(form.unused_fields() & body.customer.model_dump(exclude_none=True).keys()):
        detail = "This kind of customer does not have this field. Leave it out."
        yield FieldProblem(f"#/customer/{name}", "not-applicable", detail)


def _mistakes(request_form: AgreementRequestForm, submission_form: SubmissionForm) -> Iterator[FieldProblem]:
    request_form.is_valid()
    for form in (request_form, submission_form):
        for name, messages in form.errors.items():
            pointer = _POINTERS.get(name, f"#/customer/{name}" if name != "__all__" else "#")
            yield from (FieldProblem(pointer, "invalid", str(message)) for message in messages)
    for row, meter in enumerate(request_form.meters.forms):
        for name, messages in meter.errors.items():
            yield from (FieldProblem(f"#/meters/{row}/{name}", "invalid", str(message)) for message in messages)
    for message in request_form.meters.non_form_errors():
        yield FieldProblem("#/meters", "invalid", str(message))


def _create(asked: AgreementRequest, answers: dict[str, Any], caller: Caller) -> UUID:
    draft = creation.start_draft(asked, by=caller.user)
    schedule_steps(creation.initiate(draft.pk, by=caller.user, channel=Channel.API, **answers))
    return draft.pk


def _check(request: AgreementRequest, caller: Caller) -> list[dict[str, Any]]:
    """Check page 1 as it is checked in earnest, with what it counts; keep nothing else (V7)."""
    draft = creation.start_draft(request, by=caller.user)
    creation.discard_draft(draft.pk, by=caller.user)
    at, matches = utc_or_now(), match_meters(request)
    counted = counted_agreements(caller.company, [match.premise_id for match in matches.values()], at=at)
    checked = []
    for row in request.rows:
        of_esiid = counted[matches[row.row].premise_id]
        used, limit = len(of_esiid.initiated), of_esiid.limit
        quota = {"used": used, "limit": limit, "next_free_at": of_esiid.free_at if used >= limit else None}
        checked.append({"esiid": row.esiid, "would_create": True, "quota": quota})
    return checked


def _refusal(refused: Refused) -> ApiProblem:
    """Return the problem for what the form would show: each reason at its meter."""
    codes = {problem.code: problem for problem in refused.problems}
    for code, kind in (("guessing", "guessing-limit"), ("flooding", "initiation-limit")):
        if code in codes:
            return ApiProblem(kind, codes[code].message)
    errors = [_at_meter(problem) for problem in refused.problems]
    numbers = [problem.agreement_number for problem in refused.problems if problem.agreement_number]
    detail = " ".join(problem.message for problem in refused.problems)  # the warning would quote what was sent
    return ApiProblem("agreement-refused", detail, errors=errors, agreement_number=numbers[0] if numbers else None)


def _at_meter(problem: Problem) -> FieldProblem:
    pointer = f"#/meters/{problem.row - 1}" if problem.row else "#"
    return FieldProblem(pointer, problem.code or "invalid", problem.message, causes=problem.causes)

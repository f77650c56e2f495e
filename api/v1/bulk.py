"""Bulk invitations: many requests from one body, row by row (K1, K5, K6)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Status

from agreements.bulk import actions
from agreements.bulk.files import read_table, table_of_rows
from agreements.bulk.results import results_csv, results_name
from agreements.forms.submission import SubmissionForm
from agreements.models import BulkInvitation, BulkRow, BulkState
from agreements.states import Channel
from api.authentication import Access, Caller
from api.idempotency import KeyInUse, KeyReused, create_once
from api.problems import ApiProblem, FieldProblem
from api.request_limits import DOWNLOAD, WRITE
from api.v1.agreements import denied_problem
from api.v1.bulk_schemas import BulkInvitationAnswer, BulkRequestBody
from api.v1.creation import CREATING, idempotency_key, page_2_data
from api.v1.examples import BULK_INVITATION, BULK_REQUEST
from api.v1.interface import interface
from lib.refusals import Refused

_ACTING = ["company-pending", "company-suspended", "requests-paused"]


@interface.post(
    "/bulk-invitations",
    operation_id="createBulkInvitation",
    auth=Access(CREATING, policy=WRITE),
    response={202: BulkInvitationAnswer},
    openapi_extra={
        "x-problems": [
            "invalid-header", "idempotency-key-missing", "idempotency-key-reused", "request-in-progress",
            "bulk-refused", "attestation-missing", *_ACTING,
        ],
        "x-request-example": BULK_REQUEST,
        "x-examples": {202: BULK_INVITATION},
        "x-idempotency": True,
    },
)  # fmt: skip
def create_bulk_invitation(request: HttpRequest, response: HttpResponse, body: BulkRequestBody) -> Status:
    """Create many agreements

    One for each row; rows of the same customer and report are one request. Rows with mistakes are refused and the
    others are sent, about one a second. Send an `Idempotency-Key`. Read the outcome later, or wait for the event
    `bulk.finished`. The same rows are not accepted a second time as long as their results are kept.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    key = idempotency_key(request, is_needed=True)
    if not body.attestation.holds_authorization:
        raise ApiProblem("attestation-missing")
    contact = page_2_data(body.contact, caller.client)
    page_2 = SubmissionForm({**contact, "attested": "on"})
    if not page_2.is_valid():
        errors = [
            FieldProblem(f"#/contact/{name.removeprefix('contact_')}", "invalid", str(message))
            for name, messages in page_2.errors.items()
            for message in messages
        ]
        raise ApiProblem("invalid-request", errors=errors)
    try:
        created = create_once(caller.client, request.path, key, request.body, lambda: _create(body, contact, caller).pk)
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
    return Status(202, bulk_values(_own_bulk(caller, str(created.draft_id))))


@transaction.atomic  # a refusal leaves no file behind
def _create(body: BulkRequestBody, contact: dict[str, str], caller: Caller) -> BulkInvitation:
    if (body.csv is None) == (body.rows is None):
        detail = "Send either csv or rows."
        raise ApiProblem("invalid-request", detail, errors=[FieldProblem("#/rows", "invalid", detail)])
    table = read_table(body.csv.encode()) if body.csv is not None else table_of_rows(body.rows or [])
    defaults = actions.BulkDefaults(body.report_type or "", body.report_length or "")
    bulk = actions.read_bulk(table, defaults, by=caller.user, channel=Channel.API)
    actions.send_bulk(bulk, contact, by=caller.user)
    return bulk


@interface.get(
    "/bulk-invitations/{bulk_id}",
    operation_id="getBulkInvitation",
    auth=Access(CREATING),
    response=BulkInvitationAnswer,
    openapi_extra={"x-problems": ["not-found"], "x-examples": {200: BULK_INVITATION}},
)
def get_bulk_invitation(request: HttpRequest, bulk_id: str) -> dict[str, Any]:
    """Read a bulk invitation

    Its state, and what became of each row.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    return bulk_values(_own_bulk(caller, bulk_id))


@interface.get(
    "/bulk-invitations/{bulk_id}/results.csv",
    operation_id="downloadBulkResults",
    auth=Access(CREATING, policy=DOWNLOAD),
    openapi_extra={"x-problems": ["not-found"], "x-file": "text/csv"},
)
def download_bulk_results(request: HttpRequest, bulk_id: str) -> HttpResponse:
    """Download the rows with their outcomes

    The file as you sent it, with STATUS, AGREEMENT_NUMBER, CODE and MESSAGE behind. Seven days after the end, only
    the outcomes are left.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    bulk = _own_bulk(caller, bulk_id)
    headers = {"Content-Disposition": f'attachment; filename="{results_name(bulk)}"'}
    return HttpResponse(results_csv(bulk), content_type="text/csv; charset=utf-8", headers=headers)


@interface.post(
    "/bulk-invitations/{bulk_id}/cancel",
    operation_id="cancelBulkInvitation",
    auth=Access(CREATING, policy=WRITE),
    response=BulkInvitationAnswer,
    openapi_extra={"x-problems": ["not-found"], "x-examples": {200: BULK_INVITATION}},
)
def cancel_bulk_invitation(request: HttpRequest, bulk_id: str) -> dict[str, Any]:
    """Cancel what is not created yet

    Agreements that were created stay. A second time changes nothing.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    actions.cancel_bulk(_own_bulk(caller, bulk_id), by=caller.user)
    return bulk_values(_own_bulk(caller, bulk_id))


@interface.post(
    "/bulk-invitations/{bulk_id}/continue",
    operation_id="continueBulkInvitation",
    auth=Access(CREATING, policy=WRITE),
    response=BulkInvitationAnswer,
    openapi_extra={"x-problems": ["not-found", "bulk-refused", *_ACTING], "x-examples": {200: BULK_INVITATION}},
)
def continue_bulk_invitation(request: HttpRequest, bulk_id: str) -> dict[str, Any]:
    """Continue after a stop

    Too many rows that don't match our records stop a bulk invitation. Check the other rows, and continue after
    `continues_at`.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    bulk = _own_bulk(caller, bulk_id)
    try:
        actions.continue_bulk(bulk, by=caller.user)
    except PermissionDenied as denied:
        raise denied_problem(caller, denied) from denied
    except Refused as refused:
        raise _refusal(refused) from refused
    return bulk_values(_own_bulk(caller, bulk_id))


def _own_bulk(caller: Caller, bulk_id: str) -> BulkInvitation:
    """Return a bulk invitation of the company that was sent. Raises Http404 for others and for what is no id."""
    try:
        key = UUID(bulk_id)
    except ValueError:
        raise Http404 from None
    bulk = BulkInvitation.objects.of_company(caller.company).exclude(state=BulkState.PREVIEW).filter(pk=key).first()
    if bulk is None:
        raise Http404
    return bulk


def _refusal(refused: Refused) -> ApiProblem:
    errors = [FieldProblem("#", problem.code or "invalid", problem.message) for problem in refused.problems]
    return ApiProblem("bulk-refused", str(refused), errors=errors)


def bulk_values(bulk: BulkInvitation) -> dict[str, Any]:
    """Return the bulk invitation as the API writes it."""
    return {
        "id": str(bulk.pk),
        "test": bulk.is_test,
        "state": bulk.state,
        "created_at": bulk.created_at,
        "ended_at": bulk.ended_at,
        "continues_at": bulk.due_at if bulk.stop_reason else None,
        "stop_reason": bulk.stop_reason or None,
        "counts": bulk.counts(),
        "rows": [_row_values(row) for row in bulk.rows.order_by("number")],
    }


def _row_values(row: BulkRow) -> dict[str, Any]:
    return {
        "row": row.number,
        "status": row.state,
        "agreement_number": row.agreement_number or None,
        "code": row.code or None,
        "column": row.column or None,
        "message": row.message or None,
    }

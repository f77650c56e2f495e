"""Operations about agreements: list, read, resend, withdraw, letter of authorization (V5, P11)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from ninja import Query, Schema
from pydantic import AwareDatetime, Field

from agreements import actions, letter_pdf, loa
from agreements.forms.search import MOST_ITEMS, parse_item
from agreements.models import Agreement, AgreementQuerySet, AgreementStage
from agreements.search import WILDCARD, Item, Search, SearchBy
from agreements.states import Channel, Status
from agreements.third_party_wording import describe_refusal
from agreements.transitions import TransitionRefused
from api.authentication import Access, Caller
from api.problems import ApiProblem, FieldProblem, problem_response
from api.request_limits import DOWNLOAD, WRITE
from api.v1.agreement_schemas import (
    AgreementAnswer,
    AgreementPage,
    AgreementWithTimeline,
    ExternalId,
    FoundAgreements,
    StatusName,
)
from api.v1.cursors import make_cursor, read_cursor
from api.v1.examples import AGREEMENT, AGREEMENT_PAGE, AGREEMENT_SEARCH, AGREEMENT_TIMELINE
from api.v1.interface import interface
from api.v1.parameters import refuse_unknown_parameters
from api.v1.representation import RELATED, agreement_values, with_timeline
from api.v1.schemas import RequestBody
from companies.models import Company
from lib.keyset import ListedPart, QueriedPart, Span, read_rows

READING, MANAGING = "agreements:read", "agreements:manage"
NEWEST_FIRST = (Span(("initiated_at", "number"), is_descending=True),)
STAGES = {
    "preparing": AgreementStage.MAKING,
    "waiting_for_data": AgreementStage.AWAITING_DATA,
    "held": AgreementStage.HELD,
    "ready": AgreementStage.READY,
    "no_data": AgreementStage.NO_DATA,
    "refused": AgreementStage.REFUSED,
    "failed": AgreementStage.FAILED,
    "purged": AgreementStage.PURGED,
}
ReportStateName = Literal["preparing", "waiting_for_data", "held", "ready", "no_data", "refused", "failed", "purged"]


class AgreementFilters(Schema):
    """What a list is narrowed by, and the page of it."""

    status: list[StatusName] = Field([], description="Any of these.")
    report_state: list[ReportStateName] = Field(
        [], description="Complete agreements whose report has any of these states."
    )
    initiated_from: AwareDatetime | None = Field(None, strict=False, description="At this time or later.")
    initiated_before: AwareDatetime | None = Field(None, strict=False, description="Before this time.")
    changed_from: AwareDatetime | None = Field(
        None, strict=False, description="With a changed_at at this time or later."
    )
    external_id: ExternalId | None = Field(None, description="With this ID, which you sent.")
    limit: int = Field(50, ge=1, le=200)
    after: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="The value of next from the page before."
    )


class AgreementSearch(RequestBody, AgreementFilters):
    """What to search for, and the filters of the list (V8)."""

    by: Literal["number", "name", "esiid", "meter_number", "email", "address"]
    items: list[Annotated[str, Field(max_length=254)]] = Field(
        min_length=1,
        max_length=MOST_ITEMS,
        description="Whole values, or the first characters followed by *. For names and addresses, any part is enough.",
    )

    def parsed_items(self) -> tuple[Item, ...]:
        """Return the items as the form of the page reads them. Raises ApiProblem."""
        by = SEARCHED[self.by]
        items = [None if WILDCARD in text[:-1] else parse_item(by, " ".join(text.split())) for text in self.items]
        errors = [
            FieldProblem(f"#/items/{place}", "pattern", "We can't search for this value. Put * only at the end.")
            for place, item in enumerate(items)
            if item is None
        ]
        if errors:
            raise ApiProblem("invalid-request", errors=errors)
        return tuple(dict.fromkeys(item for item in items if item))


SEARCHED = {
    "number": SearchBy.NUMBER,
    "name": SearchBy.LAST_NAME,
    "esiid": SearchBy.ESIID,
    "meter_number": SearchBy.METER,
    "email": SearchBy.EMAIL,
    "address": SearchBy.ADDRESS,
}


def own_agreements(caller: Caller) -> AgreementQuerySet:
    """Return the agreements of the caller's company, as a user of the company sees them (P1)."""
    visible = Agreement.objects.visible_to(caller.user).filter(company=caller.company)
    return visible.with_overdue().select_related(*RELATED)


def own_agreement(caller: Caller, number: str, *related: str) -> Agreement:
    """Return one of them. Raises Http404, also for another company's."""
    agreements = own_agreements(caller).select_related(*RELATED, *related)
    agreement = agreements.filter(number=number).first() if re.fullmatch(r"[0-9]{12}", number) else None
    if agreement is None:
        raise Http404
    return agreement


@interface.get(
    "/agreements",
    operation_id="listAgreements",
    auth=Access(READING),
    response=AgreementPage,
    openapi_extra={
        "x-problems": ["cursor-mismatch", "invalid-request", "unknown-field"],
        "x-examples": {200: AGREEMENT_PAGE},
    },
)
def list_agreements(request: HttpRequest, response: HttpResponse, filters: Query[AgreementFilters]) -> dict[str, Any]:
    """List agreements

    Newest first. Send the cursor in next to get the next page. Agreements created in the meantime don't shift the
    pages.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    refuse_unknown_parameters(request, AgreementFilters)
    chosen = filters.model_dump(mode="json", exclude={"limit", "after"})
    key = [caller.company.pk, chosen]
    beyond = read_cursor(filters.after, key)
    own = _between(own_agreements(caller), filters)
    parts = [QueriedPart(own.filter(condition)) for condition in _conditions(filters)]
    rows = read_rows(parts, NEWEST_FIRST, beyond, filters.limit + 1) if parts else []
    rows, has_more = rows[: filters.limit], len(rows) > filters.limit
    cursor = make_cursor(rows[-1], key) if has_more else None
    if cursor:
        query = request.GET.copy()
        query["after"] = cursor
        response["Link"] = f'<{request.build_absolute_uri(request.path)}?{query.urlencode()}>; rel="next"'
    return {"data": agreement_values(rows, caller), "next": cursor}


@interface.post(
    "/agreements/search",
    operation_id="searchAgreements",
    auth=Access(READING),
    response=FoundAgreements,
    openapi_extra={
        "x-problems": ["cursor-mismatch"],
        "x-request-example": AGREEMENT_SEARCH,
        "x-examples": {200: AGREEMENT_PAGE | {"not_found": ["112825*"], "is_cut": False}},
    },
)
def search_agreements(request: HttpRequest, search: AgreementSearch) -> dict[str, Any]:
    """Search for agreements

    Search by agreement number, customer, or meter. The body has what must never be in a URL. Filters and pages work as
    in the list.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    chosen = search.model_dump(mode="json", exclude={"limit", "after"})
    key = [caller.company.pk, chosen]
    beyond = read_cursor(search.after, key)
    conditions = _conditions(search)
    if not conditions:
        return {"data": [], "next": None, "not_found": search.items, "is_cut": False}
    own = _between(own_agreements(caller), search).filter(reduce(or_, conditions))
    items = search.parsed_items()
    found = Search(SEARCHED[search.by], items).run(own, caller.company.pk)
    rows = read_rows([ListedPart(found.agreements)], NEWEST_FIRST, beyond, search.limit + 1)
    rows, has_more = rows[: search.limit], len(rows) > search.limit
    agreements = own_agreements(caller).in_bulk([row.pk for row in rows])
    return {
        "data": agreement_values([agreements[row.pk] for row in rows if row.pk in agreements], caller),
        "next": make_cursor(rows[-1], key) if has_more else None,
        "not_found": [str(item) for item in found.missing_items],
        "is_cut": found.is_cut,
    }


def _between(agreements: AgreementQuerySet, filters: AgreementFilters) -> AgreementQuerySet:
    if filters.initiated_from:
        agreements = agreements.filter(initiated_at__gte=filters.initiated_from)
    if filters.initiated_before:
        agreements = agreements.filter(initiated_at__lt=filters.initiated_before)
    if filters.changed_from:
        agreements = agreements.filter(changed_at__gte=filters.changed_from)
    if filters.external_id:
        agreements = agreements.filter(external_id=filters.external_id)
    return agreements


def _conditions(filters: AgreementFilters) -> list[Q]:
    """Return conditions without an agreement in common that together are the filters; an index reads each (O9)."""
    statuses = set(filters.status)
    if filters.report_state:
        is_possible = not statuses or "complete" in statuses
        return [Q(stage=STAGES[state]) for state in sorted(set(filters.report_state))] if is_possible else []
    if not statuses:
        return [Q()]
    waiting = Q(stage=AgreementStage.WAITING)
    conditions = {
        "pending": [waiting & Q(is_overdue=False)],
        "complete": [Q(status=Status.COMPLETE)],
        "rejected": [Q(stage=AgreementStage.REJECTED)],
        "not_accepted": [Q(stage=AgreementStage.NOT_ACCEPTED), waiting & Q(is_overdue=True)],
        "withdrawn": [Q(stage=AgreementStage.WITHDRAWN)],
    }
    return [condition for status in sorted(statuses) for condition in conditions[status]]


@interface.get(
    "/agreements/{number}",
    operation_id="getAgreement",
    auth=Access(READING),
    response=AgreementWithTimeline,
    openapi_extra={"x-problems": ["not-found"], "x-examples": {200: AGREEMENT_TIMELINE}, "x-etag": True},
)
def get_agreement(request: HttpRequest, response: HttpResponse, number: str) -> Any:
    """Read an agreement

    Includes the timeline. Send the ETag in If-None-Match. If nothing has changed, the response is 304 without a body.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    values = AgreementWithTimeline.model_validate(with_timeline(own_agreement(caller, number), caller)).model_dump()
    etag = f'"{hashlib.sha256(repr(values).encode()).hexdigest()[:32]}"'
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified(headers={"ETag": etag})
    response["ETag"] = etag
    return values


@interface.post(
    "/agreements/{number}/resend",
    operation_id="resendAgreement",
    auth=Access(READING, MANAGING, policy=WRITE),
    response=AgreementAnswer,
    openapi_extra={
        "x-problems": [
            "not-found", "not-pending", "reminders-stopped", "resend-too-soon", "company-pending", "company-suspended",
        ],
        "x-examples": {200: AGREEMENT},
    },
)  # fmt: skip
def resend(request: HttpRequest, number: str) -> dict[str, Any]:
    """Resend the email

    Send the customer the request again, as a reminder. The deadline does not change.
    """
    return _act(request, number, actions.resend)


@interface.post(
    "/agreements/{number}/withdraw",
    operation_id="withdrawAgreement",
    auth=Access(READING, MANAGING, policy=WRITE),
    response=AgreementAnswer,
    openapi_extra={
        "x-problems": ["not-found", "not-pending", "company-pending", "company-suspended"],
        "x-examples": {200: AGREEMENT | {"status": "withdrawn", "allowed": [], "ended_at": "2026-11-29T15:00:00Z"}},
    },
)
def withdraw(request: HttpRequest, number: str) -> dict[str, Any]:
    """Withdraw the request

    We email the customer, who can no longer answer. If the request is already withdrawn, nothing changes.
    """
    return _act(request, number, actions.withdraw, done=Status.WITHDRAWN)


def _act(request: HttpRequest, number: str, action: Callable[..., Any], done: Status | None = None) -> dict[str, Any]:
    """Perform `action` on the caller's agreement and return it as it is then. Raises ApiProblem.

    An agreement that has the status `done` already is returned as it is.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    agreement = own_agreement(caller, number)
    try:
        action(agreement, by=caller.user, channel=Channel.API)
    except PermissionDenied as denied:
        raise denied_problem(caller, denied) from denied
    except TransitionRefused as refused:
        if refused.agreement.status != done:
            status = Status.NOT_ACCEPTED if refused.expired else Status(refused.agreement.status)
            raise ApiProblem("not-pending", describe_refusal(refused), agreement_status=status.value) from refused
    except actions.ReminderStopped as refused:
        raise ApiProblem("reminders-stopped", str(refused)) from refused
    except actions.ResentTooOften as refused:
        raise ApiProblem("resend-too-soon", str(refused)) from refused
    (values,) = agreement_values([own_agreement(caller, number)], caller)
    return values


def denied_problem(caller: Caller, denied: PermissionDenied) -> ApiProblem:
    """Return the problem of an action that the company may not do in its standing, or the client not any more."""
    company = Company.every.get(pk=caller.company.pk)
    if not company.is_active:
        return ApiProblem("company-suspended" if company.is_suspended else "company-pending", str(denied))
    return ApiProblem("requests-paused" if company.requests_paused_at else "missing-scope", str(denied))


@interface.get(
    "/agreements/{number}/authorization.pdf",
    operation_id="getAuthorization",
    auth=Access(READING, policy=DOWNLOAD),
    openapi_extra={"x-problems": ["not-found", "no-authorization"], "x-file": "application/pdf"},
)
def get_authorization(request: HttpRequest, number: str) -> HttpResponse:
    """Download the letter of authorization

    A PDF of what the customer authorized. Available once the agreement is complete.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    agreement = own_agreement(caller, number, "letter")
    letter = getattr(agreement, "letter", None)
    if letter is None:
        return problem_response(request, ApiProblem("no-authorization"))
    headers = {"Content-Disposition": f'attachment; filename="{loa.file_name(agreement)}"'}
    headers["Cache-Control"] = "private, no-store"
    return HttpResponse(letter_pdf.issue_pdf(letter), content_type="application/pdf", headers=headers)

"""Operations of the sandbox, for test keys only (V15, V17)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import Field

from api.authentication import Access, Caller
from api.request_limits import WRITE
from api.sandbox.emails import is_to_customer, sandbox_emails
from api.sandbox.retention import reset_sandbox
from api.v1.agreements import MANAGING, READING
from api.v1.examples import SANDBOX_EMAILS, SANDBOX_RESET
from api.v1.interface import interface
from api.v1.parameters import refuse_unknown_parameters
from api.v1.schemas import UtcTime
from notifications.models import EmailState


class EmailFilters(Schema):
    """What the list is narrowed by."""

    agreement_number: Annotated[str, Field(pattern="^[0-9]{12}$")] | None = Field(
        None, description="Only emails about this agreement."
    )
    limit: int = Field(50, ge=1, le=200)


class SandboxEmail(Schema):
    at: UtcTime
    kind: str = Field(description="Open: EM201 (request), EM202 (reminder), EM203 (acceptance), and others.")
    to: Literal["customer", "company"]
    subject: str
    agreement_numbers: list[str]
    bounced: bool = Field(description="Whether the sandbox treated it as undeliverable.")


class SandboxEmails(Schema):
    data: list[SandboxEmail]


class ResetAnswer(Schema):
    deleted: int = Field(description="How many agreements were deleted.")


@interface.get(
    "/sandbox/emails",
    operation_id="listSandboxEmails",
    auth=Access(READING, test=True),
    response=SandboxEmails,
    openapi_extra={"x-problems": ["invalid-request", "unknown-field"], "x-examples": {200: SANDBOX_EMAILS}},
)
def list_sandbox_emails(request: HttpRequest, filters: Query[EmailFilters]) -> dict[str, Any]:
    """List sandbox emails

    The emails that would have been sent, newest first. The sandbox sends no emails and doesn't record their text or
    links.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    refuse_unknown_parameters(request, EmailFilters)
    emails = sandbox_emails(caller.company)
    if filters.agreement_number:
        emails = emails.about(filters.agreement_number)
    newest = emails.order_by("-queued_at", "-pk")[: filters.limit]
    return {
        "data": [
            {
                "at": email.queued_at,
                "kind": email.kind,
                "to": "customer" if is_to_customer(email) else "company",
                "subject": email.subject,
                "agreement_numbers": email.about,
                "bounced": email.state == EmailState.BOUNCED,
            }
            for email in newest
        ]
    }


@interface.post(
    "/sandbox/reset",
    operation_id="resetSandbox",
    auth=Access(READING, MANAGING, policy=WRITE, test=True),
    response=ResetAnswer,
    openapi_extra={"x-examples": {200: SANDBOX_RESET}},
)
def reset(request: HttpRequest) -> dict[str, Any]:
    """Empty the sandbox

    Deletes all of your company's test agreements, with their reports and emails. You can then use each test ESIID as if
    for the first time. Test agreements are also deleted 30 days after they end.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    return {"deleted": reset_sandbox(caller.company)}

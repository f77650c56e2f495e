"""The bodies that the API reads and writes. What it reads has no unknown fields; what it writes may get new ones."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, PlainSerializer, WithJsonSchema

from api.problems import format_time
from api.scopes import SCOPES

UtcTime = Annotated[
    datetime,
    PlainSerializer(format_time, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-28T19:15:00Z"]}),
]
Scope = Literal["agreements:read", "agreements:write", "agreements:manage", "reports:read", "webhooks:manage"]
assert set(Scope.__args__) == set(SCOPES)  # type: ignore[attr-defined]


class RequestBody(Schema):
    """A body that a client sends: what it does not know is refused, and a number is no text (V1)."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FieldProblemAnswer(Schema):
    pointer: str = Field(description="A JSON pointer into the body, or the name of a parameter.")
    code: str = Field(description="Open: required, unknown-field, type, mismatch, limit, and others.")
    detail: str
    causes: list[str] = Field(description="Possible causes. The portal does not say which one applies.")


class ProblemAnswer(Schema):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="The address of a page that explains the code.")
    title: str
    status: int
    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="For people, in English. Never quotes what you sent.")
    instance: str | None = Field(description="The Request-Id as a URN.")
    errors: list[FieldProblemAnswer]
    agreement_number: str | None = Field(description="The agreement that is already waiting for an answer.")
    agreement_status: str | None = Field(description="The current status, if the agreement is no longer pending.")
    retry_at: str | None = Field(description="When to try again.", json_schema_extra={"format": "date-time"})


class ClientAnswer(Schema):
    id: str
    name: str


class CompanyAnswer(Schema):
    name: str
    standing: Literal["pending", "approved", "suspended"]


class KeyAnswer(Schema):
    prefix: str = Field(description="The eight characters that identify the key on My Account / API.")
    expires_at: UtcTime


class QuotaAnswer(Schema):
    policy: str = Field(description="Open: read, write, download, token.")
    quota: int = Field(description="How many requests you can send in each window.")
    window_seconds: int
    used: int = Field(description="How many you have sent in this window.")


class MeAnswer(Schema):
    client: ClientAnswer
    company: CompanyAnswer
    environment: Literal["live", "test"]
    scopes: list[Scope]
    key: KeyAnswer
    limits: list[QuotaAnswer]


class KeyRotation(RequestBody):
    old_key_ends_in_hours: int = Field(
        default=24, ge=0, le=720, description="How long the old key keeps working, up to 30 days."
    )


class NewKeyAnswer(Schema):
    key: str = Field(description="The new key. You can't get it again.")
    prefix: str
    expires_at: UtcTime
    old_key: KeyAnswer


class TokenAnswer(Schema):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds.")
    scope: str = Field(description="Separated by spaces.")


class TokenProblemAnswer(Schema):
    """An error of OAuth (RFC 6749, 5.2)."""

    error: Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]
    error_description: str


Example = dict[str, Any]

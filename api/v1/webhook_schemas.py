"""Webhook endpoints and deliveries, as the API reads and writes them (W4, W5, W9)."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Schema
from pydantic import AwareDatetime, Field

from api.v1.event_schemas import EventTypeName
from api.v1.schemas import RequestBody, UtcTime

Url = Annotated[str, Field(max_length=500, description="https, on port 443 or a port of 1024 or above.")]
Types = Annotated[
    list[EventTypeName | Literal["*"]], Field(min_length=1, max_length=50, description="An asterisk means every type.")
]
Description = Annotated[str, Field(max_length=100)]
DeliveryStateName = Literal["pending", "succeeded", "failed"]


class EndpointBody(RequestBody):
    url: Url
    types: Types = ["*"]
    description: Description = ""


class EndpointChangeBody(RequestBody):
    """Fields that you leave out keep their values."""

    url: Url | None = None
    types: Types | None = None
    description: Description | None = None
    enabled: bool | None = None


class SecretPeriod(Schema):
    made_at: UtcTime
    ends_at: UtcTime | None


class EndpointAnswer(Schema):
    id: str
    url: str
    types: list[str]
    description: str
    enabled: bool
    created_at: UtcTime
    disabled_reason: str | None = Field(description="Open: company, gone, failing, operator.")
    last_success_at: UtcTime | None
    last_failure_at: UtcTime | None
    consecutive_failures: int
    secrets: list[SecretPeriod] = Field(
        description="When the secrets that sign deliveries now were made and end, newest first."
    )


class EndpointWithSecret(EndpointAnswer):
    secret: str = Field(description="The new secret. You can't get it again.")


class EndpointList(Schema):
    data: list[EndpointAnswer]
    next: str | None = Field(description="Always null, because the list has only one page.")


class PingAnswer(Schema):
    delivered: bool
    status: int | None
    took_ms: int
    error: str | None = Field(description="Open: dns, refused, connect, tls, timeout, closed, url, secret.")


class SecretRotation(RequestBody):
    overlap_hours: int = Field(24, ge=0, le=168, description="How long deliveries have both signatures.")


class DeliveryAttempt(Schema):
    at: UtcTime
    status: int | None
    took_ms: int
    error: str | None
    response_start: str = Field(description="The first 500 characters of the response.")


class DeliveryAnswer(Schema):
    id: str
    event_id: str
    type: str
    state: DeliveryStateName
    created_at: UtcTime
    attempts: list[DeliveryAttempt]
    next_attempt_at: UtcTime | None


class DeliveryPage(Schema):
    data: list[DeliveryAnswer] = Field(description="Newest first.")
    next: str | None


class ReplayBody(RequestBody):
    # A body is strict, and JSON has no times.
    since: AwareDatetime = Field(alias="from", strict=False, description="Deliveries created at this time or later.")
    before: AwareDatetime | None = Field(
        None, strict=False, description="Deliveries created before this time. By default, until now."
    )
    only_failed: bool = True


class ReplayAnswer(Schema):
    queued: int = Field(description="How many deliveries will be sent again, 10,000 at most.")

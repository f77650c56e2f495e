"""Events, as the feed and the webhooks write them (W1)."""

from __future__ import annotations

from typing import Literal, get_args

from ninja import Schema
from pydantic import Field

from api.models import EventType
from api.v1.schemas import UtcTime

EventTypeName = Literal[
    "agreement.created", "agreement.resent", "agreement.reminded", "agreement.corrected", "agreement.completed",
    "agreement.rejected", "agreement.expired", "agreement.withdrawn", "agreement.held", "agreement.released",
    "agreement.refused", "invitation.failed", "report.ready", "report.no_data", "report.failed", "report.purged",
    "bulk.finished", "key.expiring", "webhook.disabled",
]  # fmt: skip
assert get_args(EventTypeName) == tuple(EventType.values)


class EventData(Schema):
    """What the event is about. It has no personal data: read the agreement at `url`."""

    agreement_number: str | None = Field(description="Set for agreement, invitation, and report events.")
    external_id: str | None = Field(description="Your own ID for this agreement.")
    status: str | None = Field(description="The agreement's status when the event was published.")
    report_state: str | None = Field(description="The state of its report at that time.")
    client_id: str | None = Field(description="Set for key and webhook events.")
    key_prefix: str | None = Field(description="The key that expires soon.")
    key_expires_at: UtcTime | None
    endpoint_id: str | None = Field(description="The webhook endpoint that was turned off.")
    bulk_id: str | None = Field(description="The bulk invitation that has finished.")
    url: str | None = Field(description="The URL where you can read the agreement.")


class EventAnswer(Schema):
    id: str = Field(description="The same in the feed and in every delivery.")
    type: str = Field(description="Open: we can add new types.")
    timestamp: UtcTime = Field(description="When it happened.")
    test: bool = Field(description="Whether it is about a test agreement or a test key.")
    data: EventData


class EventPage(Schema):
    data: list[EventAnswer] = Field(description="Oldest first.")
    next: str = Field(description="The cursor after the last event. Keep it for the next request.")

"""The feed of events (W1)."""

from __future__ import annotations

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import Field

from api.authentication import Access, Caller
from api.events import event_values
from api.models import ApiEvent
from api.scopes import WEBHOOKS
from api.v1.cursors import seal_place, unseal_place
from api.v1.event_schemas import EventPage, EventTypeName
from api.v1.examples import EVENT_PAGE
from api.v1.interface import interface
from api.v1.parameters import refuse_unknown_parameters

_TOO_OLD = "This cursor is older than the events that we keep. Start without one, and compare the agreements."


class EventFilters(Schema):
    """What the feed is narrowed by, and the page of it."""

    type: list[EventTypeName] = Field([], description="Any of these.")
    limit: int = Field(50, ge=1, le=200)
    after: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="The value of next from your last request."
    )


@interface.get(
    "/events",
    operation_id="listEvents",
    auth=Access(WEBHOOKS),
    response=EventPage,
    openapi_extra={
        "x-problems": ["cursor-mismatch", "invalid-request", "unknown-field"],
        "x-examples": {200: EVENT_PAGE},
    },
)
def list_events(request: HttpRequest, filters: Query[EventFilters]) -> dict[str, Any]:
    """Read the event feed

    What happened to your company's agreements and clients in the last 90 days, oldest first. Keep next and send it as
    after: the response has every event since then. There is always a next, even if nothing is new.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    refuse_unknown_parameters(request, EventFilters)
    client, types = caller.client, sorted(set(filters.type))
    feed = ["events", caller.company.pk, client.environment, *types]
    # A cursor that is older than the events are kept could have passed over some.
    valid = settings.API_EVENT_RETENTION
    place = unseal_place(filters.after, feed, valid=valid, too_old=_TOO_OLD) if filters.after is not None else 0
    events = ApiEvent.objects.feed(caller.company, is_test=client.is_test, after=place)
    # One statement, so that all types are seen as of one moment: otherwise the cursor could pass over an event.
    first, *others = [events.filter(type=each)[: filters.limit] for each in types] or [events[: filters.limit]]
    rows = list(first.union(*others, all=True).order_by("number")[: filters.limit] if others else first)
    place = (rows[-1].number if rows else None) or place
    return {"data": [event_values(event) for event in rows], "next": seal_place(place, feed)}

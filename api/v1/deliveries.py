"""Operations about the deliveries of events to webhook endpoints (W9)."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Query, Schema
from pydantic import AwareDatetime, Field

from api import deliveries
from api.authentication import Access, Caller
from api.models import DeliveryState, WebhookDelivery
from api.request_limits import WRITE
from api.scopes import WEBHOOKS
from api.v1.cursors import seal_place, unseal_place
from api.v1.event_schemas import EventTypeName
from api.v1.interface import interface
from api.v1.parameters import refuse_unknown_parameters
from api.v1.webhook_examples import DELIVERY, DELIVERY_PAGE, REPLAY, REPLAYED
from api.v1.webhook_schemas import DeliveryAnswer, DeliveryPage, DeliveryStateName, ReplayAnswer, ReplayBody
from api.v1.webhooks import action_problems, own_endpoint


class DeliveryFilters(Schema):
    """What the list is narrowed by, and the page of it."""

    state: DeliveryStateName | None = None
    type: EventTypeName | None = None
    since: AwareDatetime | None = Field(None, alias="from", description="Created at this time or later.")
    limit: int = Field(50, ge=1, le=200)
    after: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="The value of next from the page before."
    )


@interface.post(
    "/webhook-endpoints/{endpoint_id}/replay",
    operation_id="replayDeliveries",
    auth=Access(WEBHOOKS, policy=WRITE),
    response=ReplayAnswer,
    openapi_extra={
        "x-problems": ["not-found", "company-suspended", "endpoint-disabled"],
        "x-request-example": REPLAY,
        "x-examples": {200: REPLAYED},
    },
)
def replay_deliveries(request: HttpRequest, endpoint_id: str, body: ReplayBody) -> dict[str, int]:
    """Send several deliveries again

    Each keeps its webhook-id. We send up to 10,000 at once. Ask again for the rest.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    endpoint = own_endpoint(request, endpoint_id)
    chosen: dict[str, Any] = {"since": body.since, "before": body.before, "only_failed": body.only_failed}
    with action_problems(caller):
        return {"queued": deliveries.replay_deliveries(endpoint, by=caller.user, **chosen)}


@interface.get(
    "/webhook-endpoints/{endpoint_id}/deliveries",
    operation_id="listDeliveries",
    auth=Access(WEBHOOKS),
    response=DeliveryPage,
    openapi_extra={
        "x-problems": ["not-found", "cursor-mismatch", "invalid-request", "unknown-field"],
        "x-examples": {200: DELIVERY_PAGE},
    },
)
def list_deliveries(request: HttpRequest, endpoint_id: str, filters: Query[DeliveryFilters]) -> dict[str, Any]:
    """List the deliveries of an endpoint

    Deliveries of the last 30 days, newest first, with their attempts.
    """
    endpoint = own_endpoint(request, endpoint_id)
    refuse_unknown_parameters(request, DeliveryFilters)
    listed = ["deliveries", endpoint.pk, filters.state, filters.type, filters.since and filters.since.isoformat()]
    own = endpoint.deliveries.select_related("event").order_by("-pk")
    if filters.state:
        own = own.filter(state=filters.state)
    if filters.type:
        own = own.filter(event__type=filters.type)
    if filters.since:
        own = own.filter(created_at__gte=filters.since)
    if filters.after is not None:
        own = own.filter(pk__lt=unseal_place(filters.after, listed))
    rows = list(own[: filters.limit + 1])
    has_more, rows = len(rows) > filters.limit, rows[: filters.limit]
    cursor = seal_place(rows[-1].pk, listed) if has_more else None
    return {"data": [_delivery_values(delivery) for delivery in rows], "next": cursor}


@interface.get(
    "/deliveries/{delivery_id}",
    operation_id="getDelivery",
    auth=Access(WEBHOOKS),
    response=DeliveryAnswer,
    openapi_extra={"x-problems": ["not-found"], "x-examples": {200: DELIVERY}},
)
def get_delivery(request: HttpRequest, delivery_id: str) -> dict[str, Any]:
    """Read a delivery

    Includes each attempt: its status, how long it took, and the start of the response.
    """
    return _delivery_values(_own_delivery(request, delivery_id))


@interface.post(
    "/deliveries/{delivery_id}/replay",
    operation_id="replayDelivery",
    auth=Access(WEBHOOKS, policy=WRITE),
    response=DeliveryAnswer,
    openapi_extra={
        "x-problems": ["not-found", "company-suspended", "endpoint-disabled"],
        "x-examples": {200: DELIVERY | {"state": "pending", "next_attempt_at": "2026-11-29T16:00:00Z"}},
    },
)
def replay_delivery(request: HttpRequest, delivery_id: str) -> dict[str, Any]:
    """Send a delivery again

    We send it once, now, with the same webhook-id. If it is waiting for its next attempt, we send it now instead.
    """
    caller: Caller = request.auth  # type: ignore[attr-defined]
    with action_problems(caller):
        deliveries.replay_delivery(_own_delivery(request, delivery_id), by=caller.user)
    return _delivery_values(_own_delivery(request, delivery_id))


def _own_delivery(request: HttpRequest, delivery_id: str) -> WebhookDelivery:
    """Return a delivery to an endpoint of the client. Raises Http404."""
    caller: Caller = request.auth  # type: ignore[attr-defined]
    own = WebhookDelivery.objects.filter(endpoint__client=caller.client, delivery_id=delivery_id[:30])
    delivery = own.select_related("event", "endpoint__client__membership__company").first()
    if delivery is None:
        raise Http404
    return delivery


def _delivery_values(delivery: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": delivery.delivery_id,
        "event_id": delivery.event.event_id,
        "type": delivery.event.type,
        "state": delivery.state,
        "created_at": delivery.created_at,
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.due_at if delivery.state == DeliveryState.PENDING else None,
    }

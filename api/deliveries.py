"""What a company does with deliveries: a ping, an event once more; and how long they are kept (W5, W9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, PositiveSmallIntegerField, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from api.endpoints import lock_client
from api.events import DELETED_AT_ONCE, event_data
from api.models import DeliveryState, WebhookDelivery, WebhookDeliveryQuerySet, WebhookEndpoint
from api.problems import format_time
from api.public_ids import new_event_id
from api.webhook_delivery import LAST_STEP, signed_request
from api.webhook_requests import WebhookOutcome, send_request
from lib.central_time import utc_or_now
from lib.refusals import Problem, Refused
from notifications.wakeup import wake_workers

MOST_REPLAYED = 10_000


def ping(endpoint: WebhookEndpoint) -> WebhookOutcome:
    """Send a `ping` to the endpoint now and return what came of it; its health does not change (W5)."""
    event: dict[str, Any] = {"id": new_event_id(), "type": "ping", "timestamp": format_time(utc_or_now())}
    event |= {"test": endpoint.client.is_test, "data": event_data({"endpoint_id": endpoint.endpoint_id})}
    return send_request(*signed_request(endpoint, event))


@transaction.atomic
def replay_delivery(delivery: WebhookDelivery, *, by: User) -> None:
    """Send a delivery once more now, with the same id; one that waits, now instead of later (W9).

    Raises PermissionDenied, Refused.
    """
    _require_receiving(delivery.endpoint, by)
    _replay(WebhookDelivery.objects.filter(pk=delivery.pk))


@transaction.atomic
def replay_deliveries(
    endpoint: WebhookEndpoint, *, by: User, since: datetime, before: datetime | None = None, only_failed: bool = True
) -> int:
    """Send the endpoint's deliveries of a time once more, MOST_REPLAYED at most; return how many (W9).

    Raises PermissionDenied, Refused.
    """
    _require_receiving(endpoint, by)
    chosen = endpoint.deliveries.filter(created_at__gte=since, created_at__lt=before or utc_or_now())
    chosen = chosen.filter(state=DeliveryState.FAILED) if only_failed else chosen
    return _replay(WebhookDelivery.objects.filter(pk__in=list(chosen.values_list("pk", flat=True)[:MOST_REPLAYED])))


def _replay(deliveries: WebhookDeliveryQuerySet) -> int:
    is_pending = When(state=DeliveryState.PENDING, then=F("step"))
    step = Case(is_pending, default=Value(LAST_STEP), output_field=PositiveSmallIntegerField())
    count = deliveries.update(state=DeliveryState.PENDING, due_at=Now(), step=step)
    wake_workers("events published")
    return count


def _require_receiving(endpoint: WebhookEndpoint, by: User) -> None:
    lock_client(endpoint.client, by)
    if not WebhookEndpoint.objects.receiving().filter(pk=endpoint.pk).exists():
        raise Refused(Problem(_("This endpoint is turned off. Turn it on first."), code="endpoint-disabled"))


def delete_old_deliveries(*, at: datetime | None = None) -> int:
    """Delete deliveries settings.WEBHOOK_DELIVERY_RETENTION after they were created, and return their number."""
    old = WebhookDelivery.objects.filter(created_at__lt=(at or Now()) - settings.WEBHOOK_DELIVERY_RETENTION)
    keys = list(old.order_by("created_at").values_list("pk", flat=True)[:DELETED_AT_ONCE])
    return WebhookDelivery.objects.filter(pk__in=keys).delete()[0]

"""Events as programs get them, those that the API itself records, and how long they are kept (W1, W2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from api.models import ApiEvent, ApiKey, EventType, WebhookEndpoint
from api.problems import format_time
from api.state_names import agreement_url

DELETED_AT_ONCE = 5000
DATA = (
    "agreement_number", "external_id", "status", "report_state", "client_id", "key_prefix", "key_expires_at",
    "endpoint_id", "bulk_id",
)  # fmt: skip


def event_values(event: ApiEvent) -> dict[str, Any]:
    """Return the event as the feed and the webhooks write it, always the same."""
    return {
        "id": event.event_id,
        "type": event.type,
        "timestamp": format_time(event.at),
        "test": event.is_test,
        "data": event_data(event.data),
    }


def event_data(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's data: what is `known`, null for the rest, and where to read the agreement."""
    number = known.get("agreement_number")
    return {name: known.get(name) for name in DATA} | {"url": agreement_url(number) if number else None}


def record_key_expiring(key: ApiKey, *, days: int, at: datetime) -> None:
    """Record `key.expiring`, once for each key and number of `days` (P6)."""
    data = {"client_id": key.client.client_id, "key_prefix": key.prefix, "key_expires_at": format_time(key.expires_at)}
    source = {"source": f"key:{key.pk}:{days}", "type": EventType.KEY_EXPIRING, "at": at}
    event = ApiEvent(company=key.client.company, is_test=key.client.is_test, data=data, **source)
    ApiEvent.objects.bulk_create([event], ignore_conflicts=True)


def record_webhook_disabled(endpoint: WebhookEndpoint, *, at: datetime) -> None:
    """Record `webhook.disabled` (W7)."""
    client = endpoint.client
    data = {"client_id": client.client_id, "endpoint_id": endpoint.endpoint_id}
    source = {"source": f"endpoint:{endpoint.pk}:{at.timestamp()}", "type": EventType.WEBHOOK_DISABLED, "at": at}
    ApiEvent.objects.create(company=client.company, is_test=client.is_test, data=data, **source)


def delete_old_events(*, at: datetime | None = None) -> int:
    """Delete events settings.API_EVENT_RETENTION after they were recorded, and return their number."""
    old = ApiEvent.objects.filter(recorded_at__lt=(at or Now()) - settings.API_EVENT_RETENTION)
    keys = list(old.order_by("recorded_at").values_list("pk", flat=True)[:DELETED_AT_ONCE])
    ApiEvent.objects.filter(pk__in=keys).delete()
    return len(keys)

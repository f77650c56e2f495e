"""Events as programs get them, those that the API itself records, and how long they are kept (W1, W2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from api.models import ApiEvent, ApiKey, EventType
from api.problems import format_time
from api.state_names import agreement_url

DELETED_AT_ONCE = 5000


def event_values(event: ApiEvent) -> dict[str, Any]:
    """Return the event as the feed and the webhooks write it, always the same."""
    data = event.data
    number = data.get("agreement_number")
    expires_at = data.get("key_expires_at")
    return {
        "id": event.event_id,
        "type": event.type,
        "timestamp": format_time(event.at),
        "test": event.is_test,
        "data": {
            "agreement_number": number,
            "status": data.get("status"),
            "report_state": data.get("report_state"),
            "client_id": data.get("client_id"),
            "key_prefix": data.get("key_prefix"),
            "key_expires_at": expires_at,
            "endpoint_id": data.get("endpoint_id"),
            "url": agreement_url(number) if number else None,
        },
    }


def record_key_expiring(key: ApiKey, *, days: int, at: datetime) -> None:
    """Record `key.expiring`, once for each key and number of `days` (P6)."""
    data = {"client_id": key.client.client_id, "key_prefix": key.prefix, "key_expires_at": format_time(key.expires_at)}
    source = {"source": f"key:{key.pk}:{days}", "type": EventType.KEY_EXPIRING, "at": at}
    event = ApiEvent(company=key.client.company, is_test=key.client.is_test, data=data, **source)
    ApiEvent.objects.bulk_create([event], ignore_conflicts=True)


def delete_old_events(*, at: datetime | None = None) -> int:
    """Delete events settings.API_EVENT_RETENTION after they were recorded, and return their number."""
    old = ApiEvent.objects.filter(recorded_at__lt=(at or Now()) - settings.API_EVENT_RETENTION)
    keys = list(old.order_by("recorded_at").values_list("pk", flat=True)[:DELETED_AT_ONCE])
    ApiEvent.objects.filter(pk__in=keys).delete()
    return len(keys)

"""What the API keeps: clients with their keys and tokens, what each client asked in this minute, and events."""

from api.models.client import ApiClient, ApiClientQuerySet, ApiKey, ApiToken, Environment
from api.models.event import ApiEvent, ApiEventQuerySet, EventType, PublisherPosition
from api.models.idempotency_key import IdempotencyKey
from api.models.request_window import RequestWindow

__all__ = [
    "ApiClient", "ApiClientQuerySet", "ApiEvent", "ApiEventQuerySet", "ApiKey", "ApiToken", "Environment", "EventType",
    "IdempotencyKey", "PublisherPosition", "RequestWindow",
]  # fmt: skip

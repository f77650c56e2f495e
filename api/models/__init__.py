"""What the API keeps: clients with keys and tokens, what each asked in this minute, events, and webhooks."""

from api.models.client import ApiClient, ApiClientQuerySet, ApiKey, ApiToken, Environment
from api.models.event import ApiEvent, ApiEventQuerySet, EventType, PublisherPosition
from api.models.idempotency_key import IdempotencyKey
from api.models.request_window import RequestWindow
from api.models.webhook import (
    DeliveryState,
    DisabledReason,
    EndpointSecret,
    WebhookDelivery,
    WebhookDeliveryQuerySet,
    WebhookEndpoint,
    WebhookEndpointQuerySet,
)

__all__ = [
    "ApiClient", "ApiClientQuerySet", "ApiEvent", "ApiEventQuerySet", "ApiKey", "ApiToken", "DeliveryState",
    "DisabledReason", "EndpointSecret", "Environment", "EventType", "IdempotencyKey", "PublisherPosition",
    "RequestWindow", "WebhookDelivery", "WebhookDeliveryQuerySet", "WebhookEndpoint", "WebhookEndpointQuerySet",
]  # fmt: skip

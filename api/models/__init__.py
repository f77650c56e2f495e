"""What the API keeps: clients with keys and tokens, their requests of this minute, events, webhooks, the sandbox."""

from api.models.client import ApiClient, ApiClientQuerySet, ApiKey, ApiToken, Environment
from api.models.event import ApiEvent, ApiEventQuerySet, EventType, PublisherPosition
from api.models.idempotency_key import IdempotencyKey
from api.models.request_window import RequestWindow
from api.models.sandbox import SandboxPremise, SandboxStep, StepKind
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
    "RequestWindow", "SandboxPremise", "SandboxStep", "StepKind", "WebhookDelivery", "WebhookDeliveryQuerySet",
    "WebhookEndpoint", "WebhookEndpointQuerySet",
]  # fmt: skip

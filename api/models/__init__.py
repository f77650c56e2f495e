"""What the API keeps: clients with their keys and tokens, and what each client asked in this minute."""

from api.models.client import ApiClient, ApiClientQuerySet, ApiKey, ApiToken, Environment
from api.models.idempotency_key import IdempotencyKey
from api.models.request_window import RequestWindow

__all__ = ["ApiClient", "ApiClientQuerySet", "ApiKey", "ApiToken", "Environment", "IdempotencyKey", "RequestWindow"]

"""A client of the API as a company's administrator makes it, and requests as its program sends them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.utils import timezone

from api.clients import ClientProfile, IssuedKey, create_client
from api.models import (
    ApiClient,
    ApiEvent,
    ApiKey,
    EndpointSecret,
    Environment,
    EventType,
    WebhookDelivery,
    WebhookEndpoint,
)
from api.scopes import SCOPES
from api.webhook_signatures import new_secret
from companies.models import Membership
from lib import link_tokens
from tests.factories import MembershipFactory

PROFILE = ClientProfile(
    name="CRM",
    contact_name="James Wilson",
    contact_phone="tel:+1-512-555-0101",
    contact_email="james@green-energy.example",
    scopes=tuple(SCOPES),
)


@dataclass
class ApiProgram:
    """A program with a client's key; `get` and `post` give Django's answer, with `json()`."""

    issued: IssuedKey
    administrator: Membership
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self.browser = Client(raise_request_exception=False)

    @property
    def client(self) -> ApiClient:
        return self.issued.key.client

    @property
    def key(self) -> ApiKey:
        return self.issued.key

    @property
    def company(self) -> Any:
        return self.administrator.company

    @property
    def user(self) -> Any:
        return self.client.membership.user

    def headers(self, more: dict[str, str] | None = None) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token or self.issued.text}"} | (more or {})

    def get(self, path: str, data: Any = None, headers: dict[str, str] | None = None, **options: Any) -> Any:
        return self.browser.get(f"/api/v1{path}", data, headers=self.headers(headers), **options)

    def head(self, path: str, headers: dict[str, str] | None = None) -> Any:
        return self.browser.head(f"/api/v1{path}", headers=self.headers(headers))

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None, **options: Any) -> Any:
        options.setdefault("content_type", "application/json")
        return self.browser.post(f"/api/v1{path}", body or {}, headers=self.headers(headers), **options)

    def patch(self, path: str, body: Any = None) -> Any:
        address = f"/api/v1{path}"
        return self.browser.patch(address, body or {}, headers=self.headers(), content_type="application/json")

    def delete(self, path: str) -> Any:
        return self.browser.delete(f"/api/v1{path}", headers=self.headers())


def make_delivery(program: ApiProgram, **columns: Any) -> WebhookDelivery:
    """A delivery that was tried once, to a new endpoint of the program; `columns` are the delivery's."""
    url = "https://hooks.green-energy.example/smart-meter-texas"
    endpoint = WebhookEndpoint.objects.create(client=program.client, url=url, types=["*"], description="CRM in Dallas")
    EndpointSecret.objects.create(endpoint=endpoint, encrypted=link_tokens.encrypt_secret(new_secret()))
    data = {"agreement_number": "112826000001", "status": "complete", "report_state": "ready"}
    about = {"type": EventType.REPORT_READY, "at": timezone.now(), "source": f"test:{endpoint.pk}", "data": data}
    event = ApiEvent.objects.create(company=program.company, **about)
    attempt = {"at": "2026-11-29T14:02:12Z", "status": 503, "took_ms": 93, "error": None, "response_start": "Busy"}
    return WebhookDelivery.objects.create(endpoint=endpoint, event=event, **{"attempts": [attempt]} | columns)


def make_program(
    *scopes: str,
    administrator: Membership | None = None,
    networks: tuple[str, ...] = (),
    name: str = "CRM",
    environment: Environment = Environment.LIVE,
) -> ApiProgram:
    """A new client with a key; without `scopes` with all of them, without `administrator` of a new company."""
    administrator = administrator or MembershipFactory(is_administrator=True)
    chosen = {"scopes": scopes or tuple(SCOPES), "allowed_networks": networks, "name": name}
    profile = ClientProfile(**vars(PROFILE) | chosen)
    details: dict[str, Any] = {"key_days": 365, "form_id": uuid.uuid4(), "environment": environment}
    return ApiProgram(create_client(administrator.company, profile, by=administrator.user, **details), administrator)

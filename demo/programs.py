"""The demo's programs: Bluebonnet's API client with a key, a test client, and a webhook endpoint (P1, W4, V15)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from itertools import accumulate
from operator import add
from typing import Any

from agreements.models import ReportStateChange
from agreements.states import ReportState
from api.clients import ClientProfile, create_client
from api.endpoints import rotate_secret
from api.models import (
    ApiClient,
    ApiEvent,
    ApiKey,
    DeliveryState,
    Environment,
    EventType,
    WebhookDelivery,
    WebhookEndpoint,
)
from api.problems import format_time
from api.publisher import publish_events
from api.scopes import SCOPES
from api.webhook_delivery import LAST_STEP, SCHEDULE
from demo.people import BLUEBONNET, People

ENDPOINT = "https://hooks.bluebonnet-home.example/smart-meter"
TYPES = (EventType.AGREEMENT_COMPLETED, EventType.AGREEMENT_REJECTED, EventType.REPORT_READY, EventType.BULK_FINISHED)
ENDPOINT_DAYS = 25
SECOND = timedelta(seconds=1)


def add_programs(people: People, now: datetime) -> None:
    """Create the clients and the endpoint, publish what happened, and record its deliveries."""
    client = _add_client(people, "CRM", SCOPES, Environment.LIVE, now - timedelta(days=ENDPOINT_DAYS, hours=1))
    ApiKey.objects.filter(client=client).update(last_used_at=now - timedelta(minutes=48))
    _add_client(people, "CRM (trial)", SCOPES, Environment.TEST, now - timedelta(days=40))
    _date_reports_back()
    while publish_events(at=now):  # before there is an endpoint, so that no worker sends them
        pass
    # Not by `create_endpoint`, which asks the name server.
    since = now - timedelta(days=ENDPOINT_DAYS)
    types = [each.value for each in TYPES]
    endpoint = WebhookEndpoint.objects.create(
        client=client, url=ENDPOINT, types=types, description="Customer records", created_at=since
    )
    by = people.users[BLUEBONNET.administrator.username]
    rotate_secret(endpoint, overlap=timedelta(0), by=by, at=since)
    record_deliveries(endpoint, since)


def _date_reports_back() -> None:
    """Date what the reports came to as of the past days of their stories."""
    for change in ReportStateChange.objects.select_related("agreement__report"):
        report = change.agreement.report
        at = report.purged_at if change.state == ReportState.PURGED else report.made_at
        if at:
            ReportStateChange.objects.filter(pk=change.pk).update(at=at)


def _add_client(
    people: People, name: str, scopes: tuple[str, ...], environment: Environment, at: datetime
) -> ApiClient:
    administrator = BLUEBONNET.administrator
    by, company = people.users[administrator.username], people.companies[BLUEBONNET.legal_name]
    contact = (f"{administrator.first_name} {administrator.last_name}", administrator.phone, administrator.email)
    profile = ClientProfile(name, *contact, scopes)
    issued = create_client(company, profile, by=by, key_days=365, form_id=uuid.uuid4(), environment=environment, at=at)
    ApiClient.objects.filter(pk=issued.key.client_id).update(created_at=at)
    return ApiClient.objects.get(pk=issued.key.client_id)


def record_deliveries(endpoint: WebhookEndpoint, since: datetime) -> None:
    """Record what the endpoint got: the oldest event failed every time, the latest arrived at the second attempt."""
    company = endpoint.client.membership.company
    events = list(ApiEvent.objects.feed(company).filter(type__in=endpoint.types, at__gt=since).order_by("at", "pk"))
    deliveries = []
    for place, event in enumerate(events):
        first_at = event.at + 2 * SECOND
        delivery = WebhookDelivery(endpoint=endpoint, event=event, created_at=first_at, due_at=first_at)
        delivery.state = DeliveryState.SUCCEEDED
        delivered = _attempt(first_at, 200, 71 + 13 * place % 90, "ok")
        failed = _attempt(first_at, 503, 340, "Service Unavailable")
        if place == 0:
            due = [first_at + pause for pause in accumulate(SCHEDULE, add)]
            delivery.state, delivery.step = DeliveryState.FAILED, LAST_STEP
            delivery.attempts = [_attempt(at, 500, 112, "unknown customer") for at in due]
        elif event is events[-1]:
            delivery.step = 1
            delivery.attempts = [failed, delivered | {"at": format_time(first_at + SCHEDULE[1])}]
        else:
            delivery.attempts = [delivered]
        deliveries.append(delivery)
    WebhookDelivery.objects.bulk_create(deliveries)
    if deliveries:
        last_at = deliveries[-1].created_at
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
            last_failure_at=last_at, last_success_at=last_at + SCHEDULE[1]
        )


def _attempt(at: datetime, status: int, took_ms: int, response_start: str) -> dict[str, Any]:
    values = {"status": status, "took_ms": took_ms, "error": None, "response_start": response_start}
    return {"at": format_time(at)} | values

"""From the publisher's rows to the endpoints: claim due deliveries, send them, record the outcome (W7, ADR 63).

A delivery is claimed in one transaction, sent outside of any, and recorded by an UPDATE that matches our claim. If a
worker dies, its lease ends, and another one sends the event again, with the same id.
"""

from __future__ import annotations

import json
import logging
import random
import time
import uuid
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from api.endpoints import disable
from api.events import event_values
from api.models import DeliveryState, DisabledReason, WebhookDelivery, WebhookEndpoint
from api.problems import format_time
from api.publisher import publish_events
from api.webhook_requests import WebhookOutcome, send_request
from api.webhook_signatures import sign
from lib import link_tokens
from lib.central_time import utc_or_now

logger = logging.getLogger(__name__)

# The pause before each attempt, as Standard Webhooks recommends; each a tenth more or less, so that what failed
# together does not come back together.
SCHEDULE = (
    timedelta(0), timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2),
    timedelta(hours=5), timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
LAST_STEP = len(SCHEDULE) - 1
RETRY_AFTER_STATUSES = (429, 502, 503, 504)
LONGEST_RETRY_AFTER = timedelta(hours=24)
FAILING_PERIOD = timedelta(days=3)  # of nothing but failures: then an endpoint is turned off
AT_ONCE = 4  # deliveries to one endpoint
SLOTS = 16  # requests of one run at the same time
FAILING_SLOTS = 8  # of these, for endpoints whose latest attempt failed: the others are for those that work
LEASE = timedelta(seconds=90)  # longer than a request with the slowest name server
RUN_SECONDS = 10
PUBLISH_SECONDS = 2
KEPT_ATTEMPTS = 30
NO_LEASE: dict[str, None] = {"lease": None, "leased_until": None}


def deliver_due() -> int:
    """Send due deliveries for RUN_SECONDS and return how many were tried.

    While slow answers are waited for, what is due for other endpoints is still sent, and new events are published.
    """
    end, tried = time.monotonic() + RUN_SECONDS, 0
    published_at = time.monotonic()
    sending: dict[Future[WebhookOutcome], WebhookDelivery] = {}
    with ThreadPoolExecutor(SLOTS) as pool:
        while True:
            is_ending = time.monotonic() > end
            failing = sum(delivery.endpoint.consecutive_failures > 0 for delivery in sending.values())
            if not is_ending or (sending and time.monotonic() < end + LEASE.total_seconds()):
                for delivery in _claim(SLOTS - len(sending), 0 if is_ending else FAILING_SLOTS - failing):
                    tried += 1
                    try:
                        request = signed_request(delivery.endpoint, event_values(delivery.event))
                    except ValueError:  # the key that encrypted the secret is gone
                        _record(delivery, WebhookOutcome(None, 0, "secret"))
                        continue
                    sending[pool.submit(send_request, *request)] = delivery
            if not sending:
                break
            done, _others = wait(sending, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                _record(sending.pop(future), future.result())
            if time.monotonic() - published_at > PUBLISH_SECONDS:
                publish_events()
                published_at = time.monotonic()
    return tried


def _claim(free: int, free_for_failing: int) -> list[WebhookDelivery]:
    """Claim at most `free` due deliveries, of which `free_for_failing` to endpoints that fail, in random order."""
    due = WebhookDelivery.objects.due().filter(endpoint=OuterRef("pk"))
    endpoints = WebhookEndpoint.objects.receiving().filter(Exists(due))
    claimed: list[WebhookDelivery] = []
    for endpoint_key, failures in endpoints.order_by("?").values_list("pk", "consecutive_failures"):
        limit = min(free, free_for_failing) if failures else free
        if limit > 0:
            taken = _claim_of_endpoint(endpoint_key, limit)
            free -= len(taken)
            free_for_failing -= len(taken) if failures else 0
            claimed += taken
    return claimed


@transaction.atomic
def _claim_of_endpoint(endpoint_key: int, limit: int) -> list[WebhookDelivery]:
    """Claim at most `limit` due deliveries, so that all workers together send it AT_ONCE at a time."""
    locked = WebhookEndpoint.objects.receiving().select_for_update(of=("self",), skip_locked=True, no_key=True)
    endpoint = locked.select_related("client").filter(pk=endpoint_key).first()
    if endpoint is None:
        return []
    now = utc_or_now()
    own = WebhookDelivery.objects.filter(endpoint=endpoint)
    limit = min(limit, AT_ONCE - own.leased(at=now).count())
    deliveries = list(own.due(at=now).select_related("event").order_by("due_at", "pk")[: max(limit, 0)])
    lease = uuid.uuid4()
    own.filter(pk__in=[each.pk for each in deliveries]).update(lease=lease, leased_until=now + LEASE)
    for delivery in deliveries:
        delivery.endpoint, delivery.lease = endpoint, lease
    return deliveries


def signed_request(endpoint: WebhookEndpoint, event: dict[str, Any]) -> tuple[str, bytes, dict[str, str]]:
    """Return URL, body and headers of a request that tells `endpoint` about `event`, signed with its secrets (W3).

    The bytes that are signed are those that are sent.
    """
    now = utc_or_now()
    body = json.dumps(event, separators=(",", ":")).encode()
    current = [link_tokens.decrypt_secret(bytes(secret.encrypted)) for secret in endpoint.secrets.current(at=now)]
    timestamp = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": event["id"],
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(event["id"], timestamp, body, current),
    }
    return endpoint.url, body, headers


@transaction.atomic
def _record(delivery: WebhookDelivery, outcome: WebhookOutcome, *, at: datetime | None = None) -> None:
    """Record an attempt of a claimed delivery and what it says about its endpoint (W7)."""
    now = utc_or_now(at)
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=delivery.endpoint_id).first()
    own = WebhookDelivery.objects.filter(pk=delivery.pk, lease=delivery.lease)
    if endpoint is None or not own.exists():
        logger.warning("Webhook delivery %s was taken by another worker, or deleted.", delivery.delivery_id)
        return
    attempt = {"at": format_time(now), "status": outcome.status, "took_ms": outcome.took_ms}
    attempt |= {"error": outcome.error or None, "response_start": outcome.response_start}
    changes: dict[str, Any] = {"attempts": [*delivery.attempts, attempt][-KEPT_ATTEMPTS:], **NO_LEASE}
    if outcome.is_success:
        endpoint.last_success_at, endpoint.failing_since, endpoint.consecutive_failures = now, None, 0
        changes["state"] = DeliveryState.SUCCEEDED
    else:
        endpoint.last_failure_at, endpoint.failing_since = now, endpoint.failing_since or now
        endpoint.consecutive_failures += 1
        step = delivery.step + 1
        is_last = step > LAST_STEP or endpoint.disabled_at is not None
        retry = {} if is_last else {"step": step, "due_at": _next_due(step, outcome, now)}
        changes |= retry or {"state": DeliveryState.FAILED}
    health = ["last_success_at", "last_failure_at", "failing_since", "consecutive_failures"]
    endpoint.save(update_fields=health)
    own.update(**changes)
    if outcome.status == 410:
        disable(endpoint, DisabledReason.GONE, at=now)
    elif endpoint.failing_since and now - endpoint.failing_since >= FAILING_PERIOD:
        disable(endpoint, DisabledReason.FAILING, at=now)


def _next_due(step: int, outcome: WebhookOutcome, now: datetime) -> datetime:
    """Return when to try again: by the schedule, and not before the time that the endpoint asks for."""
    due_at = now + SCHEDULE[step] * random.uniform(0.9, 1.1)
    if outcome.status in RETRY_AFTER_STATUSES:
        due_at = max(due_at, now + min(_pause_asked_for(outcome.retry_after, now), LONGEST_RETRY_AFTER))
    return due_at


def _pause_asked_for(text: str, now: datetime) -> timedelta:
    """Return the pause that Retry-After asks for, in seconds or as a date; none if it is neither."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), LONGEST_RETRY_AFTER.total_seconds()))
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return timedelta(0)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now

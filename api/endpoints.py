"""Webhook endpoints: created, changed, given a new secret, turned off and deleted (W4, W6, W7)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from api import emails, events
from api.models import (
    ApiClient,
    DeliveryState,
    DisabledReason,
    EndpointSecret,
    WebhookDelivery,
    WebhookEndpoint,
)
from api.webhook_addresses import AddressRefused, UrlRefused, parse_url, resolve
from api.webhook_signatures import new_secret
from companies.permissions import ANY_STANDING, NOT_SUSPENDED, lock_as_administrator, lock_company, standing_refusal
from lib import link_tokens
from lib.central_time import utc_or_now
from lib.refusals import Problem, Refused

logger = logging.getLogger(__name__)
LONGEST_OVERLAP = timedelta(days=7)


@dataclass(frozen=True)
class EndpointProfile:
    """What a company chooses for an endpoint."""

    url: str
    types: Sequence[str]
    description: str = ""

    def columns(self) -> dict[str, object]:
        return {"url": self.url, "types": list(self.types), "description": self.description}


@dataclass(frozen=True)
class IssuedSecret:
    """A new secret with its text, which no page or answer shows again."""

    endpoint: WebhookEndpoint
    text: str = field(repr=False)


def create_endpoint(client: ApiClient, profile: EndpointProfile, *, by: User) -> IssuedSecret:
    """Create an endpoint with its first secret. Raises PermissionDenied, Refused."""
    with transaction.atomic():
        lock_client(client, by)  # before the name server is asked, which no lock waits for
    refuse_url(profile.url)
    with transaction.atomic():
        lock_client(client, by)
        if WebhookEndpoint.objects.filter(client=client).count() >= settings.WEBHOOK_ENDPOINTS_PER_CLIENT:
            message = _("This client has %d endpoints. Delete one that you no longer use.")
            raise Refused(Problem(message % settings.WEBHOOK_ENDPOINTS_PER_CLIENT, code="too-many-endpoints"))
        endpoint = WebhookEndpoint.objects.create(client=client, **profile.columns())
        return _issue_secret(endpoint)


def change_endpoint(endpoint: WebhookEndpoint, profile: EndpointProfile, *, is_enabled: bool, by: User) -> None:
    """Change an endpoint, and turn it on or off. Raises PermissionDenied, Refused."""
    if profile.url != endpoint.url:
        with transaction.atomic():
            lock_client(endpoint.client, by)
        refuse_url(profile.url)
    with transaction.atomic():
        lock_client(endpoint.client, by)
        current = WebhookEndpoint.objects.select_for_update(no_key=True)
        endpoint = current.select_related(None).get(pk=endpoint.pk)
        columns = profile.columns()
        if is_enabled and endpoint.disabled_at:
            columns |= {"disabled_at": None, "disabled_reason": "", "failing_since": None, "consecutive_failures": 0}
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**columns)
        if not is_enabled:
            disable(endpoint, DisabledReason.COMPANY)


@transaction.atomic
def delete_endpoint(endpoint: WebhookEndpoint, *, by: User) -> None:
    """Delete an endpoint with its secrets and deliveries, also one of a suspended company. Raises PermissionDenied."""
    lock_client(endpoint.client, by, any_standing=True)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).delete()


@transaction.atomic
def rotate_secret(
    endpoint: WebhookEndpoint, *, overlap: timedelta, by: User, at: datetime | None = None
) -> IssuedSecret:
    """Create a new secret; the one that it replaces ends after `overlap` (W6). Raises PermissionDenied, Refused.

    A third one would make the deliveries' headers ever longer: of older ones, none is left.
    """
    lock_client(endpoint.client, by)
    at = utc_or_now(at)
    newest = endpoint.secrets.current(at=at).first()
    endpoint.secrets.exclude(pk=newest.pk if newest else 0).delete()
    endpoint.secrets.update(ends_at=at + min(overlap, LONGEST_OVERLAP))
    return _issue_secret(endpoint)


@transaction.atomic
def disable_by_operator(endpoint: WebhookEndpoint, *, by: User) -> bool:
    """Turn an endpoint off, and tell the company; False if it is off."""
    logger.info("Webhook endpoint %s was turned off by user %s.", endpoint.endpoint_id, by.pk)
    return disable(endpoint, DisabledReason.OPERATOR)


def disable(endpoint: WebhookEndpoint, reason: DisabledReason, *, at: datetime | None = None) -> bool:
    """Turn an endpoint off and fail what waits for it; False if it is off. Needs a transaction.

    If it was not the company itself, its administrators are emailed, and the feed has `webhook.disabled`.
    """
    at = utc_or_now(at)
    enabled = WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at=None)
    if not enabled.update(disabled_at=at, disabled_reason=reason):
        return False
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.PENDING, leased_until=None)
    waiting.update(state=DeliveryState.FAILED)
    if reason != DisabledReason.COMPANY:
        events.record_webhook_disabled(endpoint, at=at)
        emails.send_webhook_disabled(endpoint, reason, at=at)
    return True


def refuse_url(url: str) -> None:
    """Raise Refused unless webhooks may be sent to `url` as far as can be known now (W8). Asks the name server."""
    try:
        resolve(parse_url(url))
    except UrlRefused as refused:
        raise Refused(Problem(str(refused), field="url", code="url")) from refused
    except AddressRefused as refused:
        if str(refused) == "dns":
            message = _("We can't find the host of this URL. Check its name.")
        else:
            message = _("The host of this URL has an address that we don't send to. Enter a host on the internet.")
        raise Refused(Problem(message, field="url", code="url")) from refused


def renew_secrets() -> int:
    """Encrypt secrets of a replaced key with the first one, and return how many (A4)."""
    count = 0
    for secret in EndpointSecret.objects.iterator():
        if renewed := link_tokens.renew_secret(bytes(secret.encrypted)):
            count += EndpointSecret.objects.filter(pk=secret.pk).update(encrypted=renewed)
    return count


def _issue_secret(endpoint: WebhookEndpoint) -> IssuedSecret:
    text = new_secret()
    EndpointSecret.objects.create(endpoint=endpoint, encrypted=link_tokens.encrypt_secret(text))
    return IssuedSecret(endpoint, text)


def lock_client(client: ApiClient, by: User, *, any_standing: bool = False) -> None:
    """Lock the company, for its administrator or for the client itself. Raises PermissionDenied, Refused."""
    standings = ANY_STANDING if any_standing else NOT_SUSPENDED
    if by.is_person:
        lock_as_administrator(client.owner.pk, by, standings)
    else:
        owner = lock_company(client.owner.pk)
        if refusal := standing_refusal(client.company if client.is_test else owner, standings):
            raise PermissionDenied(refusal)
    if not ApiClient.objects.enabled().filter(pk=client.pk).exists():
        raise Refused(Problem(_("This API client has been turned off."), code="disabled"))

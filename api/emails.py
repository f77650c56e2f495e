"""The emails about API clients and their keys, to a company's administrators (P4, P6, P8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from api.models import ApiClient, ApiKey, DisabledReason, WebhookEndpoint
from companies.emails import administrators_footer
from notifications.actions import OutgoingEmail, queue_email
from notifications.models import Email


def send_key_expiring(key: ApiKey, *, days: int) -> int:
    """API_KEY_EXPIRING, once for each key, administrator and number of `days`. Return how many were queued."""
    kind = "API_KEY_EXPIRING"
    administrators = key.client.owner.administrators()
    keys = {f"{kind}:{key.pk}:{days}:{administrator.pk}": administrator for administrator in administrators}
    for known in Email.objects.filter(key__in=keys).values_list("key", flat=True):
        del keys[known]
    for email_key, administrator in keys.items():
        _queue(kind, email_key, administrator, _("An API key expires soon"), key.client, api_key=key)
    return len(keys)


def send_key_revoked(key: ApiKey) -> None:
    """API_KEY_REVOKED: the key was in an address, so it is in logs."""
    for administrator in key.client.owner.administrators():
        email_key = f"API_KEY_REVOKED:{key.pk}:{administrator.pk}"
        _queue("API_KEY_REVOKED", email_key, administrator, _("We revoked an API key"), key.client, api_key=key)


def send_client_disabled(client: ApiClient) -> None:
    """API_CLIENT_DISABLED: an operator turned it off."""
    for administrator in client.owner.administrators():
        email_key = f"API_CLIENT_DISABLED:{client.pk}:{administrator.pk}"
        _queue("API_CLIENT_DISABLED", email_key, administrator, _("We turned off an API client"), client)


def send_webhook_disabled(endpoint: WebhookEndpoint, reason: DisabledReason, *, at: datetime) -> None:
    """API_WEBHOOK_DISABLED: it answered 410, failed for three days, or an operator turned it off (W7)."""
    for administrator in endpoint.client.owner.administrators():
        email_key = f"API_WEBHOOK_DISABLED:{endpoint.pk}:{at.timestamp()}:{administrator.pk}"
        context = {"endpoint": endpoint, "reason": reason.value}
        subject = _("A webhook endpoint was turned off")
        _queue("API_WEBHOOK_DISABLED", email_key, administrator, subject, endpoint.client, **context)


def _queue(kind: str, email_key: str, to: User, subject: Any, client: ApiClient, **more: Any) -> None:
    context = {"company": client.owner, "client": client, "user": to, **more, **administrators_footer()}
    queue_email(
        OutgoingEmail(
            kind=kind, key=email_key, to=to.email, language=to.language, subject=subject, context=context,
            company_id=client.owner.pk,
        )
    )  # fmt: skip

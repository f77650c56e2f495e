"""Check that a webhook comes from the portal: Standard Webhooks 1.0.0, with nothing but the standard library."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping

from smt_agreements.models import Event, from_json
from smt_agreements.problems import SmtError


class WebhookRejected(SmtError):
    """The request is not from the portal, or too old. Answer with status 400."""


def verify_webhook(body: bytes, headers: Mapping[str, str], secret: str, *, tolerance_seconds: int = 300) -> Event:
    """Return the event of a webhook whose signature was made with `secret`. Raises WebhookRejected.

    `body` is the request's body as it came, before any JSON parser. An event can come twice: ignore an `id` that you
    have handled.
    """
    values = {name.lower(): value for name, value in headers.items()}
    try:
        webhook_id, timestamp = values["webhook-id"], values["webhook-timestamp"]
        age_seconds = abs(time.time() - int(timestamp))
        signatures = values["webhook-signature"].split()
    except (KeyError, ValueError) as error:
        raise WebhookRejected("The headers of Standard Webhooks are missing or malformed.") from error
    if age_seconds > tolerance_seconds:
        raise WebhookRejected("The timestamp is too far from this machine's time.")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("The secret is not one that the portal made.") from error
    digest = hmac.new(key, f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(digest)
    # While a secret is being replaced, there are two signatures.
    if not any(hmac.compare_digest(expected, signature.encode()) for signature in signatures):
        raise WebhookRejected("No signature was made with this secret.")
    return from_json(Event, json.loads(body))

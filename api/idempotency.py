"""One request that is sent again creates nothing again (V12).

The key is written in the transaction that creates the agreements: a killed worker leaves neither behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from api.models import ApiClient, IdempotencyKey
from lib.refusals import Refused


class KeyInUse(Exception):
    """The first request with this key is still running."""


class KeyReused(Exception):
    """The key was used with another body."""


@dataclass(frozen=True)
class OnceCreated:
    """What a request created: the draft whose agreements they are, and whether an earlier request did."""

    draft_id: UUID
    is_replayed: bool


def create_once(
    client: ApiClient, path: str, key: str, body: bytes, create: Callable[[], UUID], *, period: timedelta | None = None
) -> OnceCreated:
    """Call `create`, or return what it created for the same `key` of the company before, within `period` if given.

    Raises KeyInUse, KeyReused, and what `create` raises. A refusal keeps no key, but what it counted (X2).
    """
    body_hash, refusal = hashlib.sha256(body).hexdigest(), None
    scope = {"company": client.company, "environment": client.environment, "path": path, "key": key}
    with transaction.atomic():
        _lock(f"{client.company.pk}:{client.environment}:{path}:{key}")
        if period:
            IdempotencyKey.objects.filter(**scope, created_at__lte=Now() - period).delete()
        if known := IdempotencyKey.objects.filter(**scope).first():
            if known.body_hash != body_hash:
                raise KeyReused
            return OnceCreated(known.draft_id, is_replayed=True)
        try:
            draft_id = create()
            IdempotencyKey.objects.create(**scope, body_hash=body_hash, draft_id=draft_id)
        except Refused as refused:
            refusal = refused
    if refusal:
        raise refusal  # after the commit, so that the failed matches stay recorded
    return OnceCreated(draft_id, is_replayed=False)


def _lock(name: str) -> None:
    """Lock `name` until the transaction ends. Raises KeyInUse instead of waiting."""
    number = int.from_bytes(hashlib.sha256(b"api-idempotency:" + name.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            raise KeyInUse


def delete_old_keys(*, at: datetime | None = None) -> int:
    """Delete the keys that no longer count and return their number."""
    before = (at or Now()) - settings.API_IDEMPOTENCY_PERIOD
    return IdempotencyKey.objects.filter(created_at__lt=before).delete()[0]

"""Limits per day on what strangers may try: guessing an ESIID's meter, sending emails to somebody (X2).

They live in PostgreSQL, so that every process shares them and a lost Redis lifts none.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from accounts.models import Attempt

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """At most `most` attempts a day about one `subject`, for example an ESIID."""

    name: str
    subject: str
    most: int

    @property
    def subject_hash(self) -> str:
        words = f"{self.name}:{self.subject}".encode()
        return hmac.new(settings.SECRET_KEY.encode(), words, hashlib.sha256).hexdigest()


def lock(limits: Iterable[Limit]) -> None:
    """Let one check of each subject count at a time, until the transaction ends: twenty at once would each see room."""
    keys = sorted(int.from_bytes(bytes.fromhex(limit.subject_hash)[:8], "big", signed=True) for limit in limits)
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def used_up(limits: Iterable[Limit], *, at: datetime | None = None) -> datetime | None:
    """When the last of the limits that are used up has room again; None if all have room."""
    since = (at or Now()) - DAY
    free_at = []
    for limit in limits:
        recent = Attempt.objects.filter(subject_hash=limit.subject_hash, at__gt=since)
        latest = list(recent.order_by("-at").values_list("at", flat=True)[: limit.most])
        if len(latest) >= limit.most:
            free_at.append(latest[-1] + DAY)
    return max(free_at, default=None)


def note(limits: Iterable[Limit], *, at: datetime | None = None) -> None:
    """Count one attempt against each."""
    Attempt.objects.bulk_create(Attempt(subject_hash=limit.subject_hash, at=at or Now()) for limit in limits)


def forget(*, at: datetime | None = None) -> int:
    """Delete attempts that no limit counts any more; their number comes back."""
    return Attempt.objects.filter(at__lt=(at or Now()) - DAY).delete()[0]

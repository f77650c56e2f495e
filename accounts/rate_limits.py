"""Limits on what can be guessed or flooded: ESIIDs, meter numbers, emails to one address (X2).

They are counted in PostgreSQL: every process shares them, and losing Redis lifts none. Call each function inside a
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models.functions import Now

from accounts.models import RateLimitHit
from lib.central_time import ONE_DAY, format_central
from lib.keyed_hashes import keyed_hashes
from lib.refusals import Problem, Refused

LONGEST_PERIOD = timedelta(days=30)  # of any limit


@dataclass(frozen=True)
class Limit:
    """At most `maximum` hits in a `period` for one `subject`, for example an ESIID."""

    name: str
    subject: str
    maximum: int
    period: timedelta = ONE_DAY

    @property
    def subject_hashes(self) -> tuple[str, ...]:
        """The hash that is recorded, and those that were before SECRET_KEY was replaced."""
        return keyed_hashes(f"accounts.rate_limits.{self.name}", self.subject)


class LimitReached(Exception):
    """A limit is used up until `free_at`."""

    def __init__(self, free_at: datetime) -> None:
        super().__init__(f"A limit is used up until {free_at}.")
        self.free_at = free_at


def spend(limits: Iterable[Limit], *, at: datetime | None = None) -> None:
    """Count one hit against each limit. If one is used up, count nothing and raise LimitReached."""
    limits = list(limits)
    lock_subjects(limits)
    check(limits, at=at)
    record_hits(limits, at=at)


@contextmanager
def refuse_with(message: str, *, field: str = "") -> Iterator[None]:
    """Turn LimitReached into Refused with `message`, whose %s becomes the time from which there is room again."""
    try:
        yield
    except LimitReached as limit:
        raise Refused(Problem(message % format_central(limit.free_at), field, code="limit")) from limit


def lock_subjects(limits: Iterable[Limit]) -> None:
    """Let one transaction at a time count for each subject, so that parallel requests cannot exceed a limit."""
    hashes = {subject_hash for limit in limits for subject_hash in limit.subject_hashes}
    keys = sorted(int.from_bytes(bytes.fromhex(subject_hash)[:8], "big", signed=True) for subject_hash in hashes)
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def check(limits: Iterable[Limit], *, exceeded: bool = False, at: datetime | None = None) -> None:
    """Raise LimitReached if a limit is used up, or with `exceeded` only if it has more hits than its maximum."""
    free_at: list[datetime] = []
    for limit in limits:
        recent = RateLimitHit.objects.filter(subject_hash__in=limit.subject_hashes, at__gt=(at or Now()) - limit.period)
        hits = recent.order_by("-at").values_list("at", flat=True)
        latest = list(hits[: limit.maximum + exceeded])
        if len(latest) >= limit.maximum + exceeded:
            free_at.append(latest[limit.maximum - 1] + limit.period)
    if free_at:
        raise LimitReached(max(free_at))


def count_hits(limit: Limit, *, at: datetime | None = None) -> int:
    """Return how many hits of `limit` count now."""
    since = (at or Now()) - limit.period
    return RateLimitHit.objects.filter(subject_hash__in=limit.subject_hashes, at__gt=since).count()


def record_hits(limits: Iterable[Limit], *, at: datetime | None = None) -> None:
    """Count one hit against each limit."""
    RateLimitHit.objects.bulk_create(
        RateLimitHit(subject_hash=limit.subject_hashes[0], at=at or Now()) for limit in limits
    )


def delete_old_hits(*, at: datetime | None = None) -> int:
    """Delete the hits that no limit counts any more and return their number."""
    return RateLimitHit.objects.filter(at__lt=(at or Now()) - LONGEST_PERIOD).delete()[0]

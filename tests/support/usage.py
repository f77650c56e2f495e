"""Readings for a test: stored as the loader stores them, and believable enough to tell one day from another."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from lib.central_time import central_day, utc_or_now
from meters.models import FlowDirection, Premise, UsageDay
from meters.usage.days import slots_on
from meters.usage.partitions import ensure_partitions
from meters.usage.reader import DayReadings

CONSUMPTION, SURPLUS = FlowDirection.CONSUMPTION, FlowDirection.SURPLUS_GENERATION


def wh_of(day: date, channel: int = CONSUMPTION) -> list[int | None]:
    """Every slot of `day`, 0 to 4,999 Wh, with zeros and round numbers among them; the same each time."""
    dice = random.Random(f"{day} {channel}")
    return [dice.choice([0, 1, 10, 100, 1000, 1250, dice.randrange(5000)]) for _ in range(slots_on(day))]


def revision_of(day: date) -> datetime:
    """The next morning, at a minute and a second of the day's own, UTC."""
    return datetime(day.year, day.month, day.day, 13, day.day, day.month, tzinfo=UTC) + timedelta(days=1)


def usage(
    day: date,
    channel: int = CONSUMPTION,
    *,
    wh: Sequence[int | None] | None = None,
    estimated: Iterable[int] = (),
    revision_at: datetime | None = None,
) -> DayReadings:
    """A day's readings; `estimated` are slots."""
    values = list(wh_of(day, channel) if wh is None else wh)
    bits = sum(1 << slot for slot in set(estimated))
    est = bits.to_bytes((len(values) + 7) // 8, "little") if bits else None
    return DayReadings(day, int(channel), revision_at or revision_of(day), est, values)


def store(premise: Premise, *days: DayReadings) -> None:
    ensure_partitions(min(one.day for one in days), max(one.day for one in days))
    UsageDay.objects.bulk_create(UsageDay(premise_id=premise.pk, **one._asdict()) for one in days)


def deliver_usage(premise: Premise, at: datetime | None = None) -> None:
    """Store the day before `at`, by default now, so that an acceptance then does not wait for data (R7)."""
    day = central_day(utc_or_now(at)) - timedelta(days=1)
    if not UsageDay.objects.filter(premise_id=premise.pk, day=day).exists():
        store(premise, usage(day))


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def every_day(first: date, last: date, *channels: int) -> list[DayReadings]:
    """Complete days, ordered as `stream_usage` gives them; Consumption if no channel is named."""
    return [usage(day, channel) for day in days_between(first, last) for channel in channels or (CONSUMPTION,)]

"""Readings of test ESIIDs: the same for the same ESIID, Central day, and quarter hour, so that a test can expect a sum.

The reading of slot s (from 0) on a day is 50 + (7 n + 13 d + 29 s) mod 400 watt-hours, where n is the number in the
last eight digits of the ESIID and d the number of days since January 1, 2020.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time

from api.models import SandboxPremise
from api.sandbox.scenarios import Scenario
from lib.central_time import ONE_DAY, add_months, days_between
from meters.models import FlowDirection, UsageDay
from meters.usage.days import slots_on
from meters.usage.partitions import ensure_partitions

EPOCH = date(2020, 1, 1)
SUNNY = range(40, 64)  # slots in which a premise with surplus generation consumes nothing
MISSING_DAYS = range(14, 21)  # before the first use
DAY_WITHOUT_FIRST_HOUR, DAY_WITH_HOLES, HOLES = 10, 5, (20, 50, 80)


def readings(esiid: str, day: date) -> list[int]:
    """Return the watt-hours of each quarter hour of the Central day, whatever its direction."""
    start = 7 * int(esiid[-8:]) + 13 * (day - EPOCH).days
    return [50 + (start + 29 * slot) % 400 for slot in range(slots_on(day))]


def store_year(place: SandboxPremise, scenario: Scenario, today: date) -> None:
    """Store what is missing of the readings of a year before the Central day `today`. Needs a transaction."""
    first, last = add_months(today, -12), today - ONE_DAY
    if scenario.meter_days is not None:
        first = max(first, _days_before(place.made_on, scenario.meter_days))
    ensure_partitions(first, last)
    on_file = UsageDay.objects.filter(premise_id=place.pk, day__range=(first, last)).values_list("day", flat=True)
    missing = sorted(set(days_between(first, last)) - set(on_file))
    days = [usage_day for day in missing for usage_day in _usage_days(place, scenario, day)]
    UsageDay.objects.bulk_create(days, ignore_conflicts=True, batch_size=200)


def _usage_days(place: SandboxPremise, scenario: Scenario, day: date) -> Iterator[UsageDay]:
    consumed: list[int | None] = [*readings(place.premise.esiid, day)]
    details = {"premise_id": place.pk, "day": day, "revision_at": datetime.combine(day + ONE_DAY, time(13), UTC)}
    if scenario.has_surplus:
        surplus = [wh if slot in SUNNY else 0 for slot, wh in enumerate(consumed)]
        consumed = [0 if slot in SUNNY else wh for slot, wh in enumerate(consumed)]
        yield UsageDay(channel=FlowDirection.SURPLUS_GENERATION, wh=surplus, **details)
    if scenario.has_gaps:
        days_before = (place.made_on - day).days
        if days_before in MISSING_DAYS:
            return
        holes: Iterable[int] = {DAY_WITHOUT_FIRST_HOUR: range(4), DAY_WITH_HOLES: HOLES}.get(days_before, ())
        consumed = [None if slot in holes else wh for slot, wh in enumerate(consumed)]
    estimated = _estimated_slots(day) if scenario.has_estimates else ()
    yield UsageDay(channel=FlowDirection.CONSUMPTION, wh=consumed, est=_pack(estimated, len(consumed)), **details)


def _estimated_slots(day: date) -> Iterable[int]:
    slots = slots_on(day)
    return {5: range(40, 56), 9: range(slots - 8, slots), 10: range(8)}.get(day.day, ())


def _pack(slots: Iterable[int], count: int) -> bytes | None:
    """Return UsageDay.est: a bit per slot, lowest first."""
    bits = sum(1 << slot for slot in slots)
    return bits.to_bytes((count + 7) // 8, "little") if bits else None


def _days_before(day: date, count: int) -> date:
    return date.fromordinal(day.toordinal() - count)

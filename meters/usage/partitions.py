"""The monthly partitions that hold usage: made before they are needed, dropped after the retention time (ADR 9)."""

from __future__ import annotations

import logging
from datetime import date, datetime

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now

from lib.central_time import CENTRAL, ONE_DAY, add_months, central_day
from meters.models import CarriedSlots, OldMonth

logger = logging.getLogger(__name__)

FIRST_DAY = date(2007, 1, 1)  # no smart meter in Texas is older

_LOCK = 0x534D5401  # "SMT", 1: who makes or drops partitions
_TAKE_LOCK = "SELECT pg_advisory_xact_lock(%s)"

_ATTACHED = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'usage_day'::regclass
"""


def last_possible_day() -> date:
    """Return today, Central: nothing was measured on a later day."""
    return _today()


def last_prepared_day() -> date:
    """Return the last day of the next month but one: partitions are made ahead until then."""
    return add_months(_today().replace(day=1), 3) - ONE_DAY


def first_kept_day(today: date | None = None) -> date:
    """Return the Central day from which usage is kept: the first of a month, settings.USAGE_RETENTION_MONTHS ago.

    FIRST_DAY where that setting is 0: nothing is dropped.
    """
    if not settings.USAGE_RETENTION_MONTHS:
        return FIRST_DAY
    this_month = (today or _today()).replace(day=1)
    return max(add_months(this_month, -settings.USAGE_RETENTION_MONTHS), FIRST_DAY)


def ensure_partitions(first_day: date, last_day: date) -> int:
    """Make the monthly partitions for these days where they are missing and return how many were made.

    Months before the first kept day stay for settings.OLD_USAGE_KEPT from now (ADR 9). Two imports may call this at
    once. ValueError for days before 2007 or after the last prepared day.
    """
    if not FIRST_DAY <= first_day <= last_day <= last_prepared_day():
        raise ValueError(
            f"Usage from {first_day} to {last_day}: only {FIRST_DAY} to {last_prepared_day()} can be kept."
        )
    months = [first_day.replace(day=1)]
    while (following := add_months(months[-1], 1)) <= last_day:
        months.append(following)
    old_months = {month for month in months if month < first_kept_day()}
    if old_months:  # without those that are already kept for nearly as long
        kept_until = Now() + settings.OLD_USAGE_KEPT
        kept = OldMonth.objects.filter(month__in=old_months, kept_until__gt=kept_until - ONE_DAY)
        old_months -= set(kept.values_list("month", flat=True))
    if not old_months and _attached().issuperset(map(_name, months)):
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE_LOCK, [_LOCK])
        for month in sorted(old_months):
            OldMonth.objects.update_or_create(month=month, defaults={"kept_until": Now() + settings.OLD_USAGE_KEPT})
        attached = _attached()
        missing = [month for month in months if _name(month) not in attached]
        for month in missing:
            cursor.execute("SELECT make_usage_partition(%s)", [month])
    return len(missing)


def make_coming_partitions() -> int:
    """Make the partitions of this month and the next two, so that they exist before they are needed."""
    return ensure_partitions(_today(), last_prepared_day())


def drop_expired_partitions(*, at: datetime | None = None) -> int:
    """Drop the months whose retention time is over; return how many.

    Each month is dropped entirely or not at all. A month that is being read is left to the next sweep, because waiting
    for its lock would make other readers wait too.
    """
    now = at or datetime.now(CENTRAL)
    # An import that began yesterday still relies on yesterday's limit.
    first_kept = first_kept_day(central_day(now) - ONE_DAY)
    count = 0
    for name in sorted(_attached()):
        month = date(int(name[11:15]), int(name[16:18]), 1)  # usage_day_y2026m11
        if month >= first_kept:
            continue
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_TAKE_LOCK, [_LOCK])
                if OldMonth.objects.filter(month=month, kept_until__gt=now).exists():
                    continue
                cursor.execute("SET LOCAL lock_timeout = '1s'")
                cursor.execute("SELECT drop_usage_partition(%s)", [month])
                CarriedSlots.objects.filter(day__gte=month, day__lt=add_months(month, 1)).delete()
                OldMonth.objects.filter(month=month).delete()
        except OperationalError as error:
            logger.warning("Partition %s stays until the next sweep: %s", name, error)
            continue
        logger.info("Partition %s was dropped.", name)
        count += 1
    return count


def _today() -> date:
    return datetime.now(CENTRAL).date()


def _name(month: date) -> str:
    return f"usage_day_y{month:%Y}m{month:%m}"


def _attached() -> set[str]:
    """Return the names of the partitions."""
    with connection.cursor() as cursor:
        cursor.execute(_ATTACHED)
        return {name for (name,) in cursor.fetchall()}

"""The monthly partitions that hold usage: made before they are needed, dropped when they are no longer kept (ADR 9)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now

from meters.models import CarriedSlots, OldMonth
from meters.usage.days import CENTRAL

logger = logging.getLogger(__name__)

FIRST_DAY = date(2007, 1, 1)  # no smart meter in Texas is older

_LOCK = 0x534D5401  # "SMT", 1: who makes or drops partitions
_TAKE_LOCK = "SELECT pg_advisory_xact_lock(%s)"
_DAY = timedelta(days=1)

_ATTACHED = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'usage_day'::regclass
"""


def last_possible_day() -> date:
    """Usage is kept up to the end of next year, Central: a later day in a file is a typing error."""
    return date(_today().year + 1, 12, 31)


def first_kept_day(today: date | None = None) -> date:
    """The Central day from which usage is kept: the first of a month, settings.USAGE_RETENTION_MONTHS before this one.

    FIRST_DAY where that setting is 0: nothing is ever dropped.
    """
    if not settings.USAGE_RETENTION_MONTHS:
        return FIRST_DAY
    today = today or _today()
    year, month_index = divmod(today.year * 12 + today.month - 1 - settings.USAGE_RETENTION_MONTHS, 12)
    return max(date(year, month_index + 1, 1), FIRST_DAY)


def ensure_partitions(first_day: date, last_day: date) -> int:
    """Make the monthly partitions for these days where they are missing and return how many were made.

    Months older than what is kept stay for settings.OLD_USAGE_KEPT from now (ADR 9). Safe when two loaders do it at
    once. ValueError for days before 2007 or after next year.
    """
    if not FIRST_DAY <= first_day <= last_day <= last_possible_day():
        raise ValueError(
            f"Usage from {first_day} to {last_day}: only {FIRST_DAY} to {last_possible_day()} can be kept."
        )
    wanted = dict(_months(first_day, last_day))
    old = _old_months(month for month, _following in wanted.values())
    if not wanted.keys() - _attached() and not old:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE_LOCK, [_LOCK])
        for month in old:
            OldMonth.objects.update_or_create(month=month, defaults={"kept_until": Now() + settings.OLD_USAGE_KEPT})
        missing = sorted(wanted.keys() - _attached())
        for name in missing:
            month, following = wanted[name]
            # Made aside and attached: CREATE ... PARTITION OF would lock every reader out.
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {name} (LIKE usage_day INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
            )
            cursor.execute(
                f"ALTER TABLE usage_day ATTACH PARTITION {name} FOR VALUES FROM ('{month}') TO ('{following}')"
            )
    return len(missing)


def make_coming_partitions() -> int:
    """The sweep's part: the partitions of this month and the two that follow exist before anybody needs them."""
    today = _today()
    last_month = _following_month(_following_month(today.replace(day=1)))
    return ensure_partitions(today, min(last_month, last_possible_day()))


def drop_expired_partitions(*, at: datetime | None = None) -> int:
    """The sweep's other part: drop the months whose usage is no longer kept; returns how many went.

    A month at a time, all of it or nothing. One that somebody reads just now is left to the next sweep: waiting for it
    would make everybody else wait too.
    """
    now = at or datetime.now(CENTRAL)
    # A load that began yesterday still counts on yesterday's limit.
    first_kept = first_kept_day((now.astimezone(CENTRAL) - _DAY).date())
    months = [month for name in _attached() if (month := _month_of(name)) < first_kept]
    return sum(_drop(month, now) for month in sorted(months))


def _drop(month: date, now: datetime) -> bool:
    name = _name(month)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_TAKE_LOCK, [_LOCK])
            if OldMonth.objects.filter(month=month, kept_until__gt=now).exists():
                return False
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
            CarriedSlots.objects.filter(day__gte=month, day__lt=_following_month(month)).delete()
            OldMonth.objects.filter(month=month).delete()
    except OperationalError as error:
        logger.warning("Partition %s stays until the next sweep: %s", name, error)
        return False
    logger.info("Partition %s was dropped.", name)
    return True


def _old_months(months: Iterator[date]) -> list[date]:
    """Those older than what is kept, but for those that stay long enough already."""
    first_kept = first_kept_day()
    old = [month for month in months if month < first_kept]
    if not old:
        return []
    long_enough = Now() + settings.OLD_USAGE_KEPT - _DAY
    staying = OldMonth.objects.filter(month__in=old, kept_until__gt=long_enough).values_list("month", flat=True)
    return sorted(set(old) - set(staying))


def _today() -> date:
    return datetime.now(CENTRAL).date()


def _months(first_day: date, last_day: date) -> Iterator[tuple[str, tuple[date, date]]]:
    month = first_day.replace(day=1)
    while month <= last_day:
        following = _following_month(month)
        yield _name(month), (month, following)
        month = following


def _following_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _name(month: date) -> str:
    return f"usage_day_y{month:%Y}m{month:%m}"


def _month_of(name: str) -> date:
    return datetime.strptime(name, "usage_day_y%Ym%m").date()


def _attached() -> set[str]:
    """The names of the partitions."""
    with connection.cursor() as cursor:
        cursor.execute(_ATTACHED)
        return {name for (name,) in cursor.fetchall()}

"""The demo's usage: a year and more of believable quarter hours, straight into usage_day by COPY.

Lists of whole numbers and nothing per interval but one multiplication: 150,000 days of readings in a few seconds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache

import psycopg
from django.db import connection, transaction

from demo.load_shapes import solar_day, usual_day
from demo.neighborhood import SEED, Place, Story
from lib.central_time import CENTRAL
from meters.models import FlowDirection
from meters.usage.days import slots_on
from meters.usage.partitions import ensure_partitions

_UNIT = 1024  # one, in the whole numbers of _restlessness
_NOISE = 2_003
_ABOUT_A_MEGABYTE = 1 << 20

# Days before today of the special stories; agreements of `stories` ask about them.
GAP = range(24, 27)
ESTIMATED = range(20, 27)
_WITH_GAP = {Story.THREE_DAY_GAP, Story.GAP_AND_ESTIMATES}
_WITH_ESTIMATES = {Story.ESTIMATED_WEEK, Story.GAP_AND_ESTIMATES}


def add_usage(places: dict[int, Place], first_day: date, last_day: date) -> int:
    """As `copy_usage`, for premises that may have usage on some of these days already: it stays as it is."""
    ensure_partitions(first_day, last_day)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE demo_usage (LIKE usage_day) ON COMMIT DROP")
        copy_usage(places, first_day, last_day, table="demo_usage")
        cursor.execute(
            "INSERT INTO usage_day (premise_id, day, channel, revision_at, est, wh)"
            " SELECT premise_id, day, channel, revision_at, est, wh FROM demo_usage ON CONFLICT DO NOTHING"
        )
        return cursor.rowcount


def copy_usage(places: dict[int, Place], first_day: date, last_day: date, *, table: str = "usage_day") -> int:
    """Write usage of `places` (premise id -> place) for these days, both included; return the rows written.

    The premises must have no usage on these days yet: COPY knows no conflict.
    """
    ensure_partitions(first_day, last_day)
    # Homes of a kind in one place share their usual days and their weather: computed once if they come together.
    alike = sorted(places.items(), key=lambda item: (item[1].utility.slug, item[1].kind))
    days = [first_day + timedelta(days=number) for number in range((last_day - first_day).days + 1)]
    mornings = [_next_morning(day) for day in days]
    rows = 0
    with (
        psycopg.Cursor(connection.connection) as cursor,
        cursor.copy(f"COPY {table} (premise_id, day, channel, revision_at, est, wh) FROM STDIN") as copy,
    ):
        waiting: list[str] = []
        size = 0
        for premise_id, place in alike:
            for row in _rows(premise_id, place, days, mornings, last_day + timedelta(days=1)):
                waiting.append(row)
                size += len(row)
                if size > _ABOUT_A_MEGABYTE:
                    copy.write("".join(waiting))
                    rows, size = rows + len(waiting), 0
                    waiting.clear()
        copy.write("".join(waiting))
    return rows + len(waiting)


def _rows(premise_id: int, place: Place, days: list[date], mornings: list[datetime], today: date) -> Iterator[str]:
    """One line of COPY text per day and direction."""
    if place.story is Story.NO_USAGE:
        return
    chance = random.Random(f"{SEED}:{place.esiid}:{days[0]}")
    everyday = [int(part * place.scale) for part in _restlessness()]
    away = [part // 3 for part in everyday]
    habit = chance.randrange(-3, 4)  # quarter hours earlier or later than other people
    vacation = chance.randrange(len(days))
    kilowatts = int(place.solar_kw * 64)
    utility = place.utility.slug
    for index, day in enumerate(days):
        ago = (today - day).days
        luck = chance.random()
        if luck < 0.004 or (place.story in _WITH_GAP and ago in GAP):
            continue
        usual = usual_day(place.kind, utility, day)
        noise = away if 0 <= index - vacation < 7 and not place.is_business else everyday
        start = int(luck * 1_000_003) % (_NOISE - 110)
        wh: list[int | None] = [
            part * unrest >> 10 for part, unrest in zip(usual[habit:] + usual[:habit], noise[start:], strict=False)
        ]
        revision = f"{mornings[index] + timedelta(seconds=int(luck * 1e7) % 10_800):%Y-%m-%d %H:%M:%S+00}"
        est = r"\N"
        if place.story in _WITH_ESTIMATES and ago in ESTIMATED:
            wh = [int(part * place.scale) for part in usual]
            est = _flags(range(slots_on(day)), slots_on(day))
        elif luck > 0.985:
            wh, est = _flawed(wh, chance)
        if not kilowatts:
            yield f"{premise_id}\t{day}\t{FlowDirection.CONSUMPTION.value}\t{revision}\t{est}\t{_array(wh)}\n"
            continue
        sun = solar_day(utility, day)
        net = [None if part is None else part - (made * kilowatts >> 6) for part, made in zip(wh, sun, strict=True)]
        bought = [part if part is None or part > 0 else 0 for part in net]
        sold = [part if part is None else -part if part < 0 else 0 for part in net]
        yield f"{premise_id}\t{day}\t{FlowDirection.CONSUMPTION.value}\t{revision}\t{est}\t{_array(bought)}\n"
        yield f"{premise_id}\t{day}\t{FlowDirection.SURPLUS_GENERATION.value}\t{revision}\t{est}\t{_array(sold)}\n"


def _flawed(wh: list[int | None], chance: random.Random) -> tuple[list[int | None], str]:
    """Some quarter hours that were not read, or were estimated, in a row."""
    first = chance.randrange(len(wh) - 16)
    slots = range(first, first + chance.randrange(1, 16))
    if chance.random() < 0.4:
        return [None if slot in slots else part for slot, part in enumerate(wh)], r"\N"
    return wh, _flags(slots, len(wh))


def _flags(slots: range, of: int) -> str:
    """UsageDay.est as COPY reads it: a bit per slot, lowest first."""
    bits = sum(1 << slot for slot in slots)
    return r"\\x" + bits.to_bytes((of + 7) // 8, "little").hex()


def _array(wh: list[int | None]) -> str:
    # A list's own text is an array's but for its brackets and its word for nothing.
    text = str(wh)[1:-1]
    return f"{{{text.replace('None', 'NULL') if 'N' in text else text}}}"


@cache
def _restlessness() -> list[int]:
    """How real quarter hours lie about the usual one: a compressor that goes on and off, an oven, nobody at home."""
    chance = random.Random(SEED)
    noise: list[int] = []
    while len(noise) < _NOISE:
        level = chance.choice((0.72, 0.85, 0.95, 1.0, 1.08, 1.5))
        noise += [int(_UNIT * level * chance.uniform(0.86, 1.16)) for _ in range(chance.randrange(1, 6))]
    return noise[:_NOISE]


def _next_morning(day: date) -> datetime:
    """When a day's readings come in at the earliest: half past five of the next morning, Central."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, 5, 30, tzinfo=CENTRAL).astimezone(UTC)

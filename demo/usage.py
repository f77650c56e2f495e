"""The demo's usage: more than a year of plausible quarter hours, written to usage_day by COPY.

It uses lists of integers and one multiplication per interval, so that 150,000 days take a few seconds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import psycopg
from django.db import connection, transaction

from demo.load_shapes import solar_day, typical_day
from demo.neighborhood import SEED, DemoPremise, UsageQuirk
from lib.central_time import CENTRAL, ONE_DAY, days_between
from meters.models import FlowDirection
from meters.usage.days import slots_on
from meters.usage.partitions import ensure_partitions

_UNIT = 1024  # 1.0 in _noise_levels
_NOISE = 2_003
_COPY_CHARACTERS = 1 << 20  # written at once

# Days before today with a quirk; requests in `stories` include them.
GAP = range(24, 27)
ESTIMATED = range(20, 27)
_WITH_GAP = {UsageQuirk.THREE_DAY_GAP, UsageQuirk.GAP_AND_ESTIMATES}
_WITH_ESTIMATES = {UsageQuirk.ESTIMATED_WEEK, UsageQuirk.GAP_AND_ESTIMATES}


def add_usage(places: dict[int, DemoPremise], first_day: date, last_day: date) -> int:
    """Write usage like `copy_usage`, but keep days that the premises already have."""
    ensure_partitions(first_day, last_day)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE demo_usage (LIKE usage_day) ON COMMIT DROP")
        copy_usage(places, first_day, last_day, table="demo_usage")
        cursor.execute(
            "INSERT INTO usage_day (premise_id, day, channel, revision_at, est, wh)"
            " SELECT premise_id, day, channel, revision_at, est, wh FROM demo_usage ON CONFLICT DO NOTHING"
        )
        return int(cursor.rowcount)


def copy_usage(places: dict[int, DemoPremise], first_day: date, last_day: date, *, table: str = "usage_day") -> int:
    """Write usage of `places` (by premise id) for these days, both included; return the rows written.

    The premises must have no usage on these days, because COPY can't skip rows.
    """
    ensure_partitions(first_day, last_day)
    # Homes of one kind and place share their typical days and their weather, which are cached.
    sorted_places = sorted(places.items(), key=lambda item: (item[1].utility.slug, item[1].kind))
    days = list(days_between(first_day, last_day))
    # A day's readings arrive after half past five of the next morning, Central.
    mornings = [datetime.combine(day + ONE_DAY, time(5, 30), tzinfo=CENTRAL).astimezone(UTC) for day in days]
    rows = 0
    with (
        psycopg.Cursor(connection.connection) as cursor,
        cursor.copy(f"COPY {table} (premise_id, day, channel, revision_at, est, wh) FROM STDIN") as copy,
    ):
        buffered: list[str] = []
        size = 0
        for premise_id, place in sorted_places:
            for row in copy_rows(premise_id, place, days, mornings, last_day + ONE_DAY):
                buffered.append(row)
                size += len(row)
                if size > _COPY_CHARACTERS:
                    copy.write("".join(buffered))
                    rows, size = rows + len(buffered), 0
                    buffered.clear()
        copy.write("".join(buffered))
    return rows + len(buffered)


def copy_rows(
    premise_id: int, place: DemoPremise, days: list[date], mornings: list[datetime], today: date
) -> Iterator[str]:
    """Yield a line of COPY text per day and direction."""
    if place.quirk is UsageQuirk.NO_USAGE:
        return
    dice = random.Random(f"{SEED}:{place.esiid}:{days[0]}")
    noise_at_home = [int(level * place.scale) for level in _noise_levels()]
    noise_away = [level // 3 for level in noise_at_home]
    shift = dice.randrange(-3, 4)  # quarter hours by which this household is later or earlier than typical ones
    vacation = dice.randrange(len(days))
    solar_units = int(place.solar_kw * 64)
    for index, day in enumerate(days):
        days_ago = (today - day).days
        draw = dice.random()
        if draw < 0.004 or (place.quirk in _WITH_GAP and days_ago in GAP):
            continue
        typical = typical_day(place.kind, place.utility.slug, day)
        noise = noise_away if 0 <= index - vacation < 7 and not place.is_business else noise_at_home
        start = int(draw * 1_000_003) % (_NOISE - 110)
        wh: list[int | None] = [
            value * level >> 10 for value, level in zip(typical[shift:] + typical[:shift], noise[start:], strict=False)
        ]
        revision = f"{mornings[index] + timedelta(seconds=int(draw * 1e7) % 10_800):%Y-%m-%d %H:%M:%S+00}"
        est = r"\N"
        if place.quirk in _WITH_ESTIMATES and days_ago in ESTIMATED:
            wh = [int(value * place.scale) for value in typical]
            est = _pack_flags(range(slots_on(day)), slots_on(day))
        elif draw > 0.985:  # some intervals in a row are missing or estimated
            first = dice.randrange(len(wh) - 16)
            flawed = range(first, first + dice.randrange(1, 16))
            if dice.random() < 0.4:
                wh = [None if slot in flawed else value for slot, value in enumerate(wh)]
            else:
                est = _pack_flags(flawed, len(wh))
        channels = {FlowDirection.CONSUMPTION: wh}
        if solar_units:
            sun = solar_day(place.utility.slug, day)
            net = [
                None if used is None else used - (made * solar_units >> 6) for used, made in zip(wh, sun, strict=True)
            ]
            channels = {
                FlowDirection.CONSUMPTION: [value if value is None or value > 0 else 0 for value in net],
                FlowDirection.SURPLUS_GENERATION: [
                    value if value is None else -value if value < 0 else 0 for value in net
                ],
            }
        for channel, values in channels.items():
            # A list's text is that of an array but for brackets and NULL.
            array = str(values)[1:-1].replace("None", "NULL")
            yield f"{premise_id}\t{day}\t{channel.value}\t{revision}\t{est}\t{{{array}}}\n"


def _pack_flags(slots: range, slot_count: int) -> str:
    """Write UsageDay.est in COPY's form: a bit per slot, lowest first."""
    bits = sum(1 << slot for slot in slots)
    return r"\\x" + bits.to_bytes((slot_count + 7) // 8, "little").hex()


@cache
def _noise_levels() -> list[int]:
    """Return factors by which quarter hours differ from the typical one, as a compressor or an oven makes them."""
    dice = random.Random(SEED)
    noise: list[int] = []
    while len(noise) < _NOISE:
        level = dice.choice((0.72, 0.85, 0.95, 1.0, 1.08, 1.5))
        noise += [int(_UNIT * level * dice.uniform(0.86, 1.16)) for _ in range(dice.randrange(1, 6))]
    return noise[:_NOISE]

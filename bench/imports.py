"""Importing a file of usage, against PostgreSQL's COPY of the same file into an unlogged table."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import psycopg
from django.db import connection

from bench import data
from bench.goals import Goal
from bench.memory import memory_over_idle
from bench.rounds import run_in_turns
from meters.imports import import_usage
from meters.usage.interval_csv import HEADER, render_day
from meters.usage.partitions import ensure_partitions

PER_DAY = 96
BAD = 1_000  # one line in so many is bad
_AT_ONCE = 1 << 20
# After the days of the other measurements, so that imports start with an empty partition.
_DAY = data.FIRST_DAY + timedelta(days=500)

_TYPED = """
    DROP TABLE IF EXISTS bench_typed;
    CREATE UNLOGGED TABLE bench_typed (esiid text, usage_date date, revision_date timestamp, start_time time,
        end_time time, kwh numeric(7, 3), flag "char", direction text);
    SET datestyle = 'ISO, MDY';
"""


def write_file(path: Path, rows: int, *, bad: bool = False, later: bool = False) -> None:
    """Write a night's file of `rows` rows: one day of each premise.

    With `bad`, about every BAD-th row is invalid. `later` writes the next revision of the same days.
    """
    dice = random.Random(5 if later else 4)
    with path.open("wb") as file:
        file.write(HEADER)
        for lines in printed_days(rows // PER_DAY, dice, nights=2 if later else 1):
            if bad:
                lines = [damage(line, dice) if dice.randrange(BAD) == 0 else line for line in lines]
            file.write(b"".join(lines))


def printed_days(count: int, dice: random.Random, nights: int) -> Iterator[list[bytes]]:
    for number in range(1, count + 1):
        wh: list[int | None] = [round(40 + 600 * dice.random() * dice.random()) for _slot in range(PER_DAY)]
        revision_at = datetime(_DAY.year, _DAY.month, _DAY.day, 12, number % 60, tzinfo=UTC) + timedelta(days=nights)
        yield render_day(data.esiid(number), _DAY, revision_at, 0, wh, None).splitlines(keepends=True)


def write_solar_files(in_order: Path, alternating: Path, rows: int) -> None:
    """Write days of both directions twice: one direction after the other, and row by row in turns."""
    dice = random.Random(6)
    with in_order.open("wb") as sorted_file, alternating.open("wb") as mixed_file:
        sorted_file.write(HEADER)
        mixed_file.write(HEADER)
        for used in printed_days(rows // PER_DAY // 2, dice, nights=1):
            fed_in = [line.replace(b",Consumption", b",Surplus Generation") for line in reversed(used)]
            fed_in = [
                b",".join([*line.split(b",")[:5], *other.split(b",")[5:]])
                for line, other in zip(used, fed_in, strict=True)
            ]
            sorted_file.write(b"".join(used + fed_in))
            mixed_file.write(b"".join(chain.from_iterable(zip(used, fed_in, strict=True))))


def damage(line: bytes, dice: random.Random) -> bytes:
    """Make the line invalid in one of several ways."""
    fields = line.split(b",")
    kind = dice.randrange(4)
    if kind == 0:
        fields[5] = b"n/a"
    elif kind == 1:
        fields[6] = b"X"
    elif kind == 2:
        fields[3] = b"00:07"
    else:
        fields[0] = b"'1044372999999999"
    return b",".join(fields)


def measure(folder: Path, rows: int, rounds: int) -> list[Goal]:
    """Needs the premises of bench.storage."""
    clean, dirty = folder / "clean.csv", folder / "dirty.csv"
    write_file(clean, rows)
    write_file(dirty, rows, bad=True)
    in_order, alternating = folder / "solar.csv", folder / "alternating.csv"
    write_solar_files(in_order, alternating, rows)
    ensure_partitions(_DAY, _DAY)
    with connection.cursor() as cursor:
        cursor.execute(_TYPED)

    def import_file(path: Path) -> None:
        result = import_usage(path, lambda rejection: None)
        assert abs(result.new - rows // PER_DAY) <= 1, result

    def copy() -> None:
        with psycopg.Cursor(connection.connection) as cursor:
            with clean.open("rb") as file, cursor.copy("COPY bench_typed FROM STDIN (FORMAT csv, HEADER)") as into:
                while piece := file.read(_AT_ONCE):
                    into.write(piece)

    def empty() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE usage_day_y{_DAY:%Y}m{_DAY:%m}, bench_typed, meters_carriedslots")

    measured = run_in_turns(
        {
            "empty": empty,
            "ours": lambda: import_file(clean),
            "empty again": empty,
            "dirty": lambda: import_file(dirty),
            "empty once more": empty,
            "copy": copy,
            "empty for solar": empty,
            "sorted": lambda: import_file(in_order),
            "empty for solar again": empty,
            "alternating": lambda: import_file(alternating),
        },
        rounds=rounds,
        in_order=True,
    )
    empty()
    compare_with_copy(clean, rows)
    empty()
    memory = memory_over_idle("load", str(clean))
    empty()  # else the damaged file would contradict the clean one in every row
    memory = max(memory, memory_over_idle("load", str(dirty)))
    empty()
    speed = rows / measured.best("ours") / 1e6
    return [
        Goal(
            "import against COPY of the same file into a typed unlogged table",
            0.6,
            measured.ratio("ours", "copy"),
            detail=f"{rows:,} rows: {measured.best('ours'):.2f} s ({speed:.2f} M rows/s) against "
            f"{measured.best('copy'):.2f} s",
        ),
        Goal(
            "import with 0.1 % bad lines against a clean one",
            1.25,
            measured.ratio("dirty", "ours"),
            detail=f"{measured.best('dirty'):.2f} s against {measured.best('ours'):.2f} s",
        ),
        Goal(
            "import of solar rows that alternate between directions against sorted ones",
            1.5,
            measured.ratio("alternating", "sorted"),
            detail=f"{measured.best('alternating'):.2f} s against {measured.best('sorted'):.2f} s",
        ),
        Goal("memory of an import over idle", 64, memory, unit="MB", detail="peak, the clean and the damaged file"),
    ]


def compare_with_copy(clean: Path, rows: int) -> None:
    """Check that the import stored the same readings as COPY."""
    import_usage(clean)
    with connection.cursor() as cursor:
        with psycopg.Cursor(connection.connection) as plain, clean.open("rb") as file:
            with plain.copy("COPY bench_typed FROM STDIN (FORMAT csv, HEADER)") as into:
                while piece := file.read(_AT_ONCE):
                    into.write(piece)
        cursor.execute(
            "SELECT count(*), md5(string_agg(p.esiid || ' ' || s.at || ' ' || s.wh, ',' ORDER BY p.esiid, s.at))"
            " FROM usage_day u JOIN meters_premise p ON p.id = u.premise_id,"
            " unnest(u.wh) WITH ORDINALITY s (wh, at) WHERE u.day = %s",
            [_DAY],
        )
        ours = cursor.fetchone()
        cursor.execute(
            "SELECT count(*), md5(string_agg(ltrim(esiid, '''') || ' ' ||"
            " (extract(epoch FROM start_time) / 900 + 1)::int || ' ' || (kwh * 1000)::int, ','"
            " ORDER BY ltrim(esiid, ''''), start_time)) FROM bench_typed"
        )
        copied = cursor.fetchone()
    if ours != copied:
        raise SystemExit(f"What the import stored is not what the file says: {ours}, {copied}.")
    print(f"An import of {rows:,} rows: md5 {ours[1]} of all readings, ours and COPY's.")

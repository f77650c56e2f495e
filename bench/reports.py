"""A year of 15-minute CSV against a naive one, and against reading raw arrays and writing the same bytes."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from pathlib import Path

import psycopg
from django.db import connection

from agreements.period import Period
from bench import data, naive
from bench.goals import Goal
from bench.memory import memory_over_idle
from bench.processor_seconds import measure_cost
from bench.rounds import run_in_turns
from meters.usage.reader import stream_usage
from reports.csv_layouts import csv_chunks, csv_layout
from reports.gzip_stream import compress

NEIGHBORS = 20  # premises in the table of single intervals

_RAW = """
    COPY (SELECT day, channel, revision_at, est, wh FROM usage_day
          WHERE premise_id = {premise} AND day BETWEEN '{first}' AND '{last}' ORDER BY day, channel)
    TO STDOUT (FORMAT {format})
"""
_REPORTS = 20  # whose processor time is measured at once: a server process counts hundredths of a second
_BUFFER = 1 << 20  # bytes; without it each day would take a system call


def measure(folder: Path, days: int, rounds: int) -> list[Goal]:
    premise = NEIGHBORS // 2
    first, last = data.FIRST_DAY, data.FIRST_DAY + timedelta(days=days - 1)
    esiid, out = data.esiid(premise), folder / "out.csv"
    rows = naive.create_intervals(list(range(1, NEIGHBORS + 1)), first, last)

    def ours() -> None:
        period = Period(first, first, last)
        with out.open("wb", buffering=_BUFFER) as file:
            for chunk in csv_chunks(csv_layout("interval"), esiid, period, stream_usage(premise, first, last)):
                file.write(chunk)

    def with_the_orm() -> None:
        with out.open("w", encoding="ascii", newline="", buffering=_BUFFER) as file:
            naive.write_csv(esiid, first, last, file)

    ours()
    content = out.read_bytes()
    with_the_orm()
    if (digest := hashlib.md5(content).hexdigest()) != hashlib.md5(out.read_bytes()).hexdigest():
        raise SystemExit("The naive report and ours differ. Nothing was measured.")
    lines = content.count(b"\n") - 1
    print(f"A report of {days} days: {lines:,} lines, md5 {digest} both ways.")

    def floor(form: str) -> None:
        held = io.BytesIO()
        with psycopg.Cursor(connection.connection) as cursor:
            with cursor.copy(_RAW.format(premise=premise, first=first, last=last, format=form)) as copy:
                for piece in copy:
                    held.write(piece)
        with out.open("wb", buffering=_BUFFER) as file:
            file.write(content)

    against_naive = run_in_turns({"ours": ours, "ORM": with_the_orm}, rounds=max(rounds // 3, 3))
    against_floor = run_in_turns(
        {"ours": ours, "floor": lambda: floor("text"), "binary": lambda: floor("binary")}, rounds=rounds * 6
    )

    def make_reports() -> None:
        for _number in range(_REPORTS):
            days_read = stream_usage(premise, first, last)
            compress(csv_chunks(csv_layout("interval"), esiid, Period(first, first, last), days_read))

    costs = [measure_cost(make_reports) for _round in range(rounds)]
    python, server = (min(cost[side] for cost in costs) / _REPORTS * 1e3 for side in (0, 1))
    memory = memory_over_idle("report", str(premise), first.isoformat(), last.isoformat())
    year = f"{days} days"
    return [
        Goal(
            f"CSV of {year} against the ORM over {rows:,} single intervals",
            100,
            against_naive.ratio("ORM", "ours"),
            at_least=True,
            unit="x faster",
            detail=f"{against_naive.best('ours') * 1e3:.1f} ms against {against_naive.best('ORM') * 1e3:,.0f} ms",
        ),
        Goal(
            f"CSV of {year} against raw COPY and writing the same bytes",
            1.6,
            against_floor.ratio("ours", "floor"),
            detail=f"{against_floor.best('ours') * 1e3:.1f} ms against {against_floor.best('floor') * 1e3:.1f} ms, "
            f"{len(content) / against_floor.best('ours') / 1e6:.0f} MB/s; with binary arrays, it would be "
            f"{against_floor.ratio('ours', 'binary'):.2f} x",
        ),
        Goal(
            f"processor time of a report of {year}: reading, writing, sha256, compression",
            20,
            python + server,
            unit="ms",
            detail=f"{python:.1f} ms in Python, {server:.1f} ms in PostgreSQL",
        ),
        Goal("memory of that report over idle", 2, memory, unit="MB", detail="peak, with compression"),
    ]

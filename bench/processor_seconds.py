"""The figures of docs/scale.md: processor time of a meter-day, a report and a sweep.

python -m bench.processor_seconds [--rows 1000000]
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import process_time

from bench import server

REPORTS, SWEEPS = 30, 50


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.processor_seconds", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with server.database(), tempfile.TemporaryDirectory(prefix="smt-bench-") as folder:
        from bench import data, imports
        from meters.usage.partitions import ensure_partitions

        path, days = Path(folder) / "night.csv", options.rows // imports.PER_DAY
        data.make_premises(days)
        imports.write_file(path, options.rows)
        ensure_partitions(imports._DAY, imports._DAY)
        print(f"file: {path.stat().st_size / days:,.0f} bytes a meter-day")
        for name in ("new days", "a re-load", "days again, empty table"):
            print_import_cost(path, days, name, empty=name != "a re-load")
        later = Path(folder) / "later.csv"
        imports.write_file(later, options.rows, later=True)
        print_import_cost(later, days, "a newer revision of every day", empty=False)
        print_report_cost()
        print_sweep_cost()


def print_import_cost(path: Path, days: int, name: str, *, empty: bool) -> None:
    from django.db import connection

    from meters.imports import import_usage

    if empty:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE usage_day")
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    client, backend, wal = measure_cost(lambda: import_usage(path))
    print(
        f"load, {name}: {(client + backend) / days * 1e6:.0f} microseconds of processor a meter-day "
        f"({client / days * 1e6:.0f} in Python, {backend / days * 1e6:.0f} in PostgreSQL), "
        f"{wal / days:,.0f} bytes of WAL"
    )


def print_report_cost() -> None:
    from agreements.period import Period
    from bench import data
    from meters.usage.reader import stream_usage
    from reports.csv_layouts import csv_chunks, csv_layout
    from reports.gzip_stream import compress

    data.make_premises(300)
    data.fill_usage(365)
    first, last = data.FIRST_DAY, data.FIRST_DAY + timedelta(days=364)
    sizes = []

    def make() -> None:
        for premise in range(1, REPORTS + 1):
            days = stream_usage(premise, first, last)
            chunks = csv_chunks(csv_layout("interval"), data.esiid(premise), Period(first, first, last), days)
            sizes.append(len(compress(chunks).gzipped))

    make()
    client, backend, _wal = measure_cost(make)
    print(
        f"a year's report, compressed: {(client + backend) / REPORTS * 1e3:.0f} ms of processor "
        f"({backend / REPORTS * 1e3:.1f} of it in PostgreSQL), {sizes[0] / 1e3:.0f} kB stored"
    )


def print_sweep_cost() -> None:
    from agreements import tasks as agreements
    from meters import tasks as meters
    from notifications import tasks as notifications
    from reports import tasks as reports

    for sweep in (
        notifications.deliver_due,
        reports.generate_due_reports,
        agreements.expire_overdue,
        meters.import_uploads,
        meters.make_partitions,
        meters.drop_expired_partitions,
    ):
        sweep()

        def often(sweep: Callable[[], object] = sweep) -> None:
            for _time in range(SWEEPS):
                sweep()

        client, backend, _wal = measure_cost(often)
        print(f"{sweep.name} with nothing to do: {(client + backend) / SWEEPS * 1e3:.2f} ms of processor")


def measure_cost(work: Callable[[], object]) -> tuple[float, float, int]:
    """Return processor seconds here and in this connection's backend, and bytes of WAL."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), pg_current_wal_insert_lsn()")
        pid, lsn = cursor.fetchone()
    before, began = backend_seconds(pid), process_time()
    work()
    client = process_time() - began
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", [lsn])
        (wal,) = cursor.fetchone()
    return client, backend_seconds(pid) - before, int(wal)


def backend_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()

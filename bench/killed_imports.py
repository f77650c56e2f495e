"""An import that is killed with -9 at random moments and started again, against an undisturbed one.

python -m bench.killed_imports [--rows 1000000] [--times 20] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from bench import server


def kill_import(path: Path, times: int, *, seed: int, blocks: int = 1_000, mode: str = "as it is") -> list[int]:
    """Start the import of `path` `times` times, kill each midway, and return the days stored after each kill.

    The database is that of the environment.
    """
    process = subprocess.run(
        [sys.executable, "-m", "bench.kill_processes", str(path), str(times), str(seed), str(blocks), mode],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=1_800,
    )
    return list(map(int, json.loads(process.stdout)))


def usage_digest() -> str:
    """Hash all usage and the slots that it carries over."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT md5(string_agg(u::text, ',' ORDER BY premise_id, day, channel)) FROM usage_day u"
            " UNION ALL SELECT md5(coalesce(string_agg(c::text, ',' ORDER BY premise_id, day, channel), ''))"
            " FROM meters_carriedslots c"
        )
        return " ".join(str(part) for (part,) in cursor.fetchall())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.killed_imports", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with server.database(), tempfile.TemporaryDirectory(prefix="smt-bench-") as folder:
        from django.db import connection

        from bench import data, imports
        from meters.imports import import_usage

        first, second = Path(folder) / "first.csv", Path(folder) / "second.csv"
        data.make_premises(options.rows // imports.PER_DAY)
        imports.write_file(first, options.rows, bad=True)
        imports.write_file(second, options.rows, bad=True, later=True)

        def reset() -> None:
            """Store half of the days in an older revision, so that the import has every kind of work."""
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE usage_day, meters_carriedslots")
            import_usage(first)
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM usage_day WHERE premise_id % 2 = 0")

        reset()
        began = perf_counter()
        undisturbed = import_usage(second)
        seconds, expected = perf_counter() - began, usage_digest()
        reset()
        stored = kill_import(second, options.times, seed=options.seed)
        last = import_usage(second)
        is_equal = usage_digest() == expected
        print(
            f"{options.rows:,} rows, {undisturbed.rejections:,} of them bad; undisturbed {seconds:.2f} s: "
            f"{undisturbed.new:,} days new, {undisturbed.changed:,} changed.\n"
            f"Killed {len(stored)} times with -9, with so many days stored then: {stored}\n"
            f"The load after the last kill: {last.new:,} days new, {last.changed:,} changed, {last.unchanged:,} "
            f"unchanged, {last.rejections:,} rows rejected.\n"
            f"{'Equal' if is_equal else 'NOT EQUAL'}: {expected}"
        )
        return 0 if is_equal and last.rejected == undisturbed.rejected else 1


if __name__ == "__main__":
    sys.exit(main())

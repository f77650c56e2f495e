"""python -m bench [--days 365] [--rounds N] [--rows N]"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from bench import server
from bench.goals import Goal, format_goals


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--days", type=int, default=365, help="days of usage of 30,000 premises (16 MB a day)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the files to import")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    began = perf_counter()
    with server.database(), tempfile.TemporaryDirectory(prefix="smt-bench-") as folder:
        from bench import formats, imports, pages, reports, storage

        parts: dict[str, Callable[[], list[Goal]]] = {
            "pages": lambda: pages.measure(options.rounds),
            "storage": lambda: storage.measure(options.days),
            "reports": lambda: reports.measure(Path(folder), options.days, options.rounds),
            "formats": lambda: formats.measure(options.days, options.rounds),
            "imports": lambda: imports.measure(Path(folder), options.rows, options.rounds),
        }
        goals: list[Goal] = []
        for name, measure in parts.items():
            part = measure()
            print(f"\n{name}\n{format_goals(part)}", flush=True)
            goals += part
    print(f"\n{machine()}, {perf_counter() - began:.0f} s\n\n{format_goals(goals)}")
    missed = [goal.name for goal in goals if goal.is_missed_badly]
    if missed:
        print(f"\nMissed by more than 25 %: {'; '.join(missed)}.", file=sys.stderr)
    return 1 if missed else 0


def machine() -> str:
    """Describe the machine in one line."""
    import os

    cores = os.cpu_count()
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{cores} cores of {model}, {pages / 2**30:.0f} GB, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())

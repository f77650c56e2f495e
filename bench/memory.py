"""The memory that a piece of work takes over idle, in a separate process.

python -m bench.memory report PREMISE_ID FIRST LAST [FORMAT] | load FILE
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

MEGABYTE = 1 << 20


def memory_over_idle(*work: str) -> float:
    """Return megabytes."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.memory", *work], capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        raise RuntimeError(f"bench.memory {' '.join(work)} failed:\n{done.stderr}")
    return float(json.loads(done.stdout.splitlines()[-1])) / MEGABYTE


def _status(name: str) -> int:
    """Return a size of this process in bytes, as the kernel counts it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def main(work: str, *arguments: str) -> None:
    from bench.server import connect

    connect()
    from agreements.period import Period
    from bench.formats import content_of
    from meters.imports import import_usage
    from reports.csv_layouts import csv_chunks, csv_layout
    from reports.formats import FileFormat, render_content
    from reports.gzip_stream import compress

    def report(premise: str, first: str, last: str, rendered_as: str = "") -> int:
        from meters.models import Premise
        from meters.usage.reader import stream_usage

        period = Period(date.fromisoformat(first), date.fromisoformat(first), date.fromisoformat(last))
        esiid = Premise.objects.get(pk=premise).esiid
        days = stream_usage(int(premise), period.first, period.last)
        file = compress(csv_chunks(csv_layout("interval"), esiid, period, days))
        if rendered_as:
            file = render_content(FileFormat(rendered_as), content_of(file.gzipped, int(premise), period))
        return file.size

    def import_file(path: str) -> int:
        return import_usage(path).rows

    # Idle is a worker that has done such work on a small scale, so that modules and templates are loaded.
    if work == "report":
        premise, first, last, *rendered_as = arguments
        report(premise, first, first, *rendered_as)
        report(premise, last, last, *rendered_as)
    else:
        small = Path(arguments[0] + ".small")
        with Path(arguments[0]).open("rb") as file:
            small.write_bytes(b"".join(file.readline() for _line in range(97)))
        import_file(str(small))
        small.unlink()
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    idle = _status("VmRSS")
    assert {"report": report, "load": import_file}[work](*arguments) > 0
    print(json.dumps(_status("VmHWM") - idle))


if __name__ == "__main__":
    main(*sys.argv[1:])

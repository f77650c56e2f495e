"""A year of 15-minute readings as JSON, Green Button XML and CSV with UTC times, against making the CSV."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from agreements.models import ReportType
from agreements.period import Period
from bench import data
from bench.goals import Goal
from bench.memory import memory_over_idle
from bench.processor_seconds import measure_cost
from meters.models import FlowDirection
from meters.usage.reader import stream_usage
from reports.csv_layouts import csv_chunks, csv_layout
from reports.formats import FileFormat, render_content
from reports.gzip_stream import compress
from reports.stored_readings import read_days
from reports.usage_content import UsageContent

_FILES = 20  # whose processor time is measured at once: a server process counts hundredths of a second
RENDERED = (FileFormat.JSON, FileFormat.GREEN_BUTTON, FileFormat.UTC_CSV)


def measure(days: int, rounds: int) -> list[Goal]:
    """Each round makes the CSV and every rendering, so that other work on the machine slows all of them."""
    first, last = data.FIRST_DAY, data.FIRST_DAY + timedelta(days=days - 1)
    premise, period = 10, Period(first, first, last)

    def make_csv() -> bytes:
        return compress(
            csv_chunks(csv_layout("interval"), data.esiid(premise), period, stream_usage(premise, first, last))
        ).gzipped

    stored = make_csv()
    makers: dict[str, Callable[[], object]] = {"csv": make_csv}
    makers |= {form: lambda form=form: render_content(form, content_of(stored, premise, period)) for form in RENDERED}
    costs: dict[str, list[float]] = {name: [] for name in makers}
    for _round in range(rounds):
        for name, make in makers.items():
            python, server, _wal = measure_cost(lambda make=make: [make() for _file in range(_FILES)])
            costs[name].append((python + server) / _FILES * 1e3)
    best = {name: min(times) for name, times in costs.items()}
    goals = []
    for form in RENDERED:
        file = render_content(form, content_of(stored, premise, period))
        sizes = (
            f"{file.size / 1e6:.1f} MB, compressed {len(file.gzipped) / 1e3:.0f} kB (CSV {len(stored) / 1e3:.0f} kB)"
        )
        goals.append(
            Goal(
                f"processor time of {form.label} of {days} days against the report's CSV",
                2,
                best[form] / best["csv"],
                detail=f"{best[form]:.1f} ms against {best['csv']:.1f} ms; {sizes}",
            )
        )
    for form in RENDERED:
        memory = memory_over_idle("report", str(premise), first.isoformat(), last.isoformat(), form)
        detail = "peak, the CSV made before it included"
        goals.append(Goal(f"memory of {form.label} over idle", 2, memory, unit="MB", detail=detail))
    return goals


def content_of(stored: bytes, premise: int, period: Period) -> UsageContent:
    """Return a stored 15-minute CSV as the renderings of a report read it."""
    return UsageContent(
        esiid=data.esiid(premise),
        meter_number="104051941",
        agreement_number="112326000001",
        report_type=ReportType.INTERVAL,
        period=period,
        made_at=datetime(2026, 11, 23, tzinfo=UTC),
        directions=[FlowDirection.CONSUMPTION],
        read=lambda channel: read_days(stored, channel),
    )

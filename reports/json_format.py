"""A report as JSON, in integer watt-hours (R8, docs/file-formats.md).

The keys always come in the same order, without spaces, with one line end after the last brace.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from agreements.models import ReportType
from meters.models import FlowDirection
from meters.usage.days import day_start
from meters.usage.reader import UNDATED, DayReadings
from reports.coverage import estimated_slots
from reports.usage_content import UsageContent
from reports.usage_totals import UsageTotal

DIRECTIONS = {
    FlowDirection.CONSUMPTION: "consumption",
    FlowDirection.SURPLUS_GENERATION: "surplus_generation",
}


def json_chunks(content: UsageContent) -> Iterator[bytes]:
    """Yield the file in chunks: of each direction a day or a month at a time, at the end of it the total."""
    period = content.period
    head = {
        "agreement_number": content.agreement_number or None,
        "esiid": content.esiid,
        "meter_number": content.meter_number or None,
        "report_type": content.report_type,
        "time_zone": "America/Chicago",
        "interval_minutes": 15 if content.report_type == ReportType.INTERVAL else None,
        "covered_period": {"first_day": period.first.isoformat(), "last_day": period.last.isoformat()},
    }
    yield _dump(head)[:-1] + b',"series":['
    items = "months" if content.report_type == ReportType.MONTHLY else "days"
    for number, channel in enumerate(content.directions):
        total_wh, separator = 0, b""
        yield b'%b{"direction":"%b","%b":[' % (b"," * bool(number), DIRECTIONS[channel].encode(), items.encode())
        for usage in content.read(channel):
            if isinstance(usage, UsageTotal):
                total_wh += usage.wh
                yield separator + _dump(_month(usage) if items == "months" else _day(usage))
            elif usage.wh.count(None) == len(usage.wh):
                continue
            else:
                total_wh += sum(filter(None, usage.wh))
                yield separator + _dump(_intervals(usage))
            separator = b","
        yield b'],"total_wh":%d}' % total_wh
    yield b"]}\n"


def _intervals(usage: DayReadings) -> dict[str, Any]:
    """Return a day of the 15-minute report: a value for each real quarter hour, in order."""
    return {
        "day": usage.day.isoformat(),
        "first_interval_at": _utc(day_start(usage.day)),
        "revision_at": _utc(usage.revision_at),
        "wh": usage.wh,
        "estimated": [slot for slot, is_estimated in enumerate(estimated_slots(usage)) if is_estimated]
        if usage.est
        else [],
    }


def _day(total: UsageTotal) -> dict[str, Any]:
    return {"day": total.first.isoformat(), "wh": total.wh, **_facts(total)}


def _month(total: UsageTotal) -> dict[str, Any]:
    days = {"first_day": total.first.isoformat(), "last_day": total.last.isoformat()}
    return {**days, "wh": total.wh, "peak_w": total.peak_w, **_facts(total)}


def _facts(total: UsageTotal) -> dict[str, Any]:
    return {
        "is_estimated": total.is_estimated,
        "revision_at": _utc(total.revision_at),
        "expected_intervals": total.expected,
        "present_intervals": total.present,
    }


def _utc(at: datetime) -> str | None:
    return None if at == UNDATED else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()

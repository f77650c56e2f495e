"""The reports that every format must get right (R8): days of every length, gaps at every place, every type."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from meters.usage.reader import DayReadings
from reports.actions import generate_due_reports
from reports.models import Report
from tests.support.accepted_agreements import CENTRAL, accepted_agreement, report_of
from tests.support.usage import CONSUMPTION, SURPLUS, every_day, store, usage, wh_of

SPRING, FALL = date(2026, 3, 8), date(2025, 11, 2)
DAY = date(2026, 6, 1)


class ReportCase(NamedTuple):
    """What is stored for a premise, and what was asked for; the report ends with the last stored day."""

    days: Sequence[DayReadings]
    report_length: str = "1m"
    report_type: str = "interval"


def with_gap(day: date, *slots: int) -> DayReadings:
    return usage(day, wh=[None if slot in slots else wh for slot, wh in enumerate(wh_of(day))])


_AROUND = every_day(DAY - timedelta(days=3), DAY + timedelta(days=3))
_MISSING = [one for one in _AROUND if one.day != DAY]
_ESTIMATED = [usage(DAY, estimated=range(70, 96)), usage(DAY + timedelta(days=1), estimated=range(12))]
_SOLAR = every_day(DAY, DAY + timedelta(days=2), CONSUMPTION, SURPLUS)
_YEAR = every_day(date(2025, 6, 2), DAY)
_HALF_YEAR = every_day(date(2025, 10, 20), date(2026, 4, 19), CONSUMPTION, SURPLUS)

CASES = {
    "ordinary day": ReportCase([usage(DAY)]),
    "spring": ReportCase(every_day(SPRING - timedelta(days=1), SPRING + timedelta(days=1))),
    "fall": ReportCase(every_day(FALL - timedelta(days=1), FALL + timedelta(days=1))),
    "surplus generation": ReportCase(_SOLAR),
    "only surplus generation": ReportCase(every_day(DAY, DAY + timedelta(days=1), SURPLUS)),
    "gap at midnight": ReportCase([with_gap(DAY, 0, 1), usage(DAY + timedelta(days=1))]),
    "gap at 23:45": ReportCase([with_gap(DAY, 95), usage(DAY + timedelta(days=1))]),
    "gaps at noon": ReportCase([with_gap(DAY, 40, 48, 49)]),
    "whole day missing": ReportCase(_MISSING),
    "blank day": ReportCase(
        [usage(DAY), usage(DAY + timedelta(days=1), wh=[None] * 96), usage(DAY + timedelta(days=2))]
    ),
    "estimated": ReportCase(_ESTIMATED),
    "estimated fall": ReportCase([usage(FALL, estimated=[*range(4, 12), 99])]),
    "one day": ReportCase([usage(DAY)], report_length="1d"),
    "year": ReportCase(_YEAR, report_length="12m"),
    "daily": ReportCase([*_HALF_YEAR[:-9], *_HALF_YEAR[-3:]], report_length="6m", report_type="daily"),
    "daily estimated": ReportCase([*_ESTIMATED, with_gap(DAY + timedelta(days=2), 0)], report_type="daily"),
    "monthly": ReportCase(_HALF_YEAR, report_length="6m", report_type="monthly"),
    "monthly estimated": ReportCase([*_ESTIMATED, with_gap(DAY + timedelta(days=2), 0)], report_type="monthly"),
}
INTERVAL_CASES = [name for name, case in CASES.items() if case.report_type == "interval"]
TOTAL_CASES = [name for name in CASES if name not in INTERVAL_CASES]


def make_report(case: ReportCase, **fields: object) -> Report:
    """Accept the day after the case's last one, and generate the report."""
    last = max(one.day for one in case.days)
    accepted = datetime(last.year, last.month, last.day, 12, tzinfo=CENTRAL) + timedelta(days=1)
    agreement = accepted_agreement(accepted, report_length=case.report_length, report_type=case.report_type, **fields)
    store(agreement.premise, *case.days)
    generate_due_reports(at=accepted + timedelta(seconds=5))
    return report_of(agreement)

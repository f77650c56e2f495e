"""The JSON of a report's file, for the description (R8). The file itself is written by reports/json_format.py."""

from __future__ import annotations

from datetime import date
from typing import Literal

from ninja import Schema
from pydantic import Field

from api.v1.agreement_schemas import Days, ReportType
from api.v1.schemas import UtcTime

_REVISION = "When the utility last corrected the reading. Null if the utility didn't say."


class IntervalDay(Schema):
    """A day of the 15-minute report. Days without readings are left out."""

    day: date = Field(description="The day in Central Time.")
    first_interval_at: UtcTime
    revision_at: UtcTime | None = Field(description=_REVISION)
    wh: list[int | None] = Field(
        description="One value for each quarter hour of the day (92, 96, or 100), in order. Null is a missing reading."
    )
    estimated: list[int] = Field(description="The positions in wh that the utility estimated.")


class UsageTotals(Schema):
    """Usage of a day or a month, added up from 15-minute readings."""

    wh: int
    is_estimated: bool
    revision_at: UtcTime | None = Field(description=_REVISION)
    expected_intervals: int
    present_intervals: int


class TotalOfDay(UsageTotals):
    day: date


class TotalOfMonth(UsageTotals):
    first_day: date
    last_day: date
    peak_w: int | None = Field(description="The highest power in a quarter hour, in watts.")


class UsageSeries(Schema):
    direction: Literal["consumption", "surplus_generation"]
    days: list[IntervalDay | TotalOfDay] | None = Field(None, description="In 15-minute and daily reports.")
    months: list[TotalOfMonth] | None = Field(None, description="Calendar months, in monthly reports.")
    total_wh: int


class UsageFile(Schema):
    agreement_number: str
    esiid: str
    meter_number: str
    report_type: ReportType
    time_zone: Literal["America/Chicago"]
    interval_minutes: Literal[15] | None = Field(description="In 15-minute reports.")
    covered_period: Days
    series: list[UsageSeries]

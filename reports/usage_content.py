"""What a file of usage shows, whether it comes from a report's stored file or from the readings of now (R8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from agreements.period import Period
from meters.identifiers import VISIBLE_DIGITS
from meters.models import FlowDirection
from meters.usage.reader import DayReadings
from reports.usage_totals import UsageTotal


@dataclass(frozen=True)
class UsageContent:
    """The readings of one meter over one period.

    `read(channel)` yields the days of the 15-minute type, or the totals of another, of one direction or of both (None),
    in order. Days without a reading may be missing or blank; `directions` are those with a reading. `agreement_number`
    is empty for a customer's own download. `made_at` is when the readings were on file so.
    """

    esiid: str
    meter_number: str
    agreement_number: str
    report_type: str
    period: Period
    made_at: datetime
    directions: Sequence[FlowDirection]
    read: Callable[[FlowDirection | None], Iterator[DayReadings] | Iterator[UsageTotal]]

    @property
    def visible_esiid(self) -> str:
        """The digits that pages and other people's files may show."""
        return self.esiid[-VISIBLE_DIGITS:]

"""One line of components/timeline.html."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class TimelineEntry:
    """What happened and when; `detail` says by whom or how, and `status` colors the line."""

    at: datetime
    title: str
    detail: str
    status: str = ""

"""The layouts of usage CSV that can be imported, and how each writes a day, a revision and a direction (D2).

Layouts differ in their header. Within a layout, dates may have leading zeros or not or be in ISO form, times may lack
seconds, and `Surplus Generation` may lack its space: other programs rewrite files that way (docs/file-formats.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from lib.central_time import CENTRAL
from meters.imports.file_kinds import describe_columns
from meters.imports.results import FileError, InvalidRow, Reason
from meters.models import FlowDirection
from meters.usage.days import parse_day
from meters.usage.interval_csv import COLUMNS
from meters.usage.partitions import FIRST_DAY, last_possible_day
from meters.usage.reader import UNDATED

_MOMENT = re.compile(r"(?P<day>\S+) +(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?")
_DIRECTIONS = {
    b"Consumption": FlowDirection.CONSUMPTION.value,
    b"Surplus Generation": FlowDirection.SURPLUS_GENERATION.value,
    b"SurplusGeneration": FlowDirection.SURPLUS_GENERATION.value,
}


@dataclass(frozen=True)
class UsageLayout:
    """A layout: its columns in the file's order, and the names of directions in its column `direction`.

    A layout without `revision` has no dated revisions; one without `direction` has only Consumption.
    """

    columns: tuple[str, ...]
    revision: str | None
    direction: str | None
    directions: dict[bytes, int]

    def direction_of(self, text: bytes) -> int | None:
        return self.directions.get(text) if self.direction else FlowDirection.CONSUMPTION.value


LAYOUTS = (
    UsageLayout(COLUMNS, COLUMNS[2], COLUMNS[7], _DIRECTIONS),
    UsageLayout(  # 2014 to 2019
        (*COLUMNS[:2], *COLUMNS[3:7], "CONSUMPTION_GENERATION"),
        None,
        "CONSUMPTION_GENERATION",
        _DIRECTIONS | {b"Generation": FlowDirection.SURPLUS_GENERATION.value},
    ),
    UsageLayout((*COLUMNS[:2], *COLUMNS[3:7]), None, None, {}),  # 2010 to 2012
)


# A column that a file of another kind has -> what the file is, and what to do.
_OTHER_FILES = {
    "START_READING": _lazy("%(file)s is daily usage. Download the readings as 15-minute interval CSV and load that."),
    "START_DATE": _lazy("%(file)s is monthly usage. Download the readings as 15-minute interval CSV and load that."),
    "START_UTC": _lazy("%(file)s has UTC columns. Download the same readings without them and load that file."),
    "METER_NUMBER": _lazy("%(file)s is a file of meter numbers. Load it as one."),
    "CERTIFICATE_NUMBER": _lazy("%(file)s is a file of electricity providers. Load it as one."),
}


def find_layout(names: list[str], file: str) -> UsageLayout:
    """Return the layout whose header has these names, in any order; FileError that says what is wrong with them."""
    for layout in LAYOUTS:
        if sorted(layout.columns) == sorted(names):
            return layout
    for column, message in _OTHER_FILES.items():
        if column in names:
            raise FileError(str(message) % {"file": file})
    nearest = max(LAYOUTS, key=lambda layout: len({*layout.columns} & {*names}) - len({*layout.columns} - {*names}))
    raise FileError(
        _(
            "%(file)s: the header does not match any known usage layout (%(difference)s). The first line should be "
            "%(header)s."
        )
        % {
            "file": file,
            "difference": describe_columns(names, nearest.columns),
            "header": ",".join(nearest.columns),
        }
    )


@lru_cache(maxsize=4096)
def parse_usage_day(text: bytes) -> date:
    """Return the Central day, which may be one that can't be stored; InvalidRow if it is no day."""
    try:
        return parse_day(text.decode())
    except ValueError as error:
        raise InvalidRow(Reason.DATE) from error


@lru_cache(maxsize=4096)
def parse_revision(text: bytes) -> datetime:
    """Return a Central time in UTC, UNDATED for an empty text; InvalidRow if it is no time.

    In the repeated hour of the fall day the first pass is assumed: the file does not say which.
    """
    if not text:
        return UNDATED
    try:
        match = _MOMENT.fullmatch(text.decode())
        if not match:
            raise InvalidRow(Reason.REVISION)
        day = parse_day(match["day"])
        clock = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
        revision_at = datetime(day.year, day.month, day.day, *clock, tzinfo=CENTRAL)
    except ValueError as error:
        raise InvalidRow(Reason.REVISION) from error
    if not FIRST_DAY <= day <= last_possible_day():
        raise InvalidRow(Reason.DATE_LIMITS)
    return revision_at.astimezone(UTC)

"""The layouts of usage CSV that can be imported, and how each writes a day, a revision and a direction (D2).

Layouts differ in their header. Within a layout, other programs rewrite dates, times and labels in ways that leave no
doubt about what is meant; all of these are read (docs/file-formats.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from lib.central_time import CENTRAL, ONE_DAY, central_day
from meters.imports.file_kinds import describe_columns
from meters.imports.results import FileError, InvalidRow, Reason
from meters.models import FlowDirection
from meters.usage.days import parse_day
from meters.usage.interval_csv import COLUMNS
from meters.usage.partitions import FIRST_DAY
from meters.usage.reader import UNDATED

# A day, as parse_day takes it or as programs write it: 2026-3-9, 2026/03/09, with midnight behind it.
_DAY = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})|([0-9]{1,2}/[0-9]{1,2}/[0-9]{4})")
_MIDNIGHT = re.compile(r"[ T]+(?:0?0:00(?::00(?:\.0+)?)?|12:00(?::00)? *AM)$", re.IGNORECASE)
_MOMENT = re.compile(
    r"(?P<day>[^\sT]+)[ T]+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]+)?)?"
    r"(?: *(?P<half>[AP])M)?",
    re.IGNORECASE,
)
_TIME = re.compile(rb"([0-9]{1,2}):([0-9]{2})(?::00(?:\.0+)?)?(?: *([AP])M)?", re.IGNORECASE)
# Labels in lower case, without spaces, underscores and dashes.
_DIRECTIONS = {
    b"consumption": FlowDirection.CONSUMPTION.value,
    b"surplusgeneration": FlowDirection.SURPLUS_GENERATION.value,
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
        if not self.direction:
            return FlowDirection.CONSUMPTION.value
        return self.directions.get(text.lower().translate(None, b" _-"))


LAYOUTS = (
    UsageLayout(COLUMNS, COLUMNS[2], COLUMNS[7], _DIRECTIONS),
    UsageLayout(  # 2014 to 2019
        (*COLUMNS[:2], *COLUMNS[3:7], "CONSUMPTION_GENERATION"),
        None,
        "CONSUMPTION_GENERATION",
        _DIRECTIONS | {b"generation": FlowDirection.SURPLUS_GENERATION.value},
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
    return _parse_day(_MIDNIGHT.sub("", text.decode()), Reason.DATE)


def _parse_day(text: str, reason: Reason) -> date:
    match = _DAY.fullmatch(text)
    if not match:
        raise InvalidRow(reason)
    try:
        return parse_day(match[4]) if match[4] else date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise InvalidRow(Reason.NO_SUCH_DAY) from error


@lru_cache(maxsize=4096)
def parse_revision(text: bytes) -> datetime:
    """Return a Central time in UTC, UNDATED for an empty text; InvalidRow if it is no time or not yet possible.

    In the repeated hour of the fall day the first pass is assumed: the file does not say which.
    """
    if not text:
        return UNDATED
    match = _MOMENT.fullmatch(text.decode())
    if not match:
        raise InvalidRow(Reason.REVISION)
    day = _parse_day(match["day"], Reason.REVISION)
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + 12 * (match["half"].upper() == "P") if 1 <= hour <= 12 else 24
    try:
        clock = time(hour, int(match["minute"]), int(match["second"] or 0), tzinfo=CENTRAL)
    except ValueError as error:
        raise InvalidRow(Reason.REVISION) from error
    latest = datetime.now(UTC) + ONE_DAY
    # The day is compared first, because the last days of the calendar have no time in UTC.
    if day > central_day(latest) or (revision_at := datetime.combine(day, clock).astimezone(UTC)) > latest:
        raise InvalidRow(Reason.REVISION_AHEAD)
    return revision_at


def check_day(day: date, revision_at: datetime, today: date) -> None:
    """Raise InvalidRow if no meter can have measured `day`, or if the revision is older than the day itself."""
    if day < FIRST_DAY:
        raise InvalidRow(Reason.DATE_LIMITS)
    if day > today:
        raise InvalidRow(Reason.DATE_AHEAD)
    if revision_at != UNDATED and central_day(revision_at) < day:
        raise InvalidRow(Reason.REVISION_EARLY)


def normalize_time(text: bytes, *, is_end: bool) -> bytes | None:
    """Return a time as SMT prints it of one with seconds, AM or PM, or 24:00 as an end; None if it is no time."""
    match = _TIME.fullmatch(text.strip())
    if not match:
        return None
    hour, minute = int(match[1]), int(match[2])
    if match[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (match[3].upper() == b"P")
    if is_end and (hour, minute) == (24, 0):
        hour = 0
    return b"%02d:%02d" % (hour, minute) if hour < 24 and minute < 60 else None

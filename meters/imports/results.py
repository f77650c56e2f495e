"""What an import reports: counts, and each rejected row with its reason (D2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

# Called with the bytes read so far and the size of the CSV in bytes.
Progress = Callable[[int, int], None]


class FileError(Exception):
    """A file, or a CSV in an archive, that can't be imported; the text says why and what to do.

    `result` counts the rows that were imported before or beside it, if any.
    """

    def __init__(self, text: str, result: ImportResult | None = None) -> None:
        super().__init__(text)
        self.result = result


class Reason(models.TextChoices):
    """Why a row was rejected, and what to do. It never repeats a value of the row, which may be personal (X4)."""

    TOO_LONG = "too_long", _("The line is longer than any row can be. Check that this is the right file.")
    NOT_TEXT = "not_text", _("The row is not UTF-8 text. Save the file as UTF-8 and load it again.")
    COLUMNS = "columns", _("The row has the wrong number of columns. Check for missing or extra commas.")
    QUOTES = "quotes", _("The row's quotation marks do not match. Fix them and load the file again.")
    ESIID = "esiid", _("The ESIID does not have 17 or 22 digits. Correct it and load the file again.")
    CUT_ESIID = (
        "cut_esiid",
        _(
            "A spreadsheet seems to have replaced the last digits of the ESIID. Load the file as it was before. If the "
            "ESIID is right, put an apostrophe before it."
        ),
    )
    UNKNOWN_ESIID = "unknown_esiid", _("The ESIID is not on record. Load its premise first.")
    OTHER_TDSP = (
        "other_tdsp",
        _("The ESIID belongs to another TDSP. Only its staff or the operator of this portal can load it."),
    )
    DATE = "date", _("The date can't be read. Write it as MM/DD/YYYY or YYYY-MM-DD.")
    NO_SUCH_DAY = "no_such_day", _("The date does not exist, like February 30. Correct it.")
    DATE_LIMITS = "date_limits", _("The date is before 2007. Correct it and load the file again.")
    DATE_AHEAD = "date_ahead", _("The date is after today. Correct it and load the file again.")
    REVISION = "revision", _("The revision date can't be read. Write it as MM/DD/YYYY HH:MM:SS.")
    REVISION_AHEAD = "revision_ahead", _("The revision is more than a day in the future. Correct it.")
    REVISION_EARLY = "revision_early", _("The revision is older than the day of usage itself. Correct one of the two.")
    DIRECTION = "direction", _("The direction is neither Consumption nor Surplus Generation. Correct it.")
    TIME = "time", _("The start or end time can't be read. Write it as HH:MM.")
    OFF_QUARTER = "off_quarter", _("The times don't span one quarter hour, such as 1:15 to 1:30. Correct them.")
    NO_SUCH_TIME = (
        "no_such_time",
        _("Clocks go forward on this day, so this time does not exist. Leave kWh and flag blank."),
    )
    SECOND_VALUE = (
        "second_value",
        _("Another row of this revision has a different value for this interval. Keep one and load the file again."),
    )
    REPEATED_HOUR = (
        "repeated_hour",
        _(
            "Clocks go back on this day, so the hour from 1 AM occurs twice. The file does not say which one this row "
            "belongs to. Write all rows of the first hour, then all rows of the second."
        ),
    )
    OTHER_VALUE = (
        "other_value",
        _(
            "This revision is on record with a different value for this interval, which was kept. To replace it, load "
            "a newer revision."
        ),
    )
    KWH = "kwh", _("The kWh must be a number of 0 or more with up to three decimals. Correct it.")
    KWH_LIMIT = "kwh_limit", _("The kWh is over 9,999. Correct it.")
    FLAG = "flag", _("The flag is neither A nor E. Correct it.")
    FLAG_WITHOUT_KWH = "flag_without_kwh", _("The row has a flag and no kWh. Fill in both or leave both blank.")
    KWH_WITHOUT_FLAG = "kwh_without_flag", _("The row has a kWh and no flag. Fill in both or leave both blank.")
    UNKNOWN_DUNS = "unknown_duns", _("No TDSP on record has this DUNS number. Correct it, or add the TDSP first.")
    FIELD_TOO_LONG = "field_too_long", _("The field is longer than the portal can store. Shorten it.")
    METER_NUMBER = "meter_number", _("The meter number does not have 1 to 20 letters and digits. Correct it.")
    SECOND_METER = "second_meter", _("An earlier row has this meter at this ESIID. Keep one and load the file again.")
    CERTIFICATE = "certificate", _("The row needs a certificate number with 5 digits and a name. Correct it.")
    PROVIDER = "provider", _("The REP is not a certificate number with 5 digits. Correct it or leave it blank.")
    SECOND_PROVIDER = "second_provider", _("An earlier row has a different REP. Keep one and load the file again.")
    SECOND_SERVICE = (
        "second_service",
        _("An earlier row has a different SERVICE_SINCE. Keep one and load the file again."),
    )


class InvalidRow(Exception):
    """A row breaks a rule; `column` names the field, where the reason does not."""

    def __init__(self, reason: Reason, column: str = "") -> None:
        super().__init__(reason)
        self.reason, self.column = reason, column


# Called with the line number, the reason and the text of a rejected row, None if it was too long.
Reject = Callable[[int, Reason, bytes | None], None]


class RejectedRow(NamedTuple):
    """A row that was not imported: its CSV, its line from 1, the reason, and its text, None if it was too long.

    `column` names the field that is wrong, where the reason does not.
    """

    file: str
    line: int
    reason: Reason
    text: bytes | None = None
    column: str = ""

    @property
    def explanation(self) -> str:
        return explain_rejection(self.reason, self.column)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.explanation}"


def explain_rejection(reason: Reason, column: str) -> str:
    return f"{column}: {reason.label}" if column else str(reason.label)


OnRejection = Callable[[RejectedRow], None]


@dataclass
class ImportResult:
    """The outcome of one file: `rows` it has, and how many things of the name `unit` are new, changed or unchanged.

    `unchanged` are those that are on record as the file has them. `superseded`: rows of usage that a newer revision
    replaces, in the file or on record. `older`: days of usage before the first day that is kept; they are dropped
    after a while (ADR 9).
    """

    file: str
    unit: str
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    superseded: int = 0
    older: int = 0
    rejected: Counter[Reason] = field(default_factory=Counter)
    on_rejection: OnRejection | None = None

    def reject(self, file: str, line: int, reason: Reason, text: bytes | None = None, column: str = "") -> None:
        self.rejected[reason] += 1
        if self.on_rejection:
            self.on_rejection(RejectedRow(file, line, reason, text, column))

    @property
    def rejections(self) -> int:
        return self.rejected.total()

    @property
    def contradicted(self) -> int:
        """Rejected rows whose interval is on record with another value of the same revision."""
        return self.rejected[Reason.OTHER_VALUE]

    @property
    def failure(self) -> str:
        """Why the file counts as one that could not be loaded; empty if it does not."""
        if not self.rows:
            return _now("The file has no rows. Check that it's the right file.")
        if self.rejections - self.contradicted >= self.rows:
            return _now("Every row was rejected. Check that this is the right kind of file.")
        return ""

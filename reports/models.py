"""The report of an accepted agreement, its file and its downloads."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import psycopg
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from psycopg.types.json import Jsonb

from accounts.models import User
from agreements.models import Agreement, ReportType
from agreements.models.review import REVIEW_ALLOWS_REPORT
from agreements.period import acceptance_time, awaited_days, awaited_days_of
from agreements.states import ReportState
from lib.central_time import ONE_DAY
from meters.models import FlowDirection, Tdsp, sandbox_utilities
from meters.usage.days import ORDINARY, SPRING, slots_on
from reports.coverage import RECORDED
from reports.coverage_calendar import CalendarMonth, calendar_months, count_states
from reports.formats import FileFormat, formats_of
from reports.gzip_stream import CompressedFile

# The directions in the CSV -> for people.
DIRECTIONS: dict[str, Promise] = {
    FlowDirection.CONSUMPTION.label: _("Consumption"),
    FlowDirection.SURPLUS_GENERATION.label: _("Surplus generation"),
}


HAS_FILE = models.Q(purged_at=None) & ~models.Q(sha256="")


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, user: User | AnonymousUser) -> ReportQuerySet:
        """Return the reports that `user` may see: staff by the report's own TDSP, everyone else by the agreement."""
        if user.is_authenticated and user.is_operator:
            return self.exclude(tdsp__in=sandbox_utilities())
        if user.is_authenticated and user.is_staff and user.is_active:
            return self.filter(tdsp=user.tdsp_id)
        return self.filter(agreement__in=Agreement.objects.visible_to(user))

    def due_for_retry(self, *, at: datetime | None = None) -> ReportQuerySet:
        """Return reports to be tried again: failed or of a silent worker, their time has come, no review holds them."""
        return self.filter(retry_at__lte=at or Now(), agreement__review__in=REVIEW_ALLOWS_REPORT)

    def refused_with_file(self) -> ReportQuerySet:
        """Return reports that were refused after the customer had disavowed them, and whose file is there (X1)."""
        refused = {"agreement__disavowed_at__isnull": False, "agreement__report_state": ReportState.NONE}
        return self.filter(HAS_FILE, **refused)

    def due_for_purge(self, *, at: datetime | None = None) -> ReportQuerySet:
        """Return ready reports whose file has reached settings.REPORT_RETENTION (R5)."""
        return self.filter(HAS_FILE, made_at__lte=(at or Now()) - settings.REPORT_RETENTION)

    def lock_with_agreement(self) -> ReportQuerySet:
        """Lock these reports and their agreements, but none that another worker has locked, so that no worker waits."""
        locked = self.select_for_update(of=("self", "agreement"), skip_locked=True, no_key=True)
        return locked.select_related("agreement")


class Report(models.Model):
    """What a report covers (R4), and the attempts at it; the agreement has its state.

    Counts are of 15-minute intervals over all directions of the premise, by the rules of `coverage.Coverage`, for every
    type of file. `first_day` after `last_day`: the customer's service began after the last day, and nothing is covered
    (R2). `retry_at` is set while an attempt is running or will be repeated. `tdsp` is the agreement's; a trigger in
    migration 0002 keeps it so (D1).
    """

    agreement = models.OneToOneField(Agreement, on_delete=models.PROTECT, related_name="report")
    tdsp = models.ForeignKey(Tdsp, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name="TDSP")
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    # Before `first_day` where the customer's service began later (R2).
    asked_first_day = models.DateField("first day requested")
    made_at = models.DateTimeField(_("made"), null=True)
    file_name = models.CharField("file", max_length=80, blank=True)
    rows = models.IntegerField(_("rows"), default=0)
    days_present = models.IntegerField("days with data", default=0)
    expected_intervals = models.IntegerField(_("expected intervals"), default=0)
    present_intervals = models.IntegerField(_("present intervals"), default=0)
    estimated_intervals = models.IntegerField(_("estimated intervals"), default=0)
    # Later than `first_day` if the first meter was installed in the period; null in records older than this field.
    expected_from = models.DateField("metered since", null=True)
    day_states = models.JSONField(default=dict)  # direction's label -> a coverage.DayState per day of the period
    missing_days = models.JSONField(default=dict)  # direction's label -> [[first ISO day, last ISO day], ...]
    total_wh = models.JSONField(default=dict)  # direction's label -> watt-hours
    size = models.IntegerField(_("size in bytes"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)

    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField("next try", null=True)
    last_error = models.CharField(max_length=500, blank=True)
    purged_at = models.DateTimeField("deleted", null=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["tdsp", "-id"], name="report_of_tdsp"),  # for the lists of its staff (D1)
            models.Index(fields=["retry_at"], name="report_retry", condition=models.Q(retry_at__isnull=False)),
            models.Index(fields=["made_at"], name="report_purge", condition=HAS_FILE),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sha256="", purged_at=None) | models.Q(made_at__isnull=False) & ~models.Q(sha256=""),
                name="report_file_was_made",
            ),
            models.CheckConstraint(
                condition=models.Q(made_at=None) | models.Q(retry_at=None), name="made_report_is_not_tried_again"
            ),
        ]

    def __str__(self) -> str:
        return f"Report {self.agreement}"

    @property
    @admin.display(description=_("state"), ordering="agreement__report_state")
    def state(self) -> ReportState:
        return ReportState(self.agreement.report_state)

    @property
    def is_shortened(self) -> bool:
        return self.first_day > self.asked_first_day

    @property
    def is_empty_period(self) -> bool:
        return self.first_day > self.last_day

    @property
    def unsent_days(self) -> tuple[date, date] | None:
        """The days between the last one and the acceptance, if the wait for them ended without any (R7)."""
        agreement = self.agreement
        if agreement.awaits_data_until is None:
            return None
        earliest, yesterday = awaited_days(acceptance_time(agreement))
        return (self.last_day + ONE_DAY, yesterday) if self.last_day < earliest else None

    @property
    def days_without_readings(self) -> tuple[date, date]:
        """The first and last day for which nothing was on file, of a report without data (R7).

        For one day these are all the days of which one was awaited.
        """
        agreement = self.agreement
        if agreement.awaits_data_until is None or agreement.shared.report_length != "1d":
            return self.first_day, self.last_day
        earliest, _yesterday = awaited_days_of(agreement, acceptance_time(agreement))
        return min(earliest, self.last_day), self.last_day

    @property
    def is_metered_later(self) -> bool:
        return self.expected_from is not None and self.first_day < self.expected_from <= self.last_day

    @property
    def days(self) -> int:
        """Days of the period."""
        return max((self.last_day - self.first_day).days + 1, 0)

    @property
    def missing_intervals(self) -> int:
        return self.expected_intervals - self.present_intervals

    @property
    def missing(self) -> list[tuple[Promise, list[tuple[date, date]]]]:
        """Direction -> (first, last) of each run of missing days, for people."""
        return [
            (name, [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in self.missing_days[label]])
            for label, name in DIRECTIONS.items()
            if label in self.missing_days
        ]

    @property
    def calendars(self) -> list[tuple[Promise, list[tuple[str, Promise, int]], list[CalendarMonth]]]:
        """Each direction, its `count_states` and its `calendar_months`; none for a record older than `day_states`."""
        directions = [(name, self.day_states.get(label)) for label, name in DIRECTIONS.items()]
        return [(name, count_states(days), calendar_months(self.first_day, days)) for name, days in directions if days]

    @property
    def totals(self) -> list[tuple[Promise, Decimal]]:
        """Direction -> kWh, for people; the exact sum of the file's rows."""
        wh = self.total_wh
        return [(name, Decimal(wh[label]) / 1000) for label, name in DIRECTIONS.items() if label in wh]

    @property
    def skipped_hours(self) -> list[tuple[date, int]]:
        """The days on which clocks went forward, with the number of blank rows that the CSV has for that hour (R3)."""
        if self.agreement.shared.report_type != ReportType.INTERVAL:
            return []
        hours = []
        for number in range(self.days):
            day = self.first_day + ONE_DAY * number
            recorded = sum(states[number] in RECORDED for states in self.day_states.values())
            if slots_on(day) == SPRING and recorded:
                hours.append((day, recorded * (ORDINARY - SPRING)))
        return hours

    @property
    def has_file(self) -> bool:
        return bool(self.sha256) and self.purged_at is None

    @property
    def kept_until(self) -> datetime | None:
        """When the file will be removed; None if there is no file."""
        return self.made_at + settings.REPORT_RETENTION if self.made_at and self.has_file else None

    @property
    def formats(self) -> list[FileFormat]:
        return formats_of(self.agreement.shared.report_type)

    def name_in_format(self, report_format: FileFormat) -> str:
        """Return the name of the file in a format; that of the CSV is in `file_name`."""
        return report_format.file_name(f"smt-{self.agreement.number}", self.agreement.shared.report_type)

    @property
    def download_log(self) -> models.QuerySet[Download]:
        return self.downloads.select_related("by")


class ReportFile(models.Model):
    """The report's bytes, compressed by gzip, in a separate table so that lists do not read them.

    `day_counts` are readings, too, and are deleted with the file: direction's label -> a coverage.UsageCount for each
    day of the period, null in files older than this field (T11).
    """

    report = models.OneToOneField(Report, on_delete=models.CASCADE, primary_key=True, related_name="file")
    gzipped = models.BinaryField()
    day_counts = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"File of {self.report}"

    @classmethod
    def store(cls, report: Report, gzipped: bytes, day_counts: dict[str, list[list[int]]]) -> None:
        """Insert the file of `report`. Django's `create` would put the bytes into the statement as hexadecimal digits,
        which takes four times their size in memory (R6)."""
        statement = f"INSERT INTO {cls._meta.db_table} (report_id, gzipped, day_counts) VALUES (%s, %b, %s)"
        connection.ensure_connection()
        with psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(statement, (report.pk, gzipped, Jsonb(day_counts)))


class Rendering(models.Model):
    """The report's file in another format than CSV, made at its first download (R8).

    `size` and `sha256` are those of the uncompressed bytes. They stay when the file is deleted, `gzipped` does not.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="renderings")
    format = models.CharField(max_length=12, choices=FileFormat.choices)
    made_at = models.DateTimeField(db_default=Now())
    size = models.IntegerField("size in bytes")
    sha256 = models.CharField("SHA-256", max_length=64)
    gzipped = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "format"], name="one_rendering_per_format")]

    def __str__(self) -> str:
        return f"{self.format} of {self.report}"

    @classmethod
    def store(cls, report: Report, report_format: FileFormat, file: CompressedFile) -> None:
        """Insert the rendering, as ReportFile.store does."""
        columns = "(report_id, format, size, sha256, gzipped) VALUES (%s, %s, %s, %s, %b)"
        connection.ensure_connection()
        with psycopg.Cursor(connection.connection) as cursor:
            values = (report.pk, report_format.value, file.size, file.sha256, file.gzipped)
            cursor.execute(f"INSERT INTO {cls._meta.db_table} {columns}", values)


class Download(models.Model):
    """Who downloaded a report's file, in which format, and when (R5)."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="downloads")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    format = models.CharField("file format", max_length=12, choices=FileFormat.choices, default=FileFormat.CSV)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.report} by {self.by}"

    @property
    def file_name(self) -> str:
        return self.report.name_in_format(FileFormat(self.format))

"""The report a complete agreement earned, once (SPEC section 6)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements.models import Agreement

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class ReportState(models.TextChoices):
    READY = "ready", _("Ready")
    NO_DATA = "no_data", _("No data")
    FAILED = "failed", _("Failed")  # tried again at `retry_at`; null there: somebody has to look
    PURGED = "purged", _("File removed")


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, user: User | AnonymousUser) -> ReportQuerySet:
        return self.filter(agreement__in=Agreement.objects.visible_to(user))

    def due_for_retry(self, *, at: datetime | None = None) -> ReportQuerySet:
        return self.filter(state=ReportState.FAILED, retry_at__lte=at or Now())


class Report(models.Model):
    """What a report covers (R4). Counts are of 15-minute intervals over all directions the premise has."""

    agreement = models.OneToOneField(Agreement, on_delete=models.PROTECT, related_name="report")
    state = models.CharField(_("state"), max_length=10, choices=ReportState.choices)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    asked_first_day = models.DateField()  # before `first_day` where the customer's service began later (R2)
    made_at = models.DateTimeField(_("made"), null=True)
    file_name = models.CharField(max_length=80, blank=True)
    rows = models.IntegerField(_("rows"), default=0)
    days_present = models.IntegerField(default=0)
    expected_intervals = models.IntegerField(_("expected intervals"), default=0)
    present_intervals = models.IntegerField(_("present intervals"), default=0)
    estimated_intervals = models.IntegerField(_("estimated intervals"), default=0)
    missing_days = models.JSONField(default=list)  # [[first ISO day, last ISO day], ...]
    total_wh = models.JSONField(default=dict)  # direction's label -> watt-hours
    size = models.IntegerField(_("size in bytes"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
    purged_at = models.DateTimeField(null=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["retry_at"], name="report_retry", condition=models.Q(state="failed")),
            models.Index(fields=["made_at"], name="report_purge", condition=models.Q(state="ready")),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=ReportState.values), name="report_state_is_known"),
            models.CheckConstraint(
                condition=~models.Q(state="ready") | ~models.Q(sha256=""), name="ready_report_has_its_hash"
            ),
        ]

    def __str__(self) -> str:
        return f"Report {self.agreement}"


class ReportFile(models.Model):
    """The report's bytes, gzip-compressed, apart from its record so that lists do not read them (DESIGN 2.8)."""

    report = models.OneToOneField(Report, on_delete=models.CASCADE, primary_key=True, related_name="file")
    gzipped = models.BinaryField()


class Download(models.Model):
    """Who fetched a report's file, and when (R5)."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="downloads")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.report} by {self.by}"

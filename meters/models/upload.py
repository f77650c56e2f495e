"""Files that staff upload, and what becomes of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meters.models.premise import Tdsp


class UploadKind(models.TextChoices):
    PREMISES = "premises", _("Premises (ERCOT's TDSP ESIID extract)")
    METERS = "meters", _("Meter numbers (CSV of ESIID and meter number)")
    USAGE = "usage", _("Usage (Smart Meter Texas interval CSV)")


_UNITS = {UploadKind.PREMISES: _("premises"), UploadKind.METERS: _("meters"), UploadKind.USAGE: _("days")}


class UploadState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Loading")
    DONE = "done", _("Done")
    PARTIAL = "partial", _("Done, with rejected rows")
    FAILED = "failed", _("Failed")


UNFINISHED = [UploadState.QUEUED, UploadState.RUNNING]


class UploadQuerySet(models.QuerySet["Upload"]):
    def unfinished(self) -> UploadQuerySet:
        """Filter what is waiting or being imported, oldest first."""
        return self.filter(state__in=UNFINISHED).order_by("queued_at", "pk")


class Upload(models.Model):
    """A file that staff uploaded, and the outcome of its import (D2). `tdsp` limits it to that TDSP's premises.

    `new`, `changed` and `unchanged` count premises, rows of meters, or days of usage, as in ImportResult; so do the
    other numbers. `rejected` includes `contradicted`.
    """

    kind = models.CharField(_("type of file"), max_length=10, choices=UploadKind.choices)
    file_name = models.CharField(_("file"), max_length=200)
    size = models.BigIntegerField(_("size in bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    tdsp = models.ForeignKey(
        Tdsp, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads", verbose_name="TDSP"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("loaded by")
    )
    queued_at = models.DateTimeField(_("uploaded"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=UploadState.choices, default=UploadState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(default=0)  # of the CSV being read, which may be larger than a ZIP's `size`
    rows = models.BigIntegerField(_("rows read"), default=0)
    new = models.BigIntegerField(_("new"), default=0)
    changed = models.BigIntegerField(_("changed"), default=0)
    unchanged = models.BigIntegerField(_("unchanged"), default=0)
    older = models.BigIntegerField(_("days older than the retention period"), default=0)
    superseded = models.BigIntegerField(_("rows of an older revision, ignored"), default=0)
    contradicted = models.BigIntegerField(_("values kept, although the file has other ones"), default=0)
    rejected = models.BigIntegerField(_("rows rejected"), default=0)
    rejected_by_reason = models.JSONField(default=dict)  # value of imports.Reason -> rows
    error = models.CharField(_("error"), max_length=500, blank=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("data file")
        verbose_name_plural = _("data files")
        ordering = ["-queued_at", "-pk"]
        indexes = [
            models.Index(fields=["queued_at"], name="upload_unfinished", condition=models.Q(state__in=UNFINISHED)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "sha256", "tdsp"],
                name="upload_waits_once",
                condition=models.Q(state__in=UNFINISHED),
                nulls_distinct=False,
                violation_error_message=_("This file is already being loaded. See its page under Data files."),
            ),
            models.CheckConstraint(condition=models.Q(kind__in=UploadKind.values), name="upload_kind_is_known"),
            models.CheckConstraint(condition=models.Q(state__in=UploadState.values), name="upload_state_is_known"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def new_or_changed(self) -> int:
        return self.new + self.changed

    @property
    def unit(self) -> Promise:
        """What `new`, `changed` and `unchanged` count."""
        return _UNITS[UploadKind(self.kind)]

    @property
    def percent(self) -> int:
        return 100 if self.is_finished else min(self.bytes_done * 100 // max(self.bytes_total, 1), 99)


class UploadChunk(models.Model):
    """A part of an uploaded file, until it is imported: web and worker share no disk."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="chunks")
    number = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="chunk_once")]

    def __str__(self) -> str:
        return f"{self.upload} {self.number}"


class UploadRejection(models.Model):
    """The place of a rejected row, and the reason. The text of the row is not stored (X4)."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="rejections")
    file = models.CharField(max_length=250)  # the CSV, if the upload was a ZIP of several
    line = models.BigIntegerField()
    reason = models.CharField(max_length=20)  # value of imports.Reason
    column = models.CharField(max_length=40, blank=True)  # the field that is wrong, where the reason does not say it

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

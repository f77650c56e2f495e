"""Premises, electricity providers, meters, and usage as one row per premise, Central day and direction."""

from __future__ import annotations

import re

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meters.identifiers import mask_esiid


class Tdsp(models.Model):
    """A utility that owns meters and sends their data."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    duns = models.CharField("DUNS", max_length=13, unique=True)
    contact_phone = models.CharField(_("customer line"), max_length=30, blank=True)
    website = models.URLField(_("website"), blank=True)

    class Meta:
        verbose_name = "TDSP"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ElectricityProvider(models.Model):
    """A name of a retail electric provider (REP), by its certificate of the Public Utility Commission of Texas.

    A provider that does business under several names has several rows.
    """

    certificate_number = models.CharField(_("PUCT certificate number"), max_length=5)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("electricity provider")
        verbose_name_plural = _("electricity providers")
        ordering = ["name", "certificate_number"]
        constraints = [
            models.UniqueConstraint(fields=["certificate_number", "name"], name="provider_name_once"),
            models.CheckConstraint(
                condition=models.Q(certificate_number__regex=r"^[0-9]{5}$"),
                name="certificate_number_is_5_digits",
                violation_error_message=_("Enter a certificate number with 5 digits."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PremiseQuerySet(models.QuerySet["Premise"]):
    def residential(self) -> PremiseQuerySet:
        """Return the premises of homes, and those of which ERCOT's extract does not say what they are."""
        return self.exclude(premise_type__icontains="non-residential")


class Premise(models.Model):
    """An electric service point, identified by its ESIID (17 or 22 digits).

    Its columns are those of ERCOT's TDSP ESIID extract, in its order, and at least as long as ERCOT allows:
    meters.imports.premises relies on that.
    """

    id = models.AutoField(primary_key=True)  # four bytes, because every row of usage_day has it
    esiid = models.CharField("ESIID", max_length=22, unique=True)
    tdsp = models.ForeignKey(Tdsp, on_delete=models.PROTECT, related_name="premises", verbose_name="TDSP")
    address = models.CharField(_("address"), max_length=200)
    address_overflow = models.CharField(_("address, second line"), max_length=120, blank=True)
    city = models.CharField(_("city"), max_length=60)
    state = models.CharField(_("state"), max_length=10, default="TX")
    zip_code = models.CharField(_("ZIP code"), max_length=30)
    county = models.CharField(_("county"), max_length=60, blank=True)
    meter_read_cycle = models.CharField(max_length=10, blank=True)
    status = models.CharField(_("status"), max_length=30, default="Active")
    premise_type = models.CharField(_("premise type"), max_length=60, blank=True)
    power_region = models.CharField(max_length=20, blank=True)
    station_code = models.CharField(max_length=64, blank=True)
    station_name = models.CharField(max_length=64, blank=True)
    metered = models.CharField(max_length=10, blank=True)
    open_service_orders = models.CharField(max_length=2000, blank=True)
    polr_customer_class = models.CharField(_("POLR customer class"), max_length=60, blank=True)
    settlement_ams_indicator = models.CharField(_("settlement AMS indicator"), max_length=10, blank=True)
    tdsp_ams_indicator = models.CharField(_("TDSP AMS indicator"), max_length=10, blank=True)
    switch_hold_indicator = models.CharField(max_length=10, blank=True)
    metered_service_type = models.CharField(max_length=10, blank=True)
    metered_service_type_description = models.CharField(max_length=60, blank=True)
    # The first day of the present customer's service, if the TDSP gave it: no report goes further back (R2).
    service_since = models.DateField(_("present customer's service began on"), null=True, blank=True)
    # The certificate number of the present customer's electricity provider; empty: not known (X7).
    provider_number = models.CharField(
        _("electricity provider's certificate number"), max_length=5, blank=True, db_default=""
    )

    objects = PremiseQuerySet.as_manager()

    class Meta:
        ordering = ["esiid"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(provider_number="") | models.Q(provider_number__regex=r"^[0-9]{5}$"),
                name="provider_number_is_5_digits_or_empty",
                violation_error_message=_("Enter a certificate number with 5 digits, or leave it empty."),
            ),
            models.CheckConstraint(
                condition=models.Q(esiid__regex=r"^([0-9]{17}|[0-9]{22})$"),
                name="esiid_is_17_or_22_digits",
                violation_error_message=_("Enter an ESIID with 17 or 22 digits."),
            ),
        ]

    def __str__(self) -> str:
        return mask_esiid(self.esiid)

    @property
    def address_key(self) -> str:
        """Street, second line and five digits of the ZIP code, so that spellings of one address are equal (X1)."""
        letters = re.sub(r"[^A-Z0-9]+", " ", f"{self.address} {self.address_overflow}".upper())
        return f"{letters.strip()}, {self.zip_code.strip()[:5]}"

    @property
    def service_address(self) -> str:
        """The address on record, on one line."""
        street = " ".join(part for part in (self.address, self.address_overflow) if part)
        return f"{street}, {self.city}, {self.state} {self.zip_code}"


class Meter(models.Model):
    """A smart meter's stay at a premise; one that was removed and came back has two.

    `number` has the form of `identifiers.normalize_meter_number`.
    """

    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="meters")
    number = models.CharField(_("meter number"), max_length=20)
    installed_on = models.DateField(_("installed on"), null=True, blank=True)
    removed_on = models.DateField(_("removed on"), null=True, blank=True)  # set when another meter replaced it

    class Meta:
        ordering = ["premise", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["premise", "number"],
                condition=models.Q(removed_on=None),
                name="meter_once_at_a_premise",
                violation_error_message=_("This meter is at this premise already."),
            ),
            models.CheckConstraint(
                condition=models.Q(number__regex=r"^[0-9A-Z]+$"), name="meter_number_is_upper_case_alphanumeric"
            ),
        ]
        indexes = [models.Index(fields=["number"], name="meter_number")]

    def __str__(self) -> str:
        return self.number


class FlowDirection(models.IntegerChoices):
    """The direction of energy. In files and tables a direction is a meter's channel."""

    CONSUMPTION = 0, "Consumption"
    SURPLUS_GENERATION = 1, "Surplus Generation"


class UsageDay(models.Model):
    """The readings of one premise, Central day and direction. The table is partitioned by month, so SQL creates it.

    `wh` has 92, 96 or 100 slots of watt-hours, one per 15 minutes of the day, NULL where none was read. `est` is NULL
    if nothing is estimated, else a bit per slot (slot i: byte i // 8, bit i % 8, lowest first). There is no foreign
    key: imports match the premise anyway, and checking a key would take 40 % of their time.
    """

    pk = models.CompositePrimaryKey("premise_id", "day", "channel")
    premise_id = models.IntegerField()
    day = models.DateField()
    channel = models.SmallIntegerField(choices=FlowDirection.choices)
    revision_at = models.DateTimeField()
    est = models.BinaryField(null=True)
    wh = ArrayField(models.IntegerField(null=True))

    class Meta:
        managed = False
        db_table = "usage_day"

    def __str__(self) -> str:
        return f"{self.day:%m/%d/%Y} {self.get_channel_display()}"


class CarriedSlots(models.Model):
    """Slots of a usage day that hold an older revision because the newer one had no rows for them.

    A row of the newer revision may still fill them, so that a file can be imported again after its rejected rows are
    fixed. `slots` has bits as in UsageDay.est. The row is valid only while `revision_at` is the usage day's.
    """

    pk = models.CompositePrimaryKey("premise_id", "day", "channel")
    premise_id = models.IntegerField()
    day = models.DateField()
    channel = models.SmallIntegerField(choices=FlowDirection.choices)
    revision_at = models.DateTimeField()
    slots = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.day:%m/%d/%Y} {self.get_channel_display()}"


class OldMonth(models.Model):
    """A month before the first kept day that was imported nevertheless, and is kept until then (ADR 9)."""

    month = models.DateField(primary_key=True)  # its first day
    kept_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.month:%m/%Y}"


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

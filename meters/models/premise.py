"""Utilities, electricity providers, premises and meters."""

from __future__ import annotations

import re

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from meters.identifiers import mask_esiid


class TdspManager(models.Manager["Tdsp"]):
    """Leaves out the sandbox's utility, so that no list, form, or import offers it (V15)."""

    def get_queryset(self) -> models.QuerySet[Tdsp]:
        return super().get_queryset().filter(is_sandbox=False)


class Tdsp(models.Model):
    """A utility that owns meters and sends their data."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    duns = models.CharField("DUNS", max_length=13, unique=True)
    contact_phone = models.CharField(_("customer line"), max_length=30, blank=True)
    website = models.URLField(_("website"), blank=True)
    # The utility of the premises that test keys know (V16); there is one at most.
    is_sandbox = models.BooleanField(default=False, db_default=False, editable=False)

    objects = TdspManager()
    every = models.Manager["Tdsp"]()

    class Meta:
        verbose_name = "TDSP"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_sandbox"], condition=models.Q(is_sandbox=True), name="one_sandbox_utility"
            )
        ]

    def __str__(self) -> str:
        return self.name


def sandbox_utilities() -> models.QuerySet[Tdsp]:
    """Return the sandbox's utility, as a subquery of one row at most: it tells test records from others (V15)."""
    return Tdsp.every.filter(is_sandbox=True)


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
    def without_sandbox(self) -> PremiseQuerySet:
        """Return the premises that people have, without those of test keys (V15)."""
        return self.exclude(tdsp__in=sandbox_utilities())

    def at_address(self, beginning: str) -> PremiseQuerySet:
        """Return premises whose address begins so, in lower case; an index."""
        return self.alias(lower_address=Lower("address")).filter(lower_address__startswith=beginning)

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
        # For the staff's search by the beginning of an address (D1).
        indexes = [models.Index(OpClass(Lower("address"), name="text_pattern_ops"), name="premise_address")]
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

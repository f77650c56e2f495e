"""Which emails about agreements a user of a third party gets, and what waits for a daily summary (T17)."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agreements.models.agreement import Agreement
from companies.models import Membership


class CompanyEmail(models.TextChoices):
    """The kinds of email about an agreement that its company gets; the values are `kind` of Email."""

    ACCEPTED = "EM203", _("The customer accepted")
    REPORT = "EM204", _("The report is ready, or there is no data")
    REVIEWED = "REVIEWED", _("An answer was reviewed")
    REJECTED = "EM205", _("The customer rejected")
    NOT_ACCEPTED = "NOT_ACCEPTED", _("The customer didn't answer in time")
    WITHDRAWN = "WITHDRAWN", _("Your company withdrew a request")


class EmailTiming(models.TextChoices):
    AT_ONCE = "at_once", _("Right away")
    DAILY = "daily", _("In the daily summary")
    OFF = "off", _("Not at all")


class NotificationSettings(models.Model):
    """What a user has chosen; without a row, every kind at once about the agreements of which the user is the contact.

    `daily_kinds` and `off_kinds` have values of CompanyEmail; all others come at once.
    """

    membership = models.OneToOneField(
        Membership, primary_key=True, on_delete=models.CASCADE, related_name="notification_settings"
    )
    covers_company = models.BooleanField(default=False)  # all agreements of the company, not only the user's
    daily_kinds = ArrayField(models.CharField(max_length=40, choices=CompanyEmail.choices), default=list)
    off_kinds = ArrayField(models.CharField(max_length=40, choices=CompanyEmail.choices), default=list)
    last_summary_on = models.DateField(null=True)  # the Central day of the latest daily summary

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(daily_kinds__contained_by=CompanyEmail.values)
                & Q(off_kinds__contained_by=CompanyEmail.values),
                name="notification_kinds_are_known",
            ),
            models.CheckConstraint(condition=~Q(daily_kinds__overlap=F("off_kinds")), name="notification_kind_once"),
        ]

    def __str__(self) -> str:
        return f"Notification settings of {self.membership}"

    def timing(self, kind: str) -> EmailTiming:
        """Return when the user gets emails of `kind`."""
        if kind in self.off_kinds:
            return EmailTiming.OFF
        return EmailTiming.DAILY if kind in self.daily_kinds else EmailTiming.AT_ONCE


class SummaryEntryQuerySet(models.QuerySet["SummaryEntry"]):
    def waiting(self, *, before: datetime) -> SummaryEntryQuerySet:
        """Return entries from before a moment that no summary has listed; a partial index."""
        return self.filter(done_at=None, at__lt=before)


class SummaryEntry(models.Model):
    """An email about an agreement that a user gets in the daily summary; the constraint lets each be there once.

    `is_contact`: because the user is the contact, not because of the company's other agreements.
    """

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40, choices=CompanyEmail.choices)
    is_contact = models.BooleanField()
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)  # listed in a summary, or no longer the user's

    objects = SummaryEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "agreement", "kind"], name="summary_entry_once"),
            models.CheckConstraint(condition=Q(kind__in=CompanyEmail.values), name="summary_entry_kind_is_known"),
        ]
        indexes = [
            models.Index(fields=["membership", "at"], name="summary_entry_waiting", condition=Q(done_at=None)),
            models.Index(fields=["at"], name="summary_entry_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} about {self.agreement} for {self.membership}"

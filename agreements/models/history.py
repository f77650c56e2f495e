"""The history of an agreement: its events (L8) and the letter of authorization (EM203)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements.models.agreement import Agreement
from agreements.models.submission import AddressCorrection
from agreements.states import TRANSITIONS, Channel, ReportState, Status
from lib.append_only import append_only


class EventKind(models.TextChoices):
    INITIATED = "initiated", _("Initiated")
    RESENT = "resent", _("Email resent")
    CORRECTED = "corrected", _("Customer's email corrected")
    REMINDED = "reminded", _("Reminder sent")
    REMINDERS_STOPPED = "stopped", _("The customer stopped reminders")
    ACCEPTED = "accept", _("Accepted")
    REJECTED = "reject", _("Rejected")
    COMPANY_UNKNOWN = "unknown", _("The customer doesn't know the company")
    WITHDRAWN = "withdraw", _("Withdrawn")
    EXPIRED = "expire", _("Invitation period ended")
    DISAVOWED = "disavowed", _("The customer told us that someone else accepted")
    HELD = "held", _("Report under review")
    RELEASED = "released", _("Report released after review")
    REFUSED = "refused", _("Report refused after review")
    UNREVIEWED = "unreviewed", _("Report refused: not reviewed in time")


class AgreementEvent(models.Model):
    """Who did what, when and by which channel (L8). A trigger makes the table append-only."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    from_status = models.CharField(max_length=12, choices=Status.choices, blank=True)
    to_status = models.CharField(max_length=12, choices=Status.choices)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # null: customer's link, clock
    correction = models.ForeignKey(AddressCorrection, null=True, on_delete=models.PROTECT, related_name="events")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement"], condition=models.Q(kind__in=list(TRANSITIONS)), name="agreement_ends_once"
            ),
            models.CheckConstraint(condition=models.Q(kind__in=EventKind.values), name="event_kind_is_known"),
        ]
        indexes = [models.Index(fields=["at"], name="event_reminder", condition=models.Q(kind=EventKind.RESENT))]  # X2
        triggers = [append_only("agreement_events_are_append_only")]

    def __str__(self) -> str:
        return f"{self.agreement} {self.kind}"


class ReportStateChange(models.Model):
    """That a report got to one of states.REPORT_OUTCOMES, and when; written with the agreement's `report_state` (R1).

    It is deleted with the agreement.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="report_state_changes")
    state = models.CharField(max_length=15, choices=ReportState.choices)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Report {self.agreement_id} {self.state}"


class Letter(models.Model):
    """The letter of authorization (LOA) of an accepted agreement: the text that the customer authorized, with its hash.

    `decision_text` is the text of the decision page in `decision_language`. `version` covers the wording of both texts.
    `pdf_hashes` are the SHA-256 of the PDF files that were made of it: a new release may set the same text differently
    (R9).
    """

    agreement = models.OneToOneField(Agreement, on_delete=models.PROTECT, related_name="letter")
    version = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    pdf_hashes = ArrayField(models.CharField(max_length=64), default=list)
    signed_at = models.DateTimeField()
    decision_language = models.CharField(max_length=10, blank=True)
    decision_text = models.TextField(blank=True)
    decision_sha256 = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"LOA {self.agreement}"

"""What happened to a company's agreements, keys and endpoints, in the order of the feed (W1, W2)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from api.public_ids import new_event_id
from companies.models import Company


class EventType(models.TextChoices):
    """The types that programs can ask for. New ones may come at any time."""

    AGREEMENT_CREATED = "agreement.created", _("Agreement created")
    AGREEMENT_RESENT = "agreement.resent", _("Email resent")
    AGREEMENT_REMINDED = "agreement.reminded", _("Reminder sent")
    AGREEMENT_CORRECTED = "agreement.corrected", _("Customer's email corrected")
    AGREEMENT_COMPLETED = "agreement.completed", _("Request accepted")
    AGREEMENT_REJECTED = "agreement.rejected", _("Request rejected")
    AGREEMENT_EXPIRED = "agreement.expired", _("Request not answered in time")
    AGREEMENT_WITHDRAWN = "agreement.withdrawn", _("Request withdrawn")
    AGREEMENT_HELD = "agreement.held", _("Report under review")
    AGREEMENT_RELEASED = "agreement.released", _("Report released")
    AGREEMENT_REFUSED = "agreement.refused", _("Report refused")
    INVITATION_FAILED = "invitation.failed", _("Email not delivered")
    REPORT_READY = "report.ready", _("Report ready")
    REPORT_NO_DATA = "report.no_data", _("No data for the report")
    REPORT_FAILED = "report.failed", _("Report failed")
    REPORT_PURGED = "report.purged", _("Report file deleted")
    BULK_FINISHED = "bulk.finished", _("Bulk invitation finished")
    KEY_EXPIRING = "key.expiring", _("Key expires soon")
    WEBHOOK_DISABLED = "webhook.disabled", _("Webhook turned off")


class ApiEventQuerySet(models.QuerySet["ApiEvent"]):
    def feed(self, company: Company, *, is_test: bool = False, after: int = 0) -> ApiEventQuerySet:
        """Return the company's events after a place in the feed, the oldest first; an index reads them."""
        events = self.filter(company=company, is_test=is_test, number__gt=after)
        return events.order_by("number")

    def unnumbered(self) -> ApiEventQuerySet:
        """Return events that the publisher has not given a place yet, in the order of their rows."""
        return self.filter(number=None).order_by("pk")


class ApiEvent(models.Model):
    """One event of one company. `data` has no personal data: what there is to know is behind the agreement's number.

    `number` is the event's place in the feed; api.publisher gives it. `source` names the row that the event is about,
    so that it is published once.
    """

    event_id = models.CharField(max_length=30, unique=True, default=new_event_id)
    number = models.BigIntegerField(null=True, unique=True)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+", db_index=False)
    is_test = models.BooleanField(default=False)
    type = models.CharField(max_length=30, choices=EventType.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    source = models.CharField(max_length=80, unique=True)
    data = models.JSONField(default=dict)

    objects = ApiEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("API event")
        ordering = [F("number").asc(nulls_last=True), "pk"]
        indexes = [
            models.Index(fields=["company", "is_test", "number"], name="api_event_feed"),
            models.Index(fields=["company", "is_test", "type", "number"], name="api_event_feed_of_type"),
            models.Index(fields=["id"], name="api_event_unnumbered", condition=Q(number=None)),
            models.Index(fields=["recorded_at"], name="api_event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class PublisherPosition(models.Model):
    """How far the publisher is in one of its sources, and in the numbers of the feed; its lock, too.

    Every row of the source up to `settled` is published. Those up to `checkpoint` will be, as soon as the transactions
    `writers`, which wrote to the source when the checkpoint was set, have ended.
    """

    name = models.CharField(max_length=20, primary_key=True)
    settled = models.BigIntegerField(default=0)
    checkpoint = models.BigIntegerField(null=True)
    writers: Any = ArrayField(models.CharField(max_length=40), default=list)

    def __str__(self) -> str:
        return f"{self.name}: {self.settled}"

    def settle(self, head: int, writers: set[str]) -> None:
        """Move on, after everything that was visible when `writers` were read has been published.

        `head` is the last key that was visible before that. Keys up to it may belong to transactions that are running.
        """
        if self.checkpoint is not None and writers.isdisjoint(self.writers):
            self.settled, self.checkpoint = self.checkpoint, None
        if not writers:
            self.settled, self.checkpoint = head, None
        elif self.checkpoint is None and head > self.settled:
            self.checkpoint, self.writers = head, sorted(writers)
        self.save()

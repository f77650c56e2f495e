"""Bulk invitations: a file of customers and meters, and what became of each of its rows (T14, K1 to K6)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements.states import Channel
from companies.models import Company


class BulkState(models.TextChoices):
    PREVIEW = "preview", _("Not sent yet")
    SENDING = "sending", _("Sending")
    STOPPED = "stopped", _("Stopped")
    FINISHED = "finished", _("Finished")
    CANCELED = "canceled", _("Canceled")


ENDED = (BulkState.FINISHED, BulkState.CANCELED)


class BulkRowState(models.TextChoices):
    NOT_CHECKED = "not_checked", _("Not checked yet")
    CREATED = "created", _("Created")
    REFUSED = "refused", _("Refused")
    CANCELED = "canceled", _("Canceled")


class BulkInvitationQuerySet(models.QuerySet["BulkInvitation"]):
    def of_company(self, company: Company) -> BulkInvitationQuerySet:
        """Return the company's files, the latest first; another company's do not exist for it (T12)."""
        return self.filter(company=company).order_by("-created_at", "pk")

    def due(self, *, at: datetime | None = None) -> BulkInvitationQuerySet:
        """Return files that have rows to send now, the one that waits longest first; a partial index."""
        return self.filter(state=BulkState.SENDING, due_at__lte=at or Now()).order_by("due_at", "pk")

    def with_rows_of(self, company: Company, rows_hash: str) -> BulkInvitationQuerySet:
        """Return files with the same rows that were sent, or are being sent, and not canceled."""
        states = (BulkState.SENDING, BulkState.STOPPED, BulkState.FINISHED)
        return self.filter(company=company, rows_hash=rows_hash, state__in=states, forgotten_at=None)

    def with_counts(self) -> BulkInvitationQuerySet:
        """Add how many rows are in each state, as `created_count` and so on."""
        counts = {f"{state}_count": Count("rows", filter=Q(rows__state=state)) for state in BulkRowState.values}
        with_counts: BulkInvitationQuerySet = self.annotate(**counts)
        return with_counts

    def unannounced(self) -> BulkInvitationQuerySet:
        """Return finished files that no event has told of yet (W2); a partial index."""
        return self.filter(state=BulkState.FINISHED, announced_at=None)


class BulkInvitation(models.Model):
    """One file. `rows_hash` names its contents however a spreadsheet saved them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    file_name = models.CharField(max_length=200, blank=True)
    rows_hash = models.CharField(max_length=64)
    header: Any = models.JSONField(default=list)  # the columns in the order of the file
    # For rows that have none in their own columns.
    report_type = models.CharField(max_length=10, blank=True)
    report_length = models.CharField(max_length=10, blank=True)
    contact: Any = models.JSONField(default=dict)  # as typed on page 2 of the form
    state = models.CharField(max_length=10, choices=BulkState.choices, default=BulkState.PREVIEW)
    created_at = models.DateTimeField(db_default=Now())
    attested_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)  # when the next rows are sent, or can be
    stop_reason = models.CharField(max_length=500, blank=True)  # why nothing is sent now
    attempts = models.PositiveSmallIntegerField(default=0)  # that failed, of the next rows
    ended_at = models.DateTimeField(null=True)
    announced_at = models.DateTimeField(null=True)
    forgotten_at = models.DateTimeField(null=True)  # when the rows' personal data was deleted (K6)

    objects = BulkInvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("bulk invitation")
        indexes = [
            models.Index(fields=["due_at"], name="bulk_due", condition=Q(state="sending")),
            models.Index(fields=["company", "rows_hash"], name="bulk_same_rows"),
            models.Index(
                fields=["ended_at"], name="bulk_unannounced", condition=Q(state="finished", announced_at=None)
            ),
            models.Index(
                Coalesce(F("ended_at"), F("created_at")), name="bulk_not_forgotten", condition=Q(forgotten_at=None)
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_test(self) -> bool:
        return self.company.is_sandbox

    @property
    def is_ended(self) -> bool:
        return self.state in ENDED

    def counts(self) -> dict[str, int]:
        """Return how many rows are in each state; every state is there."""
        counted = dict(self.rows.values_list("state").annotate(Count("pk")).order_by())
        return {state.value: counted.get(state.value, 0) for state in BulkRowState}


class BulkRowQuerySet(models.QuerySet["BulkRow"]):
    def unchecked(self) -> BulkRowQuerySet:
        """Return the rows that are still to be sent, in the order of the file."""
        return self.filter(state=BulkRowState.NOT_CHECKED).order_by("number")


class BulkRow(models.Model):
    """One row: its cells as they were sent, and its outcome, written in the transaction that creates the agreement."""

    bulk = models.ForeignKey(BulkInvitation, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()  # as a spreadsheet shows it: the header is row 1
    # Rows with one number here are one request: the same customer, report and comments.
    group = models.PositiveIntegerField()
    cells: Any = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=BulkRowState.choices, default=BulkRowState.NOT_CHECKED)
    code = models.CharField(max_length=30, blank=True)
    column = models.CharField(max_length=30, blank=True)
    message = models.TextField(blank=True)
    agreement_number = models.CharField(max_length=12, blank=True)
    done_at = models.DateTimeField(null=True)  # when the worker checked it

    objects = BulkRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("row of a bulk invitation")
        constraints = [models.UniqueConstraint(fields=["bulk", "number"], name="bulk_row_once")]

    def __str__(self) -> str:
        return f"{self.bulk_id} row {self.number}"

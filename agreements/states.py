"""The states of an agreement and of its report, and the only transitions between them (L1 to L8, R1).

The diagram in docs/lifecycle.md is drawn from the table of the agreement.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    PENDING = "pending", _("Pending")
    COMPLETE = "complete", _("Complete")
    REJECTED = "rejected", _("Rejected")
    NOT_ACCEPTED = "not_accepted", _("Not Accepted")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Channel(models.TextChoices):
    """How an event of an agreement was triggered (L8)."""

    FORM = "form", _("Third party's form")
    INVITATION = "invitation", _("Invitation link")
    ACCOUNT = "account", _("Customer's account")
    THIRD_PARTY = "third_party", _("Third party's agreement page")
    CLOCK = "clock", _("The portal, on schedule")
    REVIEW = "review", _("Review by the utility")
    API = "api", _("Third party's program")
    SANDBOX = "sandbox", _("The sandbox")


@dataclass(frozen=True)
class Transition:
    """One allowed change of status."""

    name: str
    source: Status
    target: Status
    trigger: str
    in_time: bool  # within the invitation period; False: only after it


TRANSITIONS: dict[str, Transition] = {
    transition.name: transition
    for transition in (
        Transition("accept", Status.PENDING, Status.COMPLETE, "customer accepts", in_time=True),
        Transition("reject", Status.PENDING, Status.REJECTED, "customer rejects", in_time=True),
        Transition("withdraw", Status.PENDING, Status.WITHDRAWN, "third party withdraws", in_time=True),
        Transition("expire", Status.PENDING, Status.NOT_ACCEPTED, "30 days pass", in_time=False),
    )
}


class ReportState(models.TextChoices):
    """How far the report of an agreement is (R1, R5, R7). The lists and the sweeps read it from the agreement."""

    NONE = "none", _("None")  # not accepted, or refused after a review
    AWAITING_DATA = "awaiting_data", _("Waiting for data")
    DUE = "due", _("Due")  # the next worker makes it, or the one after a review
    MAKING = "making", _("Being made")  # if the worker goes silent, it is tried again at the report's `retry_at`
    RETRYING = "retrying", _("Being made again")  # failed, and tried again at `retry_at`
    READY = "ready", _("Ready")
    NO_DATA = "no_data", _("No data")
    FAILED = "failed", _("Failed")  # no more attempts: staff have to act
    PURGED = "purged", _("Deleted")


# Each state -> those from which a report gets there. An acceptance begins with AWAITING_DATA or DUE, and a refusal
# after a review ends with NONE: both change with another column of the agreement, in one UPDATE.
REPORT_SOURCES: dict[ReportState, tuple[ReportState, ...]] = {
    ReportState.DUE: (ReportState.AWAITING_DATA,),
    ReportState.MAKING: (ReportState.DUE, ReportState.MAKING, ReportState.RETRYING),
    ReportState.RETRYING: (ReportState.MAKING, ReportState.RETRYING, ReportState.FAILED),
    ReportState.READY: (ReportState.MAKING,),
    ReportState.NO_DATA: (ReportState.MAKING,),
    ReportState.FAILED: (ReportState.MAKING,),
    ReportState.PURGED: (ReportState.READY,),
}
# What a company learns of. Each change to one of them is recorded (ReportStateChange).
REPORT_OUTCOMES = (ReportState.READY, ReportState.NO_DATA, ReportState.FAILED, ReportState.PURGED)
NOT_BEGUN = (ReportState.NONE, ReportState.AWAITING_DATA, ReportState.DUE)  # there is no row of the report

INITIAL = Status.PENDING
FINAL = frozenset(Status) - {transition.source for transition in TRANSITIONS.values()}
NEVER_ACCEPTED = [Status.REJECTED, Status.NOT_ACCEPTED, Status.WITHDRAWN]

"""The states of an agreement and the only transitions between them (L1 to L8).

The diagram in docs/lifecycle.md is drawn from this table.
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
    CLOCK = "clock", _("End of the invitation period")
    REVIEW = "review", _("Review by the utility")


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

INITIAL = Status.PENDING
FINAL = frozenset(Status) - {transition.source for transition in TRANSITIONS.values()}
NEVER_ACCEPTED = [Status.REJECTED, Status.NOT_ACCEPTED, Status.WITHDRAWN]

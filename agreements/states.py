"""The life of an agreement: its states and the only moves between them (SPEC section 2, L1 to L8).

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
    """By which way a change came (L8)."""

    FORM = "form", _("Third party's form")
    INVITATION = "invitation", _("Invitation link")
    ACCOUNT = "account", _("Customer's account")
    THIRD_PARTY = "third_party", _("Third party's agreement page")
    CLOCK = "clock", _("End of the invitation period")
    REVIEW = "review", _("Review by the utility")


@dataclass(frozen=True)
class Move:
    """One allowed change of status."""

    name: str
    source: Status
    target: Status
    who: str
    # Decisions bind only within the invitation period; expiring only after it. None: at any time while Pending.
    in_time: bool | None


MOVES: dict[str, Move] = {
    move.name: move
    for move in (
        Move("accept", Status.PENDING, Status.COMPLETE, "customer accepts", in_time=True),
        Move("reject", Status.PENDING, Status.REJECTED, "customer rejects", in_time=True),
        Move("withdraw", Status.PENDING, Status.WITHDRAWN, "third party withdraws", in_time=True),
        Move("expire", Status.PENDING, Status.NOT_ACCEPTED, "30 days pass", in_time=False),
    )
}

INITIAL = Status.PENDING
FINAL = frozenset(Status) - {move.source for move in MOVES.values()}


def as_mermaid() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {INITIAL.value}: third party initiates"]
    lines += [f"    {move.source.value} --> {move.target.value}: {move.who}" for move in MOVES.values()]
    lines += [f"    {status.value} --> [*]" for status in Status if status in FINAL]
    return "\n".join(lines) + "\n"

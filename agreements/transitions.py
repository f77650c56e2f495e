"""The one way to change an agreement's status: a conditional UPDATE that counts its rows, and its event (L8)."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from agreements.models import Agreement, AgreementEvent
from agreements.states import MOVES, Channel, Move, Status


class MoveRefused(Exception):
    """The agreement was not where the move starts. `agreement` is what stands in the database now.

    `expired` tells that it was still Pending but its invitation period was over (L3).
    """

    def __init__(self, agreement: Agreement, *, expired: bool) -> None:
        super().__init__(f"{agreement.number} is {agreement.status}{' and overdue' if expired else ''}")
        self.agreement = agreement
        self.expired = expired


def _claim(agreement: Agreement, move: Move, at: datetime) -> bool:
    rows = Agreement.objects.filter(pk=agreement.pk, status=move.source)
    if move.in_time is True:
        rows = rows.filter(expires_at__gte=at)
    elif move.in_time is False:
        rows = rows.filter(expires_at__lt=at)
    return rows.update(status=move.target, ended_at=at) == 1


def move_to(agreement: Agreement, name: str, *, at: datetime, by: User | None, channel: Channel) -> Agreement:
    """Make the move `name` of states.MOVES and write its event; the fresh agreement comes back.

    Of two that race one wins; the other gets `MoveRefused`. Call it inside a transaction.
    """
    move = MOVES[name]
    won = _claim(agreement, move, at)
    agreement.refresh_from_db()
    if not won:
        raise MoveRefused(agreement, expired=agreement.status in (Status.PENDING, Status.NOT_ACCEPTED))
    AgreementEvent.objects.create(
        agreement=agreement,
        at=at,
        kind=name,
        from_status=move.source,
        to_status=move.target,
        channel=channel,
        by=by,
    )
    return agreement

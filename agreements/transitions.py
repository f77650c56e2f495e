"""The only way to change the status of an agreement and the state of its report: a conditional UPDATE (L8, R1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from agreements.models import Agreement, AgreementEvent, EventKind, ReportStateChange
from agreements.states import REPORT_OUTCOMES, REPORT_SOURCES, TRANSITIONS, Channel, ReportState, Status, Transition


class TransitionRefused(Exception):
    """The agreement was not in the transition's source status or period. `agreement` is the current database row."""

    def __init__(self, agreement: Agreement) -> None:
        super().__init__(f"{agreement.number} is {agreement.status}")
        self.agreement = agreement

    @property
    def expired(self) -> bool:
        """True if the invitation period was over (L3).

        A refused Pending agreement is overdue; a Not Accepted one is overdue and the sweep has recorded it.
        """
        return self.agreement.status in (Status.PENDING, Status.NOT_ACCEPTED)


class CompanySuspended(TransitionRefused):
    """The agreement still waits for an answer, but cannot be accepted while its company is suspended (L9)."""

    @property
    def expired(self) -> bool:
        return False


def update_status(agreement: Agreement, change: Transition, at: datetime, **columns: Any) -> bool:
    """Return whether the database row was in the transition's source status and period, and was updated.

    `columns` are written with the status.
    """
    period = {"expires_at__gte": at} if change.in_time else {"expires_at__lt": at}
    rows = Agreement.objects.filter(pk=agreement.pk, status=change.source, **period)
    return rows.update(status=change.target, ended_at=at, **columns) == 1


def record_event(
    agreement: Agreement,
    kind: EventKind,
    *,
    at: datetime,
    by: User | None,
    channel: Channel,
    from_status: Status | None = None,
) -> AgreementEvent:
    """Record what happened to `agreement`, whose status was `from_status`, by default the current one (L8)."""
    before, after = from_status or agreement.status, agreement.status
    return AgreementEvent.objects.create(
        agreement=agreement, at=at, kind=kind, from_status=before, to_status=after, channel=channel, by=by
    )


def transition(
    agreement: Agreement, name: str, *, at: datetime, by: User | None, channel: Channel, **columns: Any
) -> Agreement:
    """Make the transition `name` of states.TRANSITIONS, record its event and return the refreshed agreement.

    `columns` of the agreement are written with its status.

    Of two concurrent calls one wins; the other raises TransitionRefused. Needs a transaction.
    """
    change = TRANSITIONS[name]
    is_updated = update_status(agreement, change, at, **columns)
    agreement.refresh_from_db()
    if not is_updated:
        raise TransitionRefused(agreement)
    record_event(agreement, EventKind(name), at=at, by=by, channel=channel, from_status=change.source)
    return agreement


def change_report_state(*agreement_ids: int, to: ReportState, **columns: Any) -> int:
    """Change the state of these agreements' reports, as REPORT_SOURCES allows; return how many were changed (R1).

    `columns` of the agreements are written with it. Of two concurrent calls one wins. Call it in the transaction that
    changes the report's row.
    """
    agreements = Agreement.objects.filter(pk__in=agreement_ids, report_state__in=REPORT_SOURCES[to])
    if to not in REPORT_OUTCOMES:
        return agreements.update(report_state=to, **columns)
    changed = list(agreements.select_for_update(no_key=True).values_list("pk", flat=True))
    Agreement.objects.filter(pk__in=changed).update(report_state=to, **columns)
    ReportStateChange.objects.bulk_create(ReportStateChange(agreement_id=pk, state=to) for pk in changed)
    return len(changed)

"""Reminders of the portal and their end (C12): the facts about them, and the steps that lead to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agreements.models import Agreement, ReminderOutcome
from agreements.models.reminder import reminder_times
from agreements.reminders import send_due_reminder, stop_reminders
from agreements.states import Channel

if TYPE_CHECKING:
    from tests.pages.truth.cases import Case


class ReminderFacts:
    """A part of AgreementFacts."""

    agreement: Agreement

    @property
    def reminders_stopped(self) -> bool | Mapping[str, object]:
        stopped_at = self.agreement.submission.reminders_stopped_at
        return stopped_at is not None and {"at": stopped_at, "stopped_at": stopped_at}

    @property
    def portal_reminded(self) -> bool:
        return self.agreement.submission.reminders.filter(outcome=ReminderOutcome.SENT).exists()


def let_portal_remind(case: Case) -> None:
    agreement = case.agreement
    send_due_reminder(agreement.submission_id, at=min(reminder_times(agreement.initiated_at).values()))


def stop_reminding(case: Case) -> None:
    stop_reminders(case.agreement.submission, channel=Channel.INVITATION)

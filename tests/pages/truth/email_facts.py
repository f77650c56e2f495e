"""What is true of the emails about an agreement: facts of tests/pages/truth/facts.py."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.timezone import localdate

from notifications.models import ENDED_BADLY, Email, EmailState

Fact = bool | Mapping[str, object]


class EmailFacts:
    """`emails` are all about the agreement."""

    emails: tuple[Email, ...]

    @property
    def requests(self) -> list[Email]:
        """Return the requests and reminders to the address that the agreement has now."""
        return [each for each in self.emails if each.kind in ("EM201", "EM202") and each.superseded_at is None]

    @property
    def corrected(self) -> Fact:
        return any(email.superseded_at for email in self.emails)

    @property
    def undelivered(self) -> Fact:
        requests = [email.state for email in self.requests]
        return bool(requests) and all(state in ENDED_BADLY for state in requests)

    @property
    def email_queued(self) -> Fact:
        return any(email.state == EmailState.QUEUED for email in self.emails)

    @property
    def email_on_hold(self) -> Fact:
        return any(email.state == EmailState.ON_HOLD for email in self.emails)

    @property
    def reminded(self) -> Fact:
        first = min((email.queued_at for email in self.requests), default=None)
        return any(email.kind == "EM202" for email in self.requests) and {"at": localdate(first)}

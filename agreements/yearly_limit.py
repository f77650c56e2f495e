"""The limit of agreements per ESIID and third party in a year (L5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from agreements.models import Agreement, Review
from companies.models import Company
from lib.central_time import CENTRAL, format_central
from notifications.actions import undelivered_numbers


class CountedAgreements:
    """When the company's agreements for one ESIID that count were initiated, the latest first."""

    def __init__(self) -> None:
        self.limit: int = settings.AGREEMENT_LIMIT_PER_ESIID
        self.initiated: list[datetime] = []

    @property
    def is_used_up(self) -> bool:
        return len(self.initiated) >= self.limit

    @property
    def next_ordinal(self) -> int:
        """Which agreement of the limit the next one is, from 1."""
        return len(self.initiated) + 1

    @property
    def is_next_the_last(self) -> bool:
        """Whether no further agreement can be created after the next one until `free_at`."""
        return self.next_ordinal == self.limit

    @property
    def free_at(self) -> datetime:
        """When the oldest of the last ones no longer counts; not before one is counted."""
        oldest = self.initiated[: self.limit][-1]
        return oldest.astimezone(CENTRAL) + settings.AGREEMENT_LIMIT_WINDOW

    def until(self, at: datetime) -> datetime:
        """When the first of these agreements no longer counts, if the next one is made `at`."""
        first = self.initiated[: self.limit][-1] if self.initiated else at
        return first.astimezone(CENTRAL) + settings.AGREEMENT_LIMIT_WINDOW

    @property
    def in_words(self) -> dict[str, int | str]:
        """The limit, its days and `free_at`, for a sentence."""
        days = settings.AGREEMENT_LIMIT_WINDOW.days
        free_at = format_central(self.free_at) if self.initiated else ""
        return {"limit": self.limit, "days": days, "free_at": free_at}


def counted_agreements(company: Company, premise_ids: Iterable[int], *, at: datetime) -> dict[int, CountedAgreements]:
    """Return what counts of each premise at `at`, whatever became of it; a defaultdict by premise id.

    An agreement whose emails were all refused or returned does not count, unless the customer answered in the account;
    nor does one whose report was refused because the answer was not reviewed in time (X1).
    """
    counted: dict[int, CountedAgreements] = defaultdict(CountedAgreements)
    # The window is whole Central days: in UTC it would end an hour off across a clock change.
    since = at.astimezone(CENTRAL) - settings.AGREEMENT_LIMIT_WINDOW
    agreements = Agreement.objects.filter(company=company, premise__in=premise_ids, initiated_at__gt=since)
    recent = list(agreements.exclude(review=Review.UNREVIEWED).order_by("-initiated_at"))
    undelivered = undelivered_numbers(agreement.number for agreement in recent if not agreement.was_answered)
    for agreement in recent:
        if agreement.number not in undelivered:
            counted[agreement.premise_id].initiated.append(agreement.initiated_at)
    return counted

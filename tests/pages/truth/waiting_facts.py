"""What is true of a report that waits for its utility, and of how that ended: facts of tests/pages/truth/facts.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils.timezone import localdate

from agreements.models import Agreement
from agreements.states import ReportState
from reports.models import Report
from tests.pages.truth.email_facts import Fact

DAY = timedelta(days=1)


class WaitingFacts:
    """The part of AgreementFacts about readings that had not come at the acceptance (R2, R7)."""

    agreement: Agreement
    report: Report | None
    now: datetime

    @property
    def data_awaited(self) -> Fact:
        """The days are not fixed before the utility's data comes, whether or not a review comes first."""
        return self.agreement.report_state == ReportState.AWAITING_DATA and {
            "until": self.agreement.awaits_data_until, "utility": self.agreement.tdsp.name,
        }  # fmt: skip

    @property
    def days_awaited(self) -> Fact:
        return bool(self.data_awaited) and self.of_several_days(self.agreement.ended_at)

    @property
    def one_day_awaited(self) -> Fact:
        return bool(self.data_awaited) and self.of_one_day(self.agreement.ended_at)

    @property
    def waited_for_days(self) -> Fact:
        """At the acceptance no day was on file; the letter says so for good."""
        days = self.of_several_days(self.agreement.ended_at)
        until = self.agreement.awaits_data_until
        return until is not None and isinstance(days, Mapping) and {**days, "until": until}

    @property
    def waited_for_one_day(self) -> Fact:
        return bool(self.waited_for_data) and self.of_one_day(self.agreement.ended_at)

    @property
    def waited_for_data(self) -> Fact:
        return self.agreement.awaits_data_until is not None

    @property
    def one_day_shared(self) -> Fact:
        return self.agreement.shared.report_length == "1d"

    @property
    def offers_days_to_wait_for(self) -> Fact:
        """Of a pending request whose acceptance would wait; conditions name `offers_days_to_come` too."""
        return self.of_several_days(self.now)

    @property
    def offers_one_day_to_wait_for(self) -> Fact:
        return self.of_one_day(self.now)

    @property
    def ended_early(self) -> Fact:
        """The wait ended without any awaited day, and the report ends with an older one."""
        if not self.waited_for_data or self.report is None or self.agreement.ended_at is None:
            return False
        first, yesterday = self.last_days(self.agreement.ended_at)
        last = self.report.last_day
        names = {"last": last, "first": last + DAY, "until": yesterday, "utility": self.agreement.tdsp.name}
        return last < first and names

    @property
    def counted_for_good(self) -> Fact:
        """An answered request counts toward the yearly limit, unless nobody reviewed the answer in time (L5, X1)."""
        until = localdate(self.agreement.initiated_at) + settings.AGREEMENT_LIMIT_WINDOW
        return self.agreement.was_answered and self.agreement.review != "unreviewed" and {"day": until}

    def of_several_days(self, at: datetime | None) -> Fact:
        first, last = self.last_days(at)
        return first < last and {"first": first, "last": last}

    def of_one_day(self, at: datetime | None) -> Fact:
        first, last = self.last_days(at)
        return first == last and {"day": last}

    def last_days(self, at: datetime | None) -> tuple[date, date]:
        """Return the days before `at` that can be on file for the present customer."""
        today, since = localdate(at), self.agreement.premise.service_since
        return max(today - settings.REPORT_LATEST_DAYS * DAY, since or date.min), today - DAY

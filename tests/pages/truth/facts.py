"""What is true of an agreement, by its rows.

Each property is a fact of table.toml: False, True, or what a sentence that needs it has to name: placeholder -> value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agreements.models import Agreement, Letter, Review
from agreements.period import Period, offered_period
from agreements.states import ReportState, Status
from customers.models import EsiidClaim
from lib.central_time import utc_or_now
from notifications.models import Email
from reports.models import Report
from tests.pages.truth.contact_facts import notices_to_staff
from tests.pages.truth.email_facts import Fact
from tests.pages.truth.reminders import ReminderFacts
from tests.pages.truth.request_facts import RequestFacts
from tests.pages.truth.waiting_facts import WaitingFacts


@dataclass(frozen=True)
class AgreementFacts(RequestFacts, ReminderFacts, WaitingFacts):
    """The rows of one agreement as they were when they were read."""

    report: Report | None
    download_count: int
    letter: Letter | None
    offer: Period | None
    some_open: Fact  # requests of the submission can still be answered
    several_open: Fact
    now: datetime

    @classmethod
    def of(cls, number: str) -> AgreementFacts:
        agreements = Agreement.objects.select_related("company", "submission", "tdsp", "premise", "consent_review")
        agreement = agreements.with_registration_offer().get(number=number)
        open_count = agreements.filter(submission=agreement.submission).open_soonest_first().count()
        report, now = Report.objects.filter(agreement=agreement).first(), utc_or_now()
        return cls(
            agreement=agreement,
            report=report,
            download_count=report.downloads.count() if report else 0,
            emails=tuple(Email.objects.about(number).defer("text", "html")),
            staff_notices=notices_to_staff(agreement),
            letter=Letter.objects.filter(agreement=agreement).first(),
            offer=offered_period(agreement, at=now) if agreement.status == Status.PENDING else None,
            some_open=open_count > 0,
            several_open=open_count > 1,
            now=now,
        )

    @property
    def always(self) -> Fact:
        return True

    @property
    def never(self) -> Fact:
        return False

    @property
    def shares_less(self) -> Fact:
        return bool(self.accepted) and self.agreement.shares_less

    # The address

    @property
    def correctable(self) -> Fact:
        submission, company = self.agreement.submission, self.agreement.company
        is_answered = submission.agreements.filter(status__in=[Status.COMPLETE, Status.REJECTED]).exists()
        return bool(self.open) and not is_answered and not company.is_suspended and not company.requests_paused_at

    # The answer

    @property
    def pending(self) -> Fact:
        return self.agreement.status == Status.PENDING

    @property
    def open(self) -> Fact:
        ends = self.agreement.expires_at
        return bool(self.pending) and ends >= self.now and {"at": ends, "until": ends, "ends": ends}

    @property
    def expired(self) -> Fact:
        ends, status = self.agreement.expires_at, self.agreement.status
        is_expired = status in (Status.PENDING, Status.NOT_ACCEPTED) and not self.open
        return is_expired and {"at": ends, "until": ends, "ends": ends}

    @property
    def accepted(self) -> Fact:
        return self.ended_as(Status.COMPLETE)

    @property
    def rejected(self) -> Fact:
        return self.ended_as(Status.REJECTED)

    @property
    def company_unknown(self) -> Fact:
        return bool(self.rejected) and self.agreement.is_company_unknown

    @property
    def withdrawn(self) -> Fact:
        return self.ended_as(Status.WITHDRAWN)

    @property
    def closed(self) -> Fact:
        return not self.open and {"at": self.agreement.ended_at or self.agreement.expires_at}

    @property
    def signed(self) -> Fact:
        return self.letter is not None and {"at": self.letter.signed_at}

    def ended_as(self, status: Status) -> Fact:
        ended = self.agreement.ended_at
        return self.agreement.status == status and {"at": ended, "ended": ended}

    # What an acceptance now would share, if it is possible

    @property
    def offers_days(self) -> Fact:
        return bool(self.open) and some_days(self.offer)

    @property
    def offers_one_day(self) -> Fact:
        return bool(self.open) and one_day(self.offer)

    @property
    def offers_no_day(self) -> Fact:
        return bool(self.open) and no_day(self.offer)

    @property
    def offers_days_to_come(self) -> Fact:
        return bool(self.open) and self.offer is None

    # The review, and what an accepted request shares

    @property
    def held(self) -> Fact:
        return self.agreement.review == Review.HELD

    @property
    def refused(self) -> Fact:
        return bool(self.reviewed) and self.agreement.review == Review.REFUSED

    @property
    def released(self) -> Fact:
        return self.agreement.review == Review.RELEASED

    @property
    def reviewed(self) -> Fact:
        review = self.agreement.consent_review
        return self.agreement.review in (Review.RELEASED, Review.REFUSED) and {
            "reason": review.reason if review else ""
        }

    @property
    def unreviewed(self) -> Fact:
        return self.agreement.review == Review.UNREVIEWED

    @property
    def disavowed(self) -> Fact:
        return (at := self.agreement.disavowed_at) is not None and {"at": at, "utility": self.agreement.tdsp.name}

    @property
    def is_disavowed(self) -> Fact:
        return self.agreement.disavowed_at is not None

    @property
    def doubtful(self) -> Fact:
        return bool(self.held or self.refused or self.unreviewed)

    @property
    def in_question(self) -> Fact:
        return bool(self.doubtful or (self.disavowed and not self.released))

    @property
    def review_overdue(self) -> Fact:
        review = self.agreement.consent_review
        return bool(self.held) and review is not None and review.escalated_at is not None

    @property
    def covers_days(self) -> Fact:
        return bool(self.accepted) and some_days(self.period)

    @property
    def covers_one_day(self) -> Fact:
        return bool(self.accepted) and one_day(self.period)

    @property
    def covers_no_day(self) -> Fact:
        return bool(self.accepted) and no_day(self.period)

    @property
    def period(self) -> Period | None:
        first, last = self.agreement.period_first_day, self.agreement.period_last_day
        return Period(first, first, last) if first and last else None

    # The report

    @property
    def being_made(self) -> Fact:
        return not self.held and self.report_is(ReportState.DUE, ReportState.MAKING)

    @property
    def retrying(self) -> Fact:
        return self.report_is(ReportState.RETRYING)

    @property
    def failed(self) -> Fact:
        return self.report_is(ReportState.FAILED)

    @property
    def without_data(self) -> Fact:
        return self.report_is(ReportState.NO_DATA)

    @property
    def without_data_for_days(self) -> Fact:
        return self.with_time_made(some_days(self.period_without_data), self.without_data)

    @property
    def without_data_for_one_day(self) -> Fact:
        return self.with_time_made(one_day(self.period_without_data), self.without_data)

    @property
    def without_service(self) -> Fact:
        return bool(self.without_data) and no_day(self.report_period)

    @property
    def report_lost(self) -> Fact:
        """The company has no file and gets none."""
        return bool(self.covers_no_day or self.without_data or self.purged)

    @property
    def ready(self) -> Fact:
        kept_until = self.report and self.report.kept_until
        return self.report_is(ReportState.READY) and {"day": kept_until, "until": kept_until, "at": kept_until}

    @property
    def own_copy(self) -> Fact:
        """Whether the report is of days that the customer's own claim shows on the usage pages."""
        if self.report is None or not self.ready or self.held:
            return False
        claims = EsiidClaim.objects.with_state().with_former_end().select_related("premise")
        claims = claims.filter(premise=self.agreement.premise_id, until=None)
        return any(claim.visible_from and claim.visible_from <= self.report.first_day for claim in claims)

    @property
    def purged(self) -> Fact:
        return self.report_is(ReportState.PURGED) and self.report is not None and {"day": self.report.purged_at}

    @property
    def made(self) -> Fact:
        return self.report_is(ReportState.READY, ReportState.PURGED)

    @property
    def made_for_days(self) -> Fact:
        return self.with_time_made(some_days(self.report_period), self.made)

    @property
    def made_for_one_day(self) -> Fact:
        return self.with_time_made(one_day(self.report_period), self.made)

    @property
    def downloaded(self) -> Fact:
        return self.download_count > 0

    @property
    def readings_missing(self) -> Fact:
        return self.report is not None and self.report.missing_intervals > 0

    @property
    def days_missing(self) -> Fact:
        return self.report is not None and bool(self.report.missing)

    @property
    def readings_estimated(self) -> Fact:
        return self.report is not None and self.report.estimated_intervals > 0

    @property
    def shortened(self) -> Fact:
        report = self.report
        days = report and {"asked": report.asked_first_day, "since": report.first_day}
        return report is not None and report.is_shortened and (days or {})

    @property
    def metered_later(self) -> Fact:
        return self.report is not None and self.report.is_metered_later and {"day": self.report.expected_from}

    def report_is(self, *states: ReportState) -> bool:
        return self.agreement.report_state in states

    @property
    def report_period(self) -> Period | None:
        report = self.report
        return Period(report.asked_first_day, report.first_day, report.last_day) if report else None

    @property
    def period_without_data(self) -> Period | None:
        """For one day, all days that were awaited."""
        if not (self.one_day_shared and self.waited_for_days):
            return self.report_period
        first, last = self.last_days(self.agreement.ended_at)
        return Period(first, first, last)

    def with_time_made(self, days: Fact, is_so: Fact) -> Fact:
        return bool(is_so) and isinstance(days, Mapping) and {**days, "at": self.report and self.report.made_at}


def some_days(period: Period | None) -> Fact:
    return period is not None and period.first < period.last and {"first": period.first, "last": period.last}


def one_day(period: Period | None) -> Fact:
    return period is not None and period.first == period.last and {"day": period.last}


def no_day(period: Period | None) -> Fact:
    """The service began after the last day."""
    return period is not None and period.first > period.last and {"since": period.first, "last": period.last}

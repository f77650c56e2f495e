"""What happens to an agreement on the way to a state; most are actions, some write what a worker leaves behind."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from agreements import actions
from agreements.consent_review import escalate_overdue_reviews, review_consent
from agreements.corrections import correct_address
from agreements.models import ReportLength, ReportScope, ReportType, Review
from agreements.retention import delete_personal_data
from agreements.states import Channel, ReportState
from lib import link_tokens
from meters.models import Premise
from notifications.models import Email, EmailState
from reports import disavowal
from reports.actions import end_waiting, generate_due_reports, purge_files
from reports.models import Report
from tests.factories import ConsentSignalFactory, DownloadFactory, ReportFactory
from tests.support.usage import CONSUMPTION, every_day, store

if TYPE_CHECKING:
    from tests.pages.truth.cases import Case

DAY = timedelta(days=1)


def deliver(case: Case) -> None:
    """Store the four days before the answer."""
    last = timezone.localdate(case.begun_at)
    store(case.agreement.premise, *every_day(last - 4 * DAY, last - DAY, CONSUMPTION))


def begin_service_later(case: Case) -> None:
    tomorrow = timezone.localdate(case.begun_at) + DAY
    Premise.objects.filter(pk=case.agreement.premise_id).update(service_since=tomorrow)


def accept(case: Case, scope: ReportScope | None = None) -> None:
    in_account = case.registration == "registered"
    actions.accept(
        case.agreement,
        channel=Channel.ACCOUNT if in_account else Channel.INVITATION,
        by=case.user if in_account else None,
        scope=scope,
        at=case.begun_at,
    )


def accept_less(case: Case) -> None:
    accept(case, ReportScope(ReportType.DAILY, ReportLength.ONE_DAY))


def reject(case: Case) -> None:
    actions.reject(case.agreement, channel=Channel.INVITATION, at=case.begun_at)


def disown(case: Case) -> None:
    actions.reject_unknown(case.agreement, channel=Channel.INVITATION, at=case.begun_at)


def withdraw(case: Case) -> None:
    actions.withdraw(case.agreement, by=case.member)


def remind(case: Case) -> None:
    actions.resend(case.agreement, by=case.member)


def correct(case: Case) -> None:
    """Correct the address as far as the records allow: a registered customer's account has another one now."""
    address = f"right.{case.number}@example.net"
    if case.registration == "registered since":
        return
    if case.user:
        User.objects.filter(pk=case.user.pk).update(email=address)
        case.user.refresh_from_db()
    correct_address(case.agreement, address, by=case.member)
    case.token = link_tokens.derive_token(bytes(case.agreement.submission.link_nonce))


def expire(_case: Case) -> None:
    actions.expire_overdue()


def forget_person(_case: Case) -> None:
    delete_personal_data()


def suspect(case: Case) -> None:
    ConsentSignalFactory(agreement=case.agreement)


def release(case: Case) -> None:
    decide(case, Review.RELEASED, reason="The customer confirmed it by phone")


def refuse(case: Case) -> None:
    decide(case, Review.REFUSED, reason="The customer did not know about it")


def decide(case: Case, outcome: Review, *, reason: str) -> None:
    review = case.agreement.consent_review
    assert review
    review_consent(review, outcome, by=case.operator, reason=reason)


def escalate_review(case: Case) -> None:
    escalate_overdue_reviews(at=case.begun_at + 30 * DAY)


def let_review_lapse(case: Case) -> None:
    escalate_overdue_reviews(at=case.begun_at + 60 * DAY)


def disavow(case: Case) -> None:
    disavowal.disavow(case.agreement, channel=Channel.INVITATION)


def bounce(case: Case) -> None:
    sent = {"sent_at": timezone.now(), "failed_at": timezone.now()}
    requests = Email.objects.about(case.number).filter(kind__in=["EM201", "EM202"])
    requests.update(state=EmailState.BOUNCED, failure="refused", **sent)


def end_wait(_case: Case) -> None:
    end_waiting(at=timezone.now() + settings.REPORT_DATA_WAIT)


def generate(case: Case) -> None:
    generate_due_reports(at=case.begun_at)


def download(case: Case) -> None:
    DownloadFactory(report=Report.objects.get(agreement=case.agreement), by=case.member)


def purge(_case: Case) -> None:
    purge_files()


def leave_unfinished(case: Case, state: ReportState, **columns: Any) -> None:
    first, last = case.agreement.period_first_day, case.agreement.period_last_day
    days = {"first_day": first, "last_day": last, "asked_first_day": first}
    ReportFactory(agreement=case.agreement, state=state, **days, **columns)


def lose_worker(case: Case) -> None:
    leave_unfinished(case, ReportState.MAKING, attempts=1, retry_at=timezone.now() + DAY)


def fail_once(case: Case) -> None:
    leave_unfinished(case, ReportState.RETRYING, attempts=1, retry_at=timezone.now() + DAY)


def fail_for_good(case: Case) -> None:
    leave_unfinished(case, ReportState.FAILED, attempts=5)

"""The steps to every state that an agreement can be in, by the actions, and the ways that are made of them.

Only what a worker that failed leaves behind, and another request's answer, are written as rows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from agreements import actions
from agreements.consent_review import escalate_overdue_reviews, review_consent
from agreements.corrections import correct_address
from agreements.models import ContactStop, ReportLength, ReportScope, ReportType, Review
from agreements.models.contact_stop import mailbox_hashes
from agreements.reminders import why_not_remind
from agreements.retention import delete_personal_data
from agreements.states import Channel, ReportState
from lib import link_tokens
from meters.models import Premise
from notifications.models import Email, EmailState
from reports import disavowal
from reports.actions import end_waiting, generate_due_reports, purge_files
from reports.models import Report
from tests.factories import ConsentSignalFactory, DownloadFactory, ReportFactory
from tests.pages.truth.reminders import let_portal_remind, stop_reminding
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
    """Send the email again, unless it came back and its address could not be corrected."""
    if not why_not_remind(case.agreement, at=timezone.now()):
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


def stop_contact(case: Case) -> None:
    """Stop the company's emails to the mailbox, as another request of it that is disowned does."""
    hashes = mailbox_hashes(case.agreement.email)
    ContactStop.objects.create(company=case.agreement.company, mailbox_hash=hashes[0], at=case.begun_at, counts=False)


Step = Callable[["Case"], None]
# What leads to each state. Those with a sweep come first, because a sweep would take the others along.
WAYS: dict[str, list[Step]] = {
    "rejected, person forgotten": [reject, forget_person],
    "not accepted": [expire],
    "purged": [deliver, accept, generate, purge],
    "purged, downloaded": [deliver, accept, generate, download, purge],
    "no data, nothing delivered": [accept, end_wait, generate],
    "no data, service began later": [begin_service_later, accept, generate],
    "not reviewed in time": [suspect, deliver, accept, escalate_review, let_review_lapse],
    "held, the operator's turn": [suspect, deliver, accept, escalate_review],
    "disavowed, not reviewed in time": [deliver, accept, disavow, escalate_review, let_review_lapse],
    "purged, disavowed": [deliver, accept, generate, purge, disavow],
    "no data, disavowed": [accept, end_wait, generate, disavow],
    "no data, released": [accept, end_wait, generate, disavow, release],
    "ready": [deliver, accept, generate],
    "ready, less than asked": [deliver, accept_less, generate],
    "accepted, less than asked": [deliver, accept_less],
    "downloaded": [deliver, accept, generate, download],
    "ready, disavowed": [deliver, accept, generate, disavow],
    "ready, disavowed, released": [deliver, accept, generate, disavow, release],
    "ready, disavowed, refused": [deliver, accept, generate, disavow, refuse],
    "downloaded, disavowed": [deliver, accept, generate, download, disavow],
    "released, ready": [suspect, deliver, accept, release, generate],
    "company unknown": [disown],
    "pending": [deliver],
    "pending, data to wait for": [],
    "pending, service begins later": [begin_service_later],
    "pending, reminded": [remind],
    "pending, reminded by the portal": [let_portal_remind],
    "pending, reminders stopped": [stop_reminding],
    "pending, bounced": [bounce],
    "pending, corrected": [correct],
    "pending, corrected and reminded": [bounce, correct, remind],
    "pending, corrected and bounced": [correct, bounce],
    "accepted, corrected": [correct, deliver, accept],
    "overdue": [],
    "rejected": [reject],
    "withdrawn": [withdraw],
    "withdrawn, bounced": [bounce, withdraw],
    "due": [deliver, accept],
    "waiting for data": [accept],
    "service begins later": [begin_service_later, accept],
    "held": [suspect, deliver, accept],
    "due, disavowed": [deliver, accept, disavow],
    "released, disavowed": [suspect, deliver, accept, release, disavow],
    "service begins later, disavowed": [begin_service_later, accept, disavow],
    "held, less than asked": [suspect, deliver, accept_less],
    "waiting for data, less than asked": [accept_less],
    "pending, contact stopped": [deliver, stop_contact],
    "overdue, contact stopped": [stop_contact],
    "withdrawn, contact stopped": [stop_contact, withdraw],
    "rejected, contact stopped": [stop_contact, reject],
    "held without data": [suspect, accept],
    "held, service begins later": [suspect, begin_service_later, accept],
    "released": [suspect, deliver, accept, release],
    "released without data": [suspect, accept, release],
    "released, service begins later": [suspect, begin_service_later, accept, release],
    "refused": [suspect, deliver, accept, refuse],
    "refused without data": [suspect, accept, refuse],
    "being made": [deliver, accept, lose_worker],
    "failed, tried again": [deliver, accept, fail_once],
    "failed for good": [deliver, accept, fail_for_good],
}
DAYS_AGO = {
    "rejected, person forgotten": 130, "not accepted": 31, "purged": 71, "purged, downloaded": 71, "overdue": 31,
    "overdue, contact stopped": 31, "both overdue": 31,
}  # fmt: skip
# Two requests of one submission, which have a list behind their link: the steps of each.
PAIRS: dict[str, tuple[list[Step], list[Step]]] = {
    "both pending": ([], []),
    "accepted and pending": ([deliver, accept], []),
    "held and pending": ([suspect, deliver, accept], []),
    "rejected and accepted": ([reject], [deliver, accept]),
    "withdrawn and rejected": ([withdraw], [reject]),
    "both overdue": ([], []),
    "disavowed and pending": ([deliver, accept, disavow], []),
    "disavowed and withdrawn": ([deliver, accept, disavow], [withdraw]),
}

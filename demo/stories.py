"""The demo's agreements, in every state, made by the portal's own actions as of past days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from accounts.models import User
from agreements import actions
from agreements.consent_review import review_consent
from agreements.creation import initiate, start_draft
from agreements.models import Agreement, ReportLength, ReportScope, ReportType, Review
from agreements.models.reminder import reminder_times
from agreements.reminders import send_due_reminder
from agreements.request import AgreementRequest, Contact, MeterRow, Person
from agreements.states import Channel, ReportState, Status
from customers.models import Customer, CustomerKind
from demo import neighbors
from demo.neighborhood import DemoPremise
from demo.people import BAKERY, BLUEBONNET, GRACE, MARIA, PERMIAN, TDSP_STAFF, People, Resident, ThirdParty, person_of
from lib.central_time import CENTRAL, central_day
from notifications.failures import FailureReason
from notifications.models import Email, EmailState
from reports import actions as reports
from reports.disavowal import disavow
from reports.downloads import record_download
from reports.models import Report

WORKER_TIME = timedelta(seconds=6)


@dataclass(frozen=True)
class Ago:
    """`days` before today at a Central time of day."""

    days: int
    at: time = time(10, 12)

    def resolve(self, now: datetime) -> datetime:
        """Return a past moment, also if today's time has not come yet."""
        then = datetime.combine(central_day(now) - timedelta(days=self.days), self.at, tzinfo=CENTRAL)
        # In UTC, because in Central 30 days later is another number of hours if clocks change in between (L2).
        return min(then.astimezone(UTC), now - timedelta(minutes=30))


@dataclass(frozen=True)
class Chapter:
    """Something that happens to a story's agreements."""

    when: Ago
    action: Callable[[Agreement, People, datetime], None]


@dataclass(frozen=True)
class Story:
    """A third party's request for one customer's premises, and what happens to it."""

    third_party: ThirdParty
    places: tuple[str, ...]
    requested: Ago
    report_type: ReportType
    report_length: ReportLength
    comments: str = ""
    resident: Resident | None = None
    chapters: tuple[Chapter, ...] = field(default=())


# --- Actions --------------------------------------------------------------------------------------------------


def answer_channel(agreement: Agreement) -> tuple[Channel, User | None]:
    """Return how the customer answers: in the account if registered, otherwise by the link in the email."""
    customer: Customer | None = agreement.customer
    return (Channel.ACCOUNT, customer.user) if customer else (Channel.INVITATION, None)


def accept_request(agreement: Agreement, people: People, at: datetime, scope: ReportScope | None = None) -> None:
    channel, user = answer_channel(agreement)
    agreement = actions.accept(agreement, at=at, channel=channel, by=user, scope=scope)
    if agreement.awaits_data_until:  # the demo's usage does not go back that far, or its meter never sent any
        at = agreement.awaits_data_until
        reports.end_waiting(at=at)
    reports.generate_due_reports(limit=1, at=at + WORKER_TIME)


def share_less(agreement: Agreement, people: People, at: datetime) -> None:
    """Accept with monthly instead of daily data, of half the time (C9)."""
    accept_request(agreement, people, at, ReportScope(MONTHLY, SIX_MONTHS))


def reject_request(agreement: Agreement, people: People, at: datetime) -> None:
    channel, user = answer_channel(agreement)
    actions.reject(agreement, at=at, channel=channel, by=user)


def reject_unknown(agreement: Agreement, people: People, at: datetime) -> None:
    channel, user = answer_channel(agreement)
    actions.reject_unknown(agreement, at=at, channel=channel, by=user)


def send_reminder(agreement: Agreement, people: People, at: datetime) -> None:
    actions.resend(agreement, by=agreement.submission.initiated_by, at=at)


def send_reminders(agreement: Agreement, *, until: datetime) -> None:
    """Send the portal's own reminders about the agreement's submission as of the past days on which they were due."""
    for at in reminder_times(agreement.initiated_at).values():
        if at < until:
            send_due_reminder(agreement.submission_id, at=at)


def withdraw_request(agreement: Agreement, people: People, at: datetime) -> None:
    actions.withdraw(agreement, by=agreement.submission.initiated_by, at=at)


def download_report(agreement: Agreement, people: People, at: datetime) -> None:
    if agreement.report_state == ReportState.READY:
        record_download(agreement.report, by=agreement.submission.initiated_by, at=at)


def say_it_was_someone_else(agreement: Agreement, people: People, at: datetime) -> None:
    channel, user = answer_channel(agreement)
    disavow(agreement, at=at, channel=channel, by=user)


def let_expire(agreement: Agreement, people: People, at: datetime) -> None:
    at = max(at, agreement.expires_at + timedelta(minutes=1))  # clocks may have changed since
    actions.expire_overdue(premise_ids=[agreement.premise_id], at=at)


def _accepted(days: int, hour: int = 18, minute: int = 40) -> Chapter:
    return Chapter(Ago(days, time(hour, minute)), accept_request)


def _downloaded(days: int, hour: int = 9, minute: int = 5) -> Chapter:
    return Chapter(Ago(days, time(hour, minute)), download_report)


INTERVAL, DAILY, MONTHLY = ReportType.INTERVAL, ReportType.DAILY, ReportType.MONTHLY
ONE_DAY, ONE_MONTH, THREE_MONTHS = ReportLength.ONE_DAY, ReportLength.ONE_MONTH, ReportLength.THREE_MONTHS
SIX_MONTHS, ONE_YEAR = ReportLength.SIX_MONTHS, ReportLength.ONE_YEAR


def accept_and_wait(agreement: Agreement, people: People, at: datetime) -> None:
    """Accept a report of which no data has come yet (R7)."""
    channel, user = answer_channel(agreement)
    actions.accept(agreement, at=at, channel=channel, by=user)


def fail_report(agreement: Agreement, people: People, at: datetime) -> None:
    """Accept; the report fails as often as it is tried, so that staff have one to make again (D8)."""
    accept_and_wait(agreement, people, at)
    agreement.refresh_from_db()
    if agreement.awaits_data_until:  # in a demo of a few days
        reports.end_waiting(at=agreement.awaits_data_until)
    Agreement.objects.filter(pk=agreement.pk).update(report_state=ReportState.FAILED)
    error = "OperationalError 57014 at reports/actions.py:211"
    agreement.refresh_from_db()
    first, last = agreement.period_first_day, agreement.period_last_day
    days = {"asked_first_day": first, "first_day": first, "last_day": last}
    Report.objects.create(agreement=agreement, tdsp_id=agreement.tdsp_id, attempts=6, last_error=error, **days)


def refuse_report(agreement: Agreement, people: People, at: datetime) -> None:
    """Refuse the report after the call to the customer (X1)."""
    assert agreement.consent_review
    staff = people.users[TDSP_STAFF]
    reason = "The customer in our records did not accept this request."
    review_consent(agreement.consent_review, Review.REFUSED, by=staff, reason=reason, at=at)


def bounce_request(agreement: Agreement, people: People, at: datetime) -> None:
    """Let the email of the request come back (E7)."""
    Email.objects.about(agreement.number).filter(kind="EM201").update(
        state=EmailState.BOUNCED, failure=FailureReason.REFUSED, last_error="550 5.1.1 No such mailbox",
        queued_at=agreement.initiated_at, sent_at=agreement.initiated_at + WORKER_TIME, failed_at=at, attempts=1,
    )  # fmt: skip


def neighbor_story(place: int) -> Story:
    """Return Bluebonnet's request to one of the ordinary neighbors."""
    days, outcome = neighbors.ASKED_DAYS_AGO[place], neighbors.OUTCOMES[place % len(neighbors.OUTCOMES)]
    report_type, report_length = neighbors.REPORTS[place % len(neighbors.REPORTS)]
    asked, answered = time(9 + place % 8, 7 * place % 60), time(17 + place % 4, 11 * place % 60)
    chapters = {
        "downloaded": (
            Chapter(Ago(days - 2, answered), accept_request), Chapter(Ago(days - 3, asked), download_report),
        ),
        "accepted": (Chapter(Ago(days - 1, answered), accept_request),),
        "rejected": (Chapter(Ago(days - 4, answered), reject_request),),
        "expired": (Chapter(Ago(max(days - 30, 0), asked), let_expire),),
        "withdrawn": (Chapter(Ago(days - 1, asked), withdraw_request),),
    }  # fmt: skip
    key = neighbors.KEYS[place]
    return Story(BLUEBONNET, (key,), Ago(days, asked), report_type, report_length, chapters=chapters[outcome])


STORIES = (
    # Still open: their invitations are in the inbox.
    Story(BLUEBONNET, ("okafor",), Ago(0, time(8, 30)), INTERVAL, ONE_YEAR,
          "Hello Mr. Okafor, as discussed on Saturday: with a year of your usage we can size the heat pump."),
    Story(BLUEBONNET, ("lindqvist",), Ago(28, time(13, 37)), DAILY, SIX_MONTHS),
    Story(BLUEBONNET, ("garza",), Ago(5, time(15, 20)), INTERVAL, ONE_YEAR,
          "Para el presupuesto de los paneles solares.", resident=MARIA,
          chapters=(Chapter(Ago(2, time(9, 30)), send_reminder),)),
    Story(PERMIAN, ("bakery", "bakery cafe", "bakery store"), Ago(1, time(14, 3)), INTERVAL, SIX_MONTHS,
          "For the load study of your ovens.", resident=BAKERY),
    Story(PERMIAN, ("barbecue",), Ago(11, time(11, 6)), INTERVAL, THREE_MONTHS,
          chapters=(Chapter(Ago(3, time(11, 45)), send_reminder),)),
    # Accepted.
    Story(BLUEBONNET, ("whitfield",), Ago(22, time(9, 48)), INTERVAL, ONE_YEAR, "For your solar production report.",
          resident=GRACE, chapters=(_accepted(20), _downloaded(19), _downloaded(6, 16, 20))),
    Story(BLUEBONNET, ("gap",), Ago(9, time(16, 2)), INTERVAL, THREE_MONTHS,
          chapters=(_accepted(8, 7, 55), _downloaded(8))),
    Story(BLUEBONNET, ("vacant cottage",), Ago(17), INTERVAL, ONE_YEAR, chapters=(_accepted(15, 21, 10),)),
    Story(BLUEBONNET, ("new tenant",), Ago(7, time(8, 55)), INTERVAL, ONE_YEAR, chapters=(_accepted(5, 12, 31),)),
    Story(BLUEBONNET, ("castillo",), Ago(64, time(16, 44)), MONTHLY, ONE_YEAR,
          chapters=(_accepted(62), _downloaded(61))),
    Story(PERMIAN, ("bakery store",), Ago(34, time(15, 31)), DAILY, ONE_YEAR, resident=BAKERY,
          chapters=(Chapter(Ago(33, time(5, 48)), share_less), _downloaded(32))),
    Story(PERMIAN, ("estimated week",), Ago(13), INTERVAL, ONE_MONTH,
          chapters=(_accepted(12, 8, 20), _downloaded(12))),
    Story(PERMIAN, ("exchanged meter",), Ago(27, time(14, 25)), MONTHLY, ONE_YEAR, chapters=(_accepted(25, 13, 15),)),
    # Problems.
    Story(BLUEBONNET, ("bounced",), Ago(6, time(11, 20)), DAILY, ONE_MONTH,
          chapters=(Chapter(Ago(6, time(11, 21)), bounce_request),)),
    Story(BLUEBONNET, ("bakery kiosk",), Ago(2, time(16, 10)), INTERVAL, ONE_MONTH, resident=BAKERY,
          chapters=(Chapter(Ago(1, time(18, 5)), accept_and_wait),)),
    Story(BLUEBONNET, ("failed",), Ago(4, time(9, 35)), INTERVAL, THREE_MONTHS,
          chapters=(Chapter(Ago(3, time(19, 44)), fail_report),)),
    Story(BLUEBONNET, ("refused",), Ago(24, time(13, 15)), INTERVAL, ONE_YEAR,
          chapters=(Chapter(Ago(23, time(20, 12)), accept_and_wait), Chapter(Ago(21, time(11, 30)), refuse_report))),
    # Under review.
    Story(PERMIAN, ("castillo",), Ago(3, time(10, 12)), DAILY, ONE_MONTH,
          chapters=(_accepted(2, 19, 5), Chapter(Ago(1, time(8, 15)), say_it_was_someone_else))),
    # Rejected, expired or withdrawn.
    Story(BLUEBONNET, ("church",), Ago(40, time(11, 18)), DAILY, ONE_YEAR,
          chapters=(Chapter(Ago(38, time(9, 2)), reject_request),)),
    Story(BLUEBONNET, ("pham",), Ago(52), INTERVAL, SIX_MONTHS, chapters=(
        Chapter(Ago(38, time(10, 0)), send_reminder), Chapter(Ago(22, time(10, 13)), let_expire))),
    Story(BLUEBONNET, ("mistyped",), Ago(16), INTERVAL, ONE_MONTH, "Dear Mrs. Kowalsky,",
          chapters=(Chapter(Ago(16, time(10, 31)), withdraw_request),)),
    Story(PERMIAN, ("whitfield",), Ago(30, time(9, 9)), INTERVAL, ONE_YEAR, resident=GRACE,
          chapters=(Chapter(Ago(29, time(20, 15)), reject_unknown),)),
    Story(PERMIAN, ("hartman",), Ago(63), INTERVAL, ONE_DAY,
          chapters=(Chapter(Ago(33, time(10, 13)), let_expire),)),
)  # fmt: skip


# --- Playing them ------------------------------------------------------------------------------------------------


def play_stories(people: People, places: dict[str, DemoPremise], now: datetime) -> list[Agreement]:
    """Play every story, oldest first, and return the agreements."""
    all_agreements = []
    known = [neighbor_story(place) for place, key in enumerate(neighbors.KEYS) if key in places]
    for story in sorted([*STORIES, *known], key=lambda story: story.requested.resolve(now)):
        profile = story.third_party.administrator
        user = people.users[profile.username]
        at = story.requested.resolve(now)
        draft = start_draft(agreement_request(story, places), by=user, at=at - timedelta(minutes=2))
        contact = Contact(f"{profile.first_name} {profile.last_name}", profile.phone, profile.email)
        agreements = initiate(draft.pk, by=user, contact=contact, comments=story.comments, attested=True, at=at)
        for chapter in story.chapters:
            send_reminders(agreements[0], until=chapter.when.resolve(now))
            for agreement in agreements:
                chapter.action(agreement, people, chapter.when.resolve(now))
                agreement.refresh_from_db()
        send_reminders(agreements[0], until=now)
        for agreement in agreements:
            if agreement.status != Status.PENDING:
                mark_emails_sent(agreement)
        all_agreements += agreements
    reports.purge_files(at=now)
    return all_agreements


def start_request(people: People, places: dict[str, DemoPremise], now: datetime) -> None:
    """Leave a draft of Bluebonnet, checked and not submitted."""
    story = Story(BLUEBONNET, ("empty lot",), Ago(0, time(9, 5)), INTERVAL, ONE_YEAR)
    user = people.users[BLUEBONNET.administrator.username]
    start_draft(agreement_request(story, places), by=user, at=story.requested.resolve(now))


def mark_emails_sent(agreement: Agreement) -> None:
    """Date the emails of an ended story back, so that today's worker sends only open invitations."""
    for email in Email.objects.about(agreement.number).only("key", "kind"):
        sent_at: datetime | None = agreement.ended_at
        if email.kind == "EM201":
            sent_at = agreement.initiated_at
        elif email.kind == "EM202":
            sent_at = agreement.events.get(pk=email.key.rpartition(":")[2]).at
        elif email.kind == "EM204":
            sent_at = agreement.report.made_at
        elif email.kind == "REVIEWED" and agreement.consent_review:
            sent_at = agreement.consent_review.decided_at
        elif email.kind == "DOWNLOADED":
            sent_at = agreement.downloaded_at
        assert sent_at is not None
        Email.objects.filter(pk=email.pk).update(
            queued_at=sent_at, due_at=sent_at, sent_at=sent_at + WORKER_TIME, state=EmailState.SENT, attempts=1
        )


def agreement_request(story: Story, places: dict[str, DemoPremise]) -> AgreementRequest:
    first_place = places[story.places[0]]
    if story.resident:
        kind: CustomerKind = story.resident.kind
        person = Person(email=story.resident.profile.email)
    else:
        kind, person = person_of(story.places[0], first_place)
    return AgreementRequest(
        registered=story.resident is not None,
        kind=kind,
        person=person,
        rows=tuple(
            MeterRow(row, places[key].esiid, places[key].meter) for row, key in enumerate(story.places, start=1)
        ),
        report_type=story.report_type,
        report_length=story.report_length,
    )
